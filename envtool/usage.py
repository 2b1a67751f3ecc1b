"""What a command used while it ran, and what became of it, as values. Times are seconds from its start."""

from __future__ import annotations

from typing import NamedTuple


class Room(NamedTuple):
    """Of a disk: what there is, or what is free for the user who runs the command."""

    bytes: int
    inodes: int | None  # None: this file system does not count them


class Disk(NamedTuple):
    mount: str  # where it is mounted: /tmp, C:\
    holds: tuple[str, ...]  # what of the command's stands on it: TMPDIR, the pip cache ...
    size: Room
    at_start: Room
    least: Room  # that was free, of bytes and of inodes, each at its own time
    least_bytes_at_s: float
    least_inodes_at_s: float


class Memory(NamedTuple):
    peak_bytes: int  # of the command and all it started, together
    peak_at_s: float
    limit_bytes: int  # what it could have taken
    limit_of: str  # "this machine", or the control group whose limit is below that
    least_available_bytes: int  # of the limit
    least_available_at_s: float
    oom_kills: int | None = None  # processes that the kernel ended meanwhile for want of memory; None: it tells nobody
    ended: tuple[str, ...] = ()  # which they were, where the kernel's messages may be read: "cc1plus (4242)"
    address_space_bytes: int | None = None  # the limit that `ulimit -v` sets; None: there is none


class Sample(NamedTuple):
    """What was seen since the sample before: the most memory, and the least that was left."""

    at_s: float
    printed_bytes: int  # of output, so far
    memory_bytes: int
    available_bytes: int
    free_bytes: tuple[int, ...]  # of each disk


class Usage(NamedTuple):
    seconds: float
    status: int | None  # None: it did not end within its time limit; negative: the signal that ended it
    disks: tuple[Disk, ...] = ()
    memory: Memory | None = None  # None: this system does not tell
    samples: tuple[Sample, ...] = ()

    @property
    def signal(self) -> int | None:
        """The signal that ended the command, or the last program of a shell that ran it."""
        if self.status is None or 0 <= self.status <= _SHELL_ADDS:
            return None
        signal = -self.status if self.status < 0 else self.status - _SHELL_ADDS
        return signal if signal <= _LAST_SIGNAL else None


_SHELL_ADDS = 128  # to the signal, in a status
_LAST_SIGNAL = 64
