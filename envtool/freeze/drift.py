"""How far a file of requirements and the project have drifted apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envtool.freeze.listed import Listed, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envtool.freeze import Freeze
    from envtool.freeze.dependency import Dependency

_HOLDS_OTHERS = ("pylock", "pyproject")  # what is needed in turn, and what is needed without being imported


class Drift(NamedTuple):
    """One requirement as the file has it, and as it should be; None where it is, or should be, missing."""

    found: str | None
    wanted: str | None


def compare(freeze: Freeze, text: str, form: str) -> tuple[Drift, ...]:
    """What in a file of that form no longer fits the project and its environment; nothing if it would do.

    A requirement fits if it allows the version that is installed. Comments and order do not matter, nor does whether
    an optional dependency is listed. Raises RequestInvalid where the text is not of that form.
    """
    there: dict[str, list[Listed]] = {}
    for entry in listed(text, form):
        there.setdefault(entry.name, []).append(entry)
    needed = {each.name: each for each in freeze.dependencies if not each.obstacle}
    drifts = [drift for each in needed.values() if (drift := _drift(each, there.get(each.name, ())))]
    if form == "requirements":
        drifts += [Drift(None, f"{index.option} {index.url}") for index in freeze.indexes if index.url not in text]
    if form not in _HOLDS_OTHERS:
        known = {each.name for each in freeze.dependencies}
        drifts += [Drift(entry.text, None) for name in there.keys() - known for entry in there[name]]
    return tuple(sorted(drifts, key=lambda drift: (drift.wanted or drift.found or "").lower()))


def _drift(needed: Dependency, there: Sequence[Listed]) -> Drift | None:
    if any(_fits(needed, entry) for entry in there) or (needed.optional and not there):
        return None
    return Drift(", ".join(entry.text for entry in there) or None, needed.requirement)


def _fits(needed: Dependency, entry: Listed) -> bool:
    if needed.source == "unresolved":
        return True
    if needed.origin or entry.url:
        return needed.origin == entry.url
    return needed.version is None or entry.specifier.contains(needed.version, prereleases=True)
