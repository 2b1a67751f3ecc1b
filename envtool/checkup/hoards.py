"""What can be freed: caches and leftovers. None of it is a fault, so a large one is a note."""

from __future__ import annotations

import shlex
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from envtool.amount import amount
from envtool.checkup.check import Check, Verdict

if TYPE_CHECKING:
    from envtool.conditions import Conditions
    from envtool.conditions.hoards import Hoard

LARGE_BYTES = 10**8  # less is not worth a word
SHOWN = 3  # the largest of a kind


class _Kind(NamedTuple):
    id: str
    what: str
    words: str  # what a person should know before it goes


KINDS = (
    _Kind("pip-cache", "what pip keeps of its downloads and builds", "pip downloads again what it needs"),
    _Kind(
        "uv-cache", "what uv keeps of its downloads and builds", "prune takes what is outdated, `uv cache clean` all"
    ),
    _Kind("conda-packages", "packages that conda keeps", "those that an environment uses stay"),
    _Kind(
        "hub-models", "models and data of the Hugging Face hub", "what is private or gone from the hub comes not back"
    ),
    _Kind("torch-hub", "models and sources of torch.hub", "no tool frees them: delete what you need no more"),
    _Kind("kernel-caches", "kernels and extensions that torch compiled", "no tool frees them; they are compiled again"),
    _Kind("bytecode", "bytecode of the project's sources", "no tool frees it; Python writes it again"),
    _Kind("unused-environments", "environments in the project besides this one", "delete those that you need no more"),
    _Kind("pip-leftovers", "what a pip that was killed left behind", "no tool frees them, and nothing needs them"),
)


def _judge(kind: _Kind, seen: Conditions) -> Verdict:
    if seen.hoards is None:
        return Verdict("unknown", "what can be freed was not looked for")
    found = sorted((hoard for hoard in seen.hoards if hoard.kind == kind.id), key=lambda hoard: -hoard.taken_bytes)
    total = sum(hoard.taken_bytes for hoard in found)
    untold = next((hoard.untold for hoard in found if hoard.untold), None)
    if total >= LARGE_BYTES:
        return Verdict("note", f"{_sizes(found)}; {kind.words}", _commands(found))
    if untold:
        return Verdict("unknown", f"at least {amount(total)}; {untold}" if total else untold)
    return Verdict("ok", _sizes(found) if total else f"none found: {kind.what}")


def _sizes(found: list[Hoard]) -> str:
    shown = [_size(hoard) for hoard in found[:SHOWN] if hoard.taken_bytes]
    rest = found[SHOWN:]
    more = [f"{amount(sum(hoard.taken_bytes for hoard in rest))} in {len(rest)} more"] if rest else []
    return ", ".join(shown + more)


def _size(hoard: Hoard) -> str:
    least = "at least " if hoard.untold else ""
    used = f", last used {hoard.last_used}" if hoard.last_used else ""
    return f"{least}{amount(hoard.taken_bytes)} in {hoard.path}{used}"


def _commands(found: list[Hoard]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(shlex.join(hoard.free_with) for hoard in found if hoard.free_with))


CHECKS = tuple(Check(kind.id, kind.what, "hoards", partial(_judge, kind)) for kind in KINDS)
