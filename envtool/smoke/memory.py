"""Whether it was memory that an item lacked, and what to do then."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.amount import amount

if TYPE_CHECKING:
    from envtool.events import Death
    from envtool.usage import Memory

SAYS_SO = re.compile(r"MemoryError|OutOfMemoryError|out of memory|can(?:'t|not) allocate memory", re.IGNORECASE)
OF_A_GPU = re.compile(r"CUDA|HIP|XPU|MPS|GPU")
KILL = 9


def want_in(error: str) -> str | None:
    """The exception as a want of memory; None where it is of something else."""
    if not SAYS_SO.search(error):
        return None
    where = (
        "`nvidia-smi` lists who holds the GPU's memory" if OF_A_GPU.search(error) else "close what else takes memory"
    )
    return f"out of memory ({error}): {where}"


def want_behind(death: Death) -> str | None:
    """The kernel's reason to end the process, where it was memory."""
    memory = death.memory
    if death.status != -KILL or memory is None or not memory.oom_kills:
        return None
    return f"out of memory: the kernel ended it, {_taken(memory)}"


def _taken(memory: Memory) -> str:
    taken, limit = amount(memory.peak_bytes), amount(memory.limit_bytes)
    return (
        f"which had taken {taken} of the {limit} of {memory.limit_of}: close what else takes memory, or raise the limit"
    )
