"""NVIDIA's Jetson boards: the GPU is part of the processor, stands on no PCI bus and shares the machine's memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.facts import Gpu
from envtool.host.seen import text

if TYPE_CHECKING:
    from pathlib import Path

# The GPU in each processor, by its boards: developer.nvidia.com/cuda-gpus and its legacy page; as of 2026-11-24.
_CAPABILITIES = {
    "tegra210": (5, 3),  # Nano, TX1
    "tegra186": (6, 2),  # TX2
    "tegra194": (7, 2),  # Xavier
    "tegra234": (8, 7),  # Orin
    "tegra264": (11, 0),  # Thor
}


def chip(root: Path) -> str | None:
    """The board's processor, from the device tree; None where this is no Jetson."""
    found = re.search(r"nvidia,(tegra\d+)", text(root / "proc/device-tree/compatible") or "")
    return found[1] if found else None


def gpu(root: Path) -> Gpu | None:
    """The board's GPU; None where this is no Jetson."""
    processor = chip(root)
    if processor is None:
        return None
    return Gpu("nvidia", text(root / "proc/device-tree/model"), compute_capability=_CAPABILITIES.get(processor))
