"""The disks that a command's folders stand on, and how full they get."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envtool.usage import Disk, Room

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Folder = tuple[str, Path]  # what it is to the command, and where


class Disks:
    """Looked at again and again; the least that was free of each is kept."""

    def __init__(self, folders: Iterable[Folder]) -> None:
        self.watched = [_Watched(disk) for disk in _disks(folders)]

    def look(self, at_s: float) -> None:
        for watched in self.watched:
            with suppress(OSError):  # it was unmounted
                watched.note(_free(watched.disk.mount), at_s)

    def least_since(self) -> tuple[int, ...]:
        """Free bytes of each disk, at the worst moment since this was asked last."""
        return tuple(watched.least_since() for watched in self.watched)

    def seen(self) -> tuple[Disk, ...]:
        return tuple(watched.disk for watched in self.watched)


class _Watched:
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self._now = self._lately = disk.at_start.bytes

    def note(self, free: Room, at_s: float) -> None:
        least = self.disk.least
        if free.bytes < least.bytes:
            self.disk = self.disk._replace(least=least._replace(bytes=free.bytes), least_bytes_at_s=at_s)
        if free.inodes is not None and least.inodes is not None and free.inodes < least.inodes:
            least = self.disk.least._replace(inodes=free.inodes)
            self.disk = self.disk._replace(least=least, least_inodes_at_s=at_s)
        self._now = free.bytes
        self._lately = min(self._lately, free.bytes)

    def least_since(self) -> int:
        least, self._lately = self._lately, self._now
        return least


def folders_of(argv: Sequence[str], environment: Mapping[str, str]) -> Iterator[Folder]:
    """Where a command that installs writes to: what is named in it, and what is usual."""
    from envtool.surroundings import folders  # noqa: PLC0415 - has no part in a start without a command

    yield "temporary files", folders.temporary(environment)
    yield from (("environment", folder) for folder in _environments(argv, environment))
    caches = Path.home() / "Library/Caches" if sys.platform == "darwin" else folders.caches(environment)
    yield "pip's cache", Path(environment.get("PIP_CACHE_DIR") or caches / "pip")
    yield "uv's cache", Path(environment.get("UV_CACHE_DIR") or caches / "uv")
    for word in argv:
        named = word.rpartition("=")[2]
        if os.sep in named and Path(named).is_dir():
            yield named, Path(named)
    yield "home", folders.home(environment)
    yield "working folder", Path.cwd()


def _environments(argv: Sequence[str], environment: Mapping[str, str]) -> Iterator[Path]:
    """That of the program, and those that are active."""
    program = shutil.which(argv[0], path=environment.get("PATH"))
    if program:
        yield Path(program).absolute().parent.parent
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if environment.get(name):
            yield Path(environment[name])


class _Stands(NamedTuple):
    mount: str
    device: int


def _disks(folders: Iterable[Folder]) -> Iterator[Disk]:
    """One for all folders that share their room, but for those that nobody can write to.

    A folder that is yet to be made stands where its parent does.
    """
    held: dict[int, list[str]] = {}
    mounts: dict[int, str] = {}
    for what, folder in folders:
        with suppress(OSError):
            stands = _standing(folder)
            mounts.setdefault(stands.device, stands.mount)
            holds = held.setdefault(stands.device, [])
            if what not in holds:
                holds.append(what)
    for device, mount in mounts.items():
        if _is_read_only(mount):
            continue
        free = _free(mount)
        yield Disk(mount, tuple(held[device]), _size(mount), free, free, 0.0, 0.0)


def _standing(folder: Path) -> _Stands:
    place = Path(os.path.realpath(folder))
    while not place.exists():
        place = place.parent
    device = place.stat().st_dev
    while not os.path.ismount(place) and place != place.parent:
        place = place.parent
    return _Stands(str(place), device)


def _is_read_only(mount: str) -> bool:
    """An image that a snap or a container is mounted from is always full."""
    return sys.platform != "win32" and bool(os.statvfs(mount).f_flag & os.ST_RDONLY)


def _free(mount: str) -> Room:
    """What this user may take: some of a disk may be for root alone."""
    if sys.platform == "win32":
        return Room(shutil.disk_usage(mount).free, None)
    seen = os.statvfs(mount)
    blocks, inodes = (seen.f_bfree, seen.f_ffree) if os.geteuid() == 0 else (seen.f_bavail, seen.f_favail)
    return Room(blocks * seen.f_frsize, inodes if seen.f_files else None)


def _size(mount: str) -> Room:
    if sys.platform == "win32":
        return Room(shutil.disk_usage(mount).total, None)
    seen = os.statvfs(mount)
    return Room(seen.f_blocks * seen.f_frsize, seen.f_files or None)
