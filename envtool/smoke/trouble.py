"""What stands behind an exception, or behind the death of a process."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.amount import amount

if TYPE_CHECKING:
    from envtool.events import Death
    from envtool.usage import Memory

LACKS_MEMORY = re.compile(r"MemoryError|OutOfMemoryError|out of memory|can(?:'t|not) allocate memory", re.IGNORECASE)
OF_A_GPU = re.compile(r"CUDA|HIP|XPU|MPS|GPU")
KILL, ABORT = -9, -6
MEANS = {
    -4: "this processor lacks an instruction that torch uses: an older torch, or for a virtual machine the host's type of CPU",
    -7: "a library of torch is cut off, or /dev/shm is full: `envtool doctor torch-files shared-memory` tells which",
}


def of_error(error: str) -> str:
    """The exception, and where memory was refused what to do."""
    if not LACKS_MEMORY.search(error):
        return error
    where = (
        "`nvidia-smi` lists who holds the GPU's memory" if OF_A_GPU.search(error) else "close what else takes memory"
    )
    return f"out of memory ({error}): {where}"


def of_death(death: Death) -> str:
    """How the process ended, and why, where that can be known."""
    ended = death.trouble or f"exit status {death.status}"
    if death.status == KILL and death.memory and (death.memory.oom_kills or death.memory.ended):
        return f"out of memory: the kernel ended it, {_taken(death.memory)}"
    if death.status == ABORT and death.printed:  # whoever aborts says why first: an assertion on the GPU, a broken heap
        return f"{ended}: {death.printed[-1].strip()}"
    return f"{ended}: {MEANS[death.status]}" if death.status in MEANS else ended


def _taken(memory: Memory) -> str:
    taken, limit = amount(memory.peak_bytes), amount(memory.limit_bytes)
    return (
        f"which had taken {taken} of the {limit} of {memory.limit_of}: close what else takes memory, or raise the limit"
    )
