"""Judges of the disks and the memory, made judges of all conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.checkup.check import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from envtool.conditions import Conditions
    from envtool.conditions.room import Room


def judged(judge: Callable[[Conditions, Room], Verdict]) -> Callable[[Conditions], Verdict]:
    """A judge of Conditions."""

    def verdict(seen: Conditions) -> Verdict:
        if seen.room is None:
            return Verdict("unknown", "the disks and the memory were not looked at")
        return judge(seen, seen.room)

    return verdict
