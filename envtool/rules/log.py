"""A log as the rules see it: cleaned text, which line is which, and what it shows of the run."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple


class Line(NamedTuple):
    number: int  # in the log as it was written, from 1
    text: str


class Run(NamedTuple):
    """What a log shows of the run that wrote it; None and empty: it does not show it."""

    tool: str = "pip"  # pip, uv, poetry, pipenv, conda
    python: tuple[int, int] | None = None
    pip: tuple[int, ...] | None = None
    system: str | None = None  # Linux, Windows, Darwin
    manager: str | None = None  # apt, dnf, apk, brew, winget
    arch: str | None = None  # armv7l, aarch64, i686, where it is not the usual x86_64
    musl: bool = False
    command: str | None = None  # the install command, as it was typed
    package: str | None = None  # what failed to build or to install
    build_failed: bool = False
    asked_index: str | None = None  # the address of the one index that was asked, and has nothing to offer


class Log(NamedTuple):
    text: str
    lower: str  # the same in small letters, place by place
    numbers: tuple[int, ...]  # of each line of the text
    starts: tuple[int, ...]  # where each line of the text starts
    run: Run = Run()
    settled: int = 0  # the place up to which all went well in the end
    quiet: int = 0  # the place up to which doubtful signs count for nothing

    def says(self, *words: str) -> bool:
        """Whether any of the words, in small letters, stands in the log."""
        return any(word in self.lower for word in words)

    def row(self, place: int) -> int:
        """Which line of the text a place in it lies in, from 0."""
        return bisect_right(self.starts, place) - 1

    def end(self, row: int) -> int:
        return self.starts[row + 1] - 1 if row + 1 < len(self.starts) else len(self.text)

    def line(self, row: int) -> Line:
        return Line(self.numbers[row], self.text[self.starts[row] : self.end(row)].strip())
