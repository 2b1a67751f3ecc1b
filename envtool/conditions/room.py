"""The disks and the memory that an install and a training have."""

from __future__ import annotations

from typing import NamedTuple

ENVIRONMENT, TEMPORARY, PIP_CACHE, UV_CACHE, HOME = (
    "environment",
    "temporary files",
    "pip's cache",
    "uv's cache",
    "home",
)


class Place(NamedTuple):
    """A folder that is written to; it may yet have to be made."""

    use: str  # ENVIRONMENT, TEMPORARY ...
    folder: str
    mount: str  # the point where its file system is mounted
    kind: str | None  # of the file system: ext4, tmpfs, overlay ...; None: the system does not tell
    options: tuple[str, ...]  # it is mounted with
    is_there: bool
    is_writable: bool  # for this user, it or the folder it will be made in
    runs_programs: bool | None  # tried; None: not tried, or the trial had another fault

    @property
    def is_read_only(self) -> bool:
        return "ro" in self.options


class Disk(NamedTuple):
    """A file system, and the places that share its room."""

    free_mib: int  # for this user
    free_inodes: int | None  # None: it makes them as they are needed
    places: tuple[Place, ...]

    @property
    def mount(self) -> str:
        return self.places[0].mount

    @property
    def uses(self) -> tuple[str, ...]:
        return tuple(place.use for place in self.places)


class MemoryLimit(NamedTuple):
    """What a control group allows its processes."""

    file: str  # that holds the limit
    limit_mib: int
    free_mib: int  # with the cached files that it gives up


class Memory(NamedTuple):
    total_mib: int
    available_mib: int  # of the machine
    swap_mib: int  # free
    limit: MemoryLimit | None  # the tightest of the control group and those around it; None: no limit
    cores: int  # that this process may use

    @property
    def free_mib(self) -> int:
        """What this process may still take."""
        return min(self.available_mib, self.limit.free_mib) if self.limit else self.available_mib


class SharedMemory(NamedTuple):
    """What /dev/shm has, through which the workers of a data loader hand over their batches."""

    total_mib: int
    free_mib: int
    is_writable: bool


class Room(NamedTuple):
    disks: tuple[Disk, ...]
    memory: Memory
    shared_memory: SharedMemory | None  # None: there is none
    forgotten: str | None  # the folder that TMPDIR names, where Python cannot use it
