"""What lies on the disks and can be had again."""

from __future__ import annotations

from typing import NamedTuple


class Hoard(NamedTuple):
    kind: str  # the id of the check that speaks of it
    path: str
    taken_bytes: int
    untold: str | None = None  # why it may hold more than that; None: all was counted
    free_with: tuple[str, ...] | None = None  # the command of the tool that owns it; None: no tool does
    is_safe: bool = False  # the command asks nothing, and what it takes away comes back when it is needed
    last_used: str | None = None  # a date, where it is known and tells something
