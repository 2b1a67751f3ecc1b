"""macOS: its version and Apple's GPU, in one question to sysctl.

A Python that is translated, or was built for an old macOS, is told an old version by the system itself; sysctl is not.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from envtool.facts import Gpu, OperatingSystem
from envtool.host.seen import Seen
from envtool.run import capture

if TYPE_CHECKING:
    from pathlib import Path

TIME_LIMIT_S = 10
_VERSION, _ARM, _TRANSLATED = "kern.osproductversion", "hw.optional.arm64", "sysctl.proc_translated"
_NAME, _MEMORY = "machdep.cpu.brand_string", "hw.memsize"


def look(root: Path) -> tuple[OperatingSystem, Seen]:
    known = _ask(root)
    version = known.get(_VERSION) or platform.mac_ver()[0] or None
    return OperatingSystem("Darwin", version=version), _seen(known)


def _ask(root: Path) -> dict[str, str]:
    """What sysctl knows of the keys: it passes over those that this Mac has not."""
    program = root / "usr/sbin/sysctl"
    ran = capture([str(program), _VERSION, _ARM, _TRANSLATED, _NAME, _MEMORY], TIME_LIMIT_S)
    pairs = (line.partition(": ") for line in ran.stdout.splitlines())
    return {key: value.strip() for key, _, value in pairs}


def _seen(known: dict[str, str]) -> Seen:
    if not known:
        return Seen(notes=("sysctl did not answer, so this Mac's GPU could not be learnt",))
    is_translated = known.get(_TRANSLATED) == "1"
    if not is_translated and known.get(_ARM) != "1":
        return Seen(gpus=())
    name = known.get(_NAME, "")
    memory = known.get(_MEMORY, "")
    gpu = Gpu(
        "apple",
        name if name.startswith("Apple") else None,  # "VirtualApple" under Rosetta
        architecture="mps",
        memory_mib=int(memory) // 2**20 if memory.isdecimal() else None,
    )
    return Seen(gpus=(gpu,), notes=(_ROSETTA,) if is_translated else ())


_ROSETTA = (
    "envtool's own Python runs under Rosetta (x86_64 on an Apple processor): the GPU is out of reach of such a Python,"
    " install an arm64 one for torch"
)
