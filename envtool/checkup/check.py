"""A check as data, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from envtool.conditions import Conditions

STATUSES = ("error", "warning", "note", "unknown", "ok")  # worst first


class Verdict(NamedTuple):
    status: str  # one of STATUSES
    seen: str  # what was seen, in one sentence with real names, paths and versions
    do: tuple[str, ...] = ()  # what to do: commands, or sentences


class Check(NamedTuple):
    id: str  # kebab-case, stable for ever
    what: str  # what it looks for, in one line
    part: str | None  # the part of Conditions that it judges; None: `here` is enough
    judge: Callable[[Conditions], Verdict]
