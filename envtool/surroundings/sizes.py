"""How much lies in folders, counted within a bound."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PATIENCE_S = 2.0
MOST_ENTRIES = 200_000
BLOCK = 512  # bytes: the unit of st_blocks on every system


class Bound:
    """How long, and to how many entries, a walk goes on; and what it did not see."""

    def __init__(self, patience_s: float = PATIENCE_S, most_entries: int = MOST_ENTRIES) -> None:
        self._patience_s = patience_s
        self._ends_at = time.monotonic() + patience_s
        self._most = most_entries
        self._entries = 0
        self._is_reached = False
        self.untold: str | None = None  # None: all was seen

    def inside(self, folder: str) -> list[os.DirEntry[str]]:
        """What the folder holds; nothing once the bound is reached, or where it may not be read."""
        if self._is_reached:
            return []
        try:
            with os.scandir(folder) as found:
                return [entry for entry in found if self._allows_more()]
        except FileNotFoundError:  # removed meanwhile
            return []
        except OSError as error:
            self.untold = f"{folder} cannot be read: {error.strerror}"
            return []

    def _allows_more(self) -> bool:
        self._entries += 1
        if self._entries > self._most:
            self._is_reached, self.untold = True, f"not looked at beyond {self._most} files"
        elif self._entries % 256 == 0 and time.monotonic() > self._ends_at:
            self._is_reached, self.untold = True, f"not looked at for longer than {self._patience_s:g} s"
        return not self._is_reached


class Taken(NamedTuple):
    bytes: int
    untold: str | None  # why it may be more


def taken(folders: Iterable[str], bound: Bound) -> Taken:
    """What the folders take on their disks: a file of several names once, and nothing that a link leads to."""
    counted: set[tuple[int, int]] = set()
    total = 0
    for entry in _files(folders, bound):
        try:
            seen = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # removed meanwhile
            continue
        if seen.st_nlink > 1:
            if (seen.st_dev, seen.st_ino) in counted:
                continue
            counted.add((seen.st_dev, seen.st_ino))
        total += getattr(seen, "st_blocks", -(-seen.st_size // BLOCK)) * BLOCK
    return Taken(total, bound.untold)


def _files(folders: Iterable[str], bound: Bound) -> Iterator[os.DirEntry[str]]:
    left = list(folders)
    while left:
        for entry in bound.inside(left.pop()):
            if entry.is_dir(follow_symlinks=False):
                left.append(entry.path)
            else:
                yield entry
