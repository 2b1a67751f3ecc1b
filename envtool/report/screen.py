"""What shows a text."""

from __future__ import annotations

from typing import NamedTuple


class Screen(NamedTuple):
    width: int | None = None  # columns; None where it is no terminal: lines stay whole
    colour: bool = False


PAPER = Screen()
