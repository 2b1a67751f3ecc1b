"""What a watch saw of a run, as lines that rules read beside those of its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.amount import amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envtool.usage import Disk, Memory, Usage

SEEN = "seen: "
NUMBER = 0  # of such a line: the log's begin with 1
FULL_BYTES, FULL_SHARE = 2**20, 0.005  # what may be left of a disk that takes no more: the smaller of them
FULL_INODES = 2
SMALL_BYTES, LITTLE_SHARE = 10**9, 0.1  # of a disk that may be full before anybody sees it
INODE_BYTES = 2**14  # what a file of an install has on average: 14 to 20 kB for torch, numpy, scipy and transformers
LOW_SHARE = 0.02  # of the memory
SIGKILL = 9  # signal has no such name on Windows


def seen_lines(usage: Usage) -> tuple[str, ...]:
    return tuple(SEEN + line for line in _lines(usage))


def _lines(usage: Usage) -> Iterator[str]:
    yield from _disk_lines(usage.disks)
    if usage.memory:
        yield from _memory_lines(usage.memory)
    if usage.signal == SIGKILL:
        yield "the command was ended by SIGKILL"


def _disk_lines(disks: tuple[Disk, ...]) -> Iterator[str]:
    full = [line for disk in disks for line in _full(disk)]
    yield from full
    small = [disk for disk in disks if _may_have_filled(disk)]
    if small and not full:
        disk = min(small, key=_least)
        left = f"{amount(disk.least.bytes)} of {amount(disk.size.bytes)}"
        yield f"{_named(disk)} had the least room of the disks, {left} at {disk.least_bytes_at_s:.1f} s"


def _full(disk: Disk) -> Iterator[str]:
    least, size = disk.least, disk.size
    if least.bytes <= min(FULL_BYTES, FULL_SHARE * size.bytes):
        left = f"{amount(least.bytes)} of {amount(size.bytes)} were left"
        yield f"{_named(disk)} was full at {disk.least_bytes_at_s:.1f} s, {left}"
    if least.inodes is not None and least.inodes <= FULL_INODES:
        left = f"{least.inodes} of {size.inodes} were left"
        yield f"{_named(disk)} was out of inodes at {disk.least_inodes_at_s:.1f} s, {left}"


def _may_have_filled(disk: Disk) -> bool:
    """Between two looks, and been cleaned again: one that is small, or had little left."""
    little = disk.least.bytes <= LITTLE_SHARE * disk.size.bytes
    few = disk.least.inodes is not None and disk.least.inodes <= LITTLE_SHARE * (disk.size.inodes or 0)
    return disk.size.bytes <= SMALL_BYTES or little or few


def _named(disk: Disk) -> str:
    return f"{disk.mount} ({', '.join(disk.holds)})"


def _least(disk: Disk) -> int:
    """The room for files of an install."""
    inodes = disk.least.inodes
    return disk.least.bytes if inodes is None else min(disk.least.bytes, inodes * INODE_BYTES)


def _memory_lines(memory: Memory) -> Iterator[str]:
    share = memory.least_available_bytes / memory.limit_bytes
    of_it = f"{share:.1%} of {amount(memory.limit_bytes)} ({memory.limit_of}) at {memory.least_available_at_s:.1f} s"
    yield f"memory ran low, down to {of_it}" if share <= LOW_SHARE else f"memory was left, at least {of_it}"
    if memory.oom_kills:
        plural = "es" if memory.oom_kills > 1 else ""
        who = f": {', '.join(memory.ended)}" if memory.ended else ""
        yield f"the kernel ended {memory.oom_kills} process{plural} for want of memory{who}"
    if memory.address_space_bytes is not None:
        yield f"ulimit -v allows a process {amount(memory.address_space_bytes)} of address space"
