"""Ask NVML about the NVIDIA cards; the answer is one line of JSON, the last one printed.

Run by path, in a process of its own: with a sick card a call blocks for minutes or crashes. On stdout and not in a
file, for the disk may be full. NVML is left as it is at the end: closing it can block too.
"""

import json
import sys
from typing import Any, Callable

import pynvml


def answer() -> "dict[str, object]":
    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError as error:
        return {"error": error.value, "said": str(error), "library": known(pynvml.nvmlSystemGetNVMLVersion)}
    driver = known(pynvml.nvmlSystemGetDriverVersion)
    return {"error": None, "driver": driver, "cards": [card(index) for index in range(count)]}


def card(index: int) -> "dict[str, object]":
    """One card, or why it cannot be asked: one that is lost or forbidden must not spoil the others."""
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        name = pynvml.nvmlDeviceGetName(handle)
    except pynvml.NVMLError as error:
        return {"error": error.value, "said": str(error)}
    return {
        "error": None,
        "name": name,
        "capability": known(pynvml.nvmlDeviceGetCudaComputeCapability, handle),
        "memory": memory(handle),
        "pci": pci(handle),
        "slices": slices(handle),
    }


def memory(handle: object) -> object:
    """In bytes. A card that shares the machine's memory has none to tell."""
    return getattr(known(pynvml.nvmlDeviceGetMemoryInfo, handle), "total", None)


def pci(handle: object) -> object:
    """Device and vendor in one number: 0x1b0610de."""
    return getattr(known(pynvml.nvmlDeviceGetPciInfo, handle), "pciDeviceId", None)


def slices(handle: object) -> "list[object] | None":
    """The memory of each MIG slice; None where MIG is off or unknown to the card."""
    mode = known(pynvml.nvmlDeviceGetMigMode, handle)
    if not mode or mode[0] != pynvml.NVML_DEVICE_MIG_ENABLE:
        return None
    places = known(pynvml.nvmlDeviceGetMaxMigDeviceCount, handle) or 0
    found = (known(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, place) for place in range(places))
    return [memory(part) for part in found if part is not None]


def known(ask: "Callable[..., Any]", *arguments: object) -> "Any":
    """What the call says; None where library, card or rights give no answer."""
    try:
        return ask(*arguments)
    except pynvml.NVMLError:
        return None


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer()) + "\n")
