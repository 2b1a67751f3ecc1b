"""The memory: whether a package can be built from its sources, and a data loader hand over its batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.amount import mib
from envtool.checkup.check import Check, Verdict
from envtool.checkup.room_part import judged

if TYPE_CHECKING:
    from envtool.conditions import Conditions
    from envtool.conditions.room import Memory, Room

CPP_JOB_MIB = 1536  # g++ 12 -O3 on a source that includes torch/extension.h of torch 2.13: 1495, measured
CUDA_JOB_MIB = 9216  # setup.py of flash-attn 2.8: "each JOB peak memory cost is ~8-9GB when threads = 4"
LOADER_MIB = 1024  # a few batches of images for each of a few workers
DOCKER = "docker run --shm-size=8g ...  # or --ipc=host"


def memory(seen: Conditions, room: Room) -> Verdict:
    """Against as many compilers at once as MAX_JOBS says, or as there are cores: ninja starts no fewer."""
    found = room.memory
    fits = found.free_mib // CPP_JOB_MIB
    said = f"{_words(found)}: room for {fits} C++ compilers at once, {found.free_mib // CUDA_JOB_MIB} of CUDA kernels"
    named = seen.here.environment.get("MAX_JOBS", "")
    jobs = int(named) if named.isdecimal() else found.cores
    ways = (f"export MAX_JOBS={max(1, fits)}  # before a package is built from its sources",)
    if fits == 0:
        return Verdict("warning", f"{said}, each of which takes {mib(CPP_JOB_MIB)}", ways)
    if fits < jobs:
        started = f"MAX_JOBS={named} starts" if named.isdecimal() else f"a build on {found.cores} cores starts"
        return Verdict("note", f"{said}, and {started} {jobs}", ways)
    return Verdict("ok", said)


def _words(found: Memory) -> str:
    free = f"{mib(found.available_mib)} of {mib(found.total_mib)} memory are free"
    if found.limit and found.limit.free_mib < found.available_mib:
        free = f"{found.limit.file} allows {mib(found.limit.limit_mib)} memory, {mib(found.limit.free_mib)} are free"
    return f"{free}, {mib(found.swap_mib) + ' of' if found.swap_mib else 'no'} swap"


def shared_memory(seen: Conditions, room: Room) -> Verdict:
    found = room.shared_memory
    if found is None:
        if seen.here.machine.os.system == "Linux":
            return Verdict("warning", "there is no /dev/shm: a DataLoader with workers fails", (DOCKER,))
        return Verdict("ok", f"{seen.here.machine.os.system} needs no /dev/shm")
    said = f"{mib(found.free_mib)} of {mib(found.total_mib)} are free in /dev/shm"
    if not found.is_writable:
        return Verdict("warning", "this user may not write to /dev/shm: a DataLoader with workers fails", (DOCKER,))
    if found.total_mib < LOADER_MIB:
        return Verdict("note", f"{said}, little for the workers of a DataLoader (docker's own is 64 MB)", (DOCKER,))
    if found.free_mib < LOADER_MIB:
        return Verdict("note", f"{said}: what ended programs left there stays until it is removed", ("ls -l /dev/shm",))
    return Verdict("ok", said)


CHECKS = (
    Check("memory", "whether the memory is enough to build a package from its sources", "room", judged(memory)),
    Check("shared-memory", "whether /dev/shm is large enough for data loaders", "room", judged(shared_memory)),
)
