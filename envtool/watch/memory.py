"""The memory that a command takes, against what it may take."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envtool.surroundings import cgroup
from envtool.usage import Memory
from envtool.watch import kernel
from envtool.watch.family import weigher

if TYPE_CHECKING:
    from collections.abc import Callable

    from envtool.surroundings.cgroup import Files

ROOT = Path("/")
KIB = 2**10
MIB = 2**20
THIS_MACHINE = "this machine"
_AVAILABLE, _ALL = ("MemAvailable", "SwapFree"), ("MemTotal", "SwapTotal")


class _Limit(NamedTuple):
    of: str  # this machine, or the file that sets the limit
    bytes: int
    available: Callable[[], int]  # of it, in bytes, now


class MemoryLooks:
    """Looked at again and again; the most that was taken and the least that was left are kept."""

    def __init__(self) -> None:
        groups = tuple(cgroup.groups(ROOT)) if sys.platform == "linux" else ()
        self._limits = (_machine(), *(limit for limit in map(_of_group, groups) if limit))
        self._kills: Callable[[], int | None] = lambda: kernel.kills(groups)
        self._kills_before = self._kills()
        self._messages = kernel.Messages()
        self._group = f"{cgroup.own_memory_group(ROOT).rstrip('/')}/"
        self._weigh: Callable[[], int] = lambda: 0
        tightest = min(self._limits, key=lambda limit: limit.bytes)
        self._seen = Memory(
            peak_bytes=0,
            peak_at_s=0.0,
            limit_bytes=tightest.bytes,
            limit_of=tightest.of,
            least_available_bytes=tightest.bytes,
            least_available_at_s=0.0,
            address_space_bytes=_address_space(),
        )

    def begin(self, pid: int) -> None:
        self._weigh = weigher(pid)

    def look(self, at_s: float) -> tuple[int, int]:
        """The bytes that are taken by the command, and those that are left to it, now."""
        taken = self._weigh()
        available = min(limit.available() for limit in self._limits)
        if taken > self._seen.peak_bytes:
            self._seen = self._seen._replace(peak_bytes=taken, peak_at_s=at_s)
        if available < self._seen.least_available_bytes:
            self._seen = self._seen._replace(least_available_bytes=available, least_available_at_s=at_s)
        return taken, available

    def end(self) -> Memory:
        """All that was seen; the kernel is asked whom it ended meanwhile."""
        told = self._messages.close()
        ours = [ended for ended in told if f"{ended.group}/".startswith(self._group)]
        after = self._kills()
        counted = None if after is None or self._kills_before is None else after - self._kills_before
        return self._seen._replace(
            oom_kills=len(ours) if told else counted,  # a count may be of more than us
            ended=tuple(f"{ended.name} ({ended.pid})" for ended in ours),
        )


def _machine() -> _Limit:
    if sys.platform == "linux":
        return _Limit(THIS_MACHINE, _meminfo(_ALL), lambda: _meminfo(_AVAILABLE))
    import psutil  # noqa: PLC0415 - takes longer to import than all else here

    total = psutil.virtual_memory().total + psutil.swap_memory().total
    return _Limit(THIS_MACHINE, total, lambda: psutil.virtual_memory().available + psutil.swap_memory().free)


def _meminfo(fields: tuple[str, ...]) -> int:
    with open("/proc/meminfo", encoding="ascii") as opened:  # noqa: PTH123 - four times a second
        said = opened.read()
    return KIB * sum(int(found[1]) for name in fields if (found := re.search(rf"^{name}: +(\d+)", said, re.MULTILINE)))


def _of_group(group: tuple[Path, Files]) -> _Limit | None:
    found = cgroup.limit_of(*group)
    if found is None:
        return None

    def available() -> int:
        now = cgroup.limit_of(*group)
        return now.free_mib * MIB if now else found.limit_mib * MIB

    return _Limit(found.file, found.limit_mib * MIB, available)


def _address_space() -> int | None:
    """What `ulimit -v` allows a process of ours, and so what the command may start with."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - Windows has none

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft
