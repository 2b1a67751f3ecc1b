"""The mounted file systems, as Linux lists them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_ESCAPED = re.compile(r"\\([0-7]{3})")  # a blank in a path is \040


class Mount(NamedTuple):
    point: str
    top: str  # what of the file system is seen there: "/" but for bind mounts and control groups
    kind: str
    options: tuple[str, ...]  # of the mount and of the file system


def mounts(root: Path) -> tuple[Mount, ...]:
    """In the order they were made; none where the system keeps no such list."""
    try:
        lines = (root / "proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ()
    return tuple(_mount(line) for line in lines if " - " in line)


def _mount(line: str) -> Mount:
    """From `36 35 98:0 /top /point rw,noatime master:1 - ext4 /dev/sda1 rw,errors=continue`."""
    mounted, _, system = line.partition(" - ")
    top, point, options = mounted.split(" ")[3:6]
    kind, _, own = system.partition(" ")
    return Mount(_plain(point), _plain(top), kind, (*options.split(","), *own.rpartition(" ")[2].split(",")))


def _plain(path: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), path)


def mount_of(folder: Path, among: Iterable[Mount]) -> Mount | None:
    """The one that a folder, with no link in its path, lies on: the last of those nearest to it, which hides the others."""
    over = [mount for mount in among if folder.is_relative_to(mount.point)]
    return max(reversed(over), key=lambda mount: len(mount.point), default=None)
