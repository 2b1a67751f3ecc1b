"""The operating system, and the variables that change what torch finds on it."""

from __future__ import annotations

import platform
import re
from typing import TYPE_CHECKING

from envtool.facts import OperatingSystem
from envtool.host import jetson
from envtool.host.seen import text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_VARIABLES = (
    "CUDA_DEVICE_ORDER",
    "NVIDIA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "HSA_OVERRIDE_GFX_VERSION",
    "ONEAPI_DEVICE_SELECTOR",
    "ZE_AFFINITY_MASK",
    "LD_LIBRARY_PATH",
)
_TEGRA_RELEASE = re.compile(r"R(\d+) \(release\), REVISION: ([\d.]+)")  # R36 (release), REVISION: 4.3
_TEGRA_MODULE = re.compile(
    r"Module(?: for \w+)?\s+(\d{2}\.\d+(?:\.\d+)*)\s"
)  # a driver's number has three digits first


def operating_system(root: Path, system: str) -> OperatingSystem:
    """Any system but macOS, which `apple` asks."""
    if system == "Linux":
        return _linux(root)
    return OperatingSystem(system, version=platform.release() if system == "Windows" else None)


def variables(environment: Mapping[str, str]) -> tuple[tuple[str, str | None], ...]:
    """CUDA_VISIBLE_DEVICES, None where it is not set, and those others that are."""
    others = tuple((name, environment[name]) for name in _VARIABLES if name in environment)
    return (("CUDA_VISIBLE_DEVICES", environment.get("CUDA_VISIBLE_DEVICES")), *others)


def _linux(root: Path) -> OperatingSystem:
    release = _os_release(text(root / "etc/os-release") or text(root / "usr/lib/os-release") or "")
    kernel = text(root / "proc/sys/kernel/osrelease") or ""
    return OperatingSystem(
        "Linux",
        distribution=release.get("ID"),
        version=release.get("VERSION_ID"),
        wsl="microsoft" in kernel.lower(),
        jetson_l4t=_l4t(root),
    )


def _os_release(said: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in said.splitlines() if not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def _l4t(root: Path) -> str | None:
    """The release of NVIDIA's Linux for Jetson, from its file or the kernel module; "unknown" if a container hides both."""
    said = _TEGRA_RELEASE.search(text(root / "etc/nv_tegra_release") or "")
    if said:
        return f"{said[1]}.{said[2]}"
    module = _TEGRA_MODULE.search(text(root / "proc/driver/nvidia/version") or "")
    if module:
        return module[1]
    return "unknown" if jetson.chip(root) else None
