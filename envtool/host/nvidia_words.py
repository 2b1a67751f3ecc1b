"""What NVIDIA's driver and tools say, put into words for a person."""

from __future__ import annotations

import re

VERSION = re.compile(r"\b\d{3,4}\.\d+(?:\.\d+)*\b")  # 535.183.01; a Jetson's release and a CUDA version have two digits
MISMATCH = 18
NEWER_THAN_BINDING = (12, 13)  # no library, or one without the calls that our binding makes

# NVML's return codes (nvml.h, enum nvmlReturn_t).
_MEANINGS = {
    4: (
        "there is an NVIDIA card, but this user may not open it: check the rights on /dev/nvidia*, the devices given to"
        " the container, SELinux"
    ),
    9: "the NVIDIA driver does not answer: it is not loaded, or the container was given no /dev/nvidia*",
    15: "the card has fallen off the bus: reboot, and if it happens again look for Xid in `dmesg`",
    17: (
        "the operating system blocks the card: under WSL install NVIDIA's driver in Windows only, none in Linux, and"
        " keep the card out of TCC mode"
    ),
    MISMATCH: "the driver in the kernel and its libraries have different versions, as after an upgrade: reboot",
    999: (
        "NVML fails without a reason, as in a container that has lost its devices (restart it) or with a sick card"
        " (look for Xid in `dmesg`)"
    ),
}

# How nvidia-smi spells the same codes; its errors stand on stdout.
_SPELLINGS = {
    "insufficient permissions": 4,
    "couldn't communicate with the nvidia driver": 9,
    "driver not loaded": 9,
    "gpu is lost": 15,
    "access blocked by the operating system": 17,
    "driver/library version mismatch": MISMATCH,
    "unknown error": 999,
}


def meaning(code: int, said: str) -> str:
    """What an NVML return code means here and what to do; `said` is NVML's own text."""
    return f"{_MEANINGS[code]} (NVML error {code})" if code in _MEANINGS else f"NVML error {code}: {said}"


def code_in(said: str) -> int | None:
    """The NVML return code that a text of nvidia-smi spells out."""
    lower = said.lower()
    return next((code for spelling, code in _SPELLINGS.items() if spelling in lower), None)


def version_in(said: object) -> str | None:
    """The driver's number in a text: 535.183.01."""
    found = VERSION.search(said) if isinstance(said, str) else None
    return found[0] if found else None
