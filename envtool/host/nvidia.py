"""NVIDIA's driver and cards: NVML first, then nvidia-smi, then what the kernel shows of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.facts import Driver, Gpu
from envtool.host import jetson, nvidia_smi, nvml
from envtool.host.nvidia_words import VERSION, version_in
from envtool.host.pci import NVIDIA
from envtool.host.seen import Seen, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from envtool.facts import OperatingSystem
    from envtool.host.pci import Card

_MODULE = re.compile(rf"Module(?: for \w+)?\s+({VERSION.pattern})")


def look(root: Path, environment: Mapping[str, str], system: OperatingSystem, cards: tuple[Card, ...] | None) -> Seen:
    """`cards` are those on the PCI bus, None where it cannot be read."""
    answer = _answer(root, environment, system)
    board = jetson.gpu(root) if not answer.gpus else None
    if board:
        seen = _on_jetson(answer, board)
    elif answer.gpus:
        seen = answer._replace(driver=_driver(answer.driver, module_version(root)))
    else:
        seen = _in_kernel(root, answer, system, cards)
    hidden = _hidden(environment.get("CUDA_VISIBLE_DEVICES"), len(seen.gpus or ()))
    return seen._replace(notes=(*seen.notes, hidden)) if hidden else seen


def module_version(root: Path) -> str | None:
    """The version of the kernel module that is loaded. In a container it is the host's, and proves no usable card."""
    loaded = version_in(text(root / "sys/module/nvidia/version"))
    return loaded or parse_module(text(root / "proc/driver/nvidia/version") or "")


def parse_module(said: str) -> str | None:
    """The number in /proc/driver/nvidia/version, which builds and locales write differently around it."""
    found = _MODULE.search(said)
    return found[1] if found else None


def _answer(root: Path, environment: Mapping[str, str], system: OperatingSystem) -> Seen:
    """What NVIDIA's own tools say: `gpus` is () where they are absent or find none, None where they fail."""
    notes = list[str]()
    for source in (nvml, nvidia_smi):
        answer = source.ask(root, environment, system.system)
        if isinstance(answer, Seen):
            return answer._replace(notes=(*notes, *answer.notes))
        if answer.note:
            notes.append(answer.note)
    return Seen(gpus=None if notes else (), notes=tuple(notes))


def _driver(said: Driver | None, module: str | None) -> Driver | None:
    """The driver with the version that its kernel module shows, where its tools did not tell."""
    if said is None:
        return Driver("nvidia", module) if module else None
    return said if said.version else said._replace(version=module)


def _on_jetson(answer: Seen, board: Gpu) -> Seen:
    """The board has its GPU and driver, whatever the tools say; its driver follows the release of its Linux."""
    return Seen(answer.driver or Driver("nvidia", None), (board,), notes=answer.notes)


def _in_kernel(root: Path, answer: Seen, system: OperatingSystem, cards: tuple[Card, ...] | None) -> Seen:
    """What the kernel shows, where NVIDIA's tools named no card."""
    ours = tuple(card for card in cards or () if card.vendor == NVIDIA)
    module = module_version(root)
    is_loaded = module is not None or any(card.driver == "nvidia" for card in ours)
    driver = _driver(answer.driver or (Driver("nvidia", None) if is_loaded else None), module)
    if ours:
        gpus = tuple(Gpu("nvidia", None, pci_id=card.pci_id) for card in ours)
        return Seen(driver, gpus, notes=(*answer.notes, *_why_unserved(root, answer, ours)))
    is_silent = answer.gpus is None
    if cards is not None:  # the bus shows none: only a driver at work could know of one all the same
        is_silent = is_silent and (is_loaded or (root / "dev/nvidiactl").exists())
    elif not _brings_tools(system):
        is_silent = is_silent or answer.driver is None
    return Seen(driver, None if is_silent else (), notes=(*answer.notes, *_why_none(root, answer, system, cards)))


def _brings_tools(system: OperatingSystem) -> bool:
    """Where NVML and nvidia-smi come with every driver, and so tell by not being there."""
    return system.wsl or system.system == "Windows"


def _why_unserved(root: Path, answer: Seen, ours: tuple[Card, ...]) -> Iterator[str]:
    for card in dict.fromkeys(ours):
        if card.driver != "nvidia":
            holder = f"the kernel driver {card.driver} holds it" if card.driver else "no kernel driver holds it"
            yield f"NVIDIA card {card.pci_id}: {holder}, {_REMEDIES.get(card.driver, _NOT_LOADED)}"
    if all(card.driver != "nvidia" for card in ours):
        return
    if not any((root / "dev").glob("nvidia*")):
        yield _NO_RUNTIME
    elif answer.driver and answer.gpus == ():
        yield _NO_DEVICES


def _why_none(root: Path, answer: Seen, system: OperatingSystem, cards: tuple[Card, ...] | None) -> Iterator[str]:
    if system.wsl and not (root / "dev/dxg").exists():
        yield "WSL without /dev/dxg: no card reaches WSL 1, nor a container started without --gpus all"
    elif cards is None and not _brings_tools(system) and answer == Seen(gpus=()):
        yield "NVIDIA cards: there is neither NVML nor nvidia-smi here, nor a PCI bus to read"


def _hidden(visible: str | None, count: int) -> str | None:
    """What CUDA_VISIBLE_DEVICES keeps from torch: the first entry that names no card ends the list."""
    if visible is None or count == 0:
        return None
    shown = 0
    for entry in visible.split(","):
        number = entry.strip()
        if not (number.startswith(("GPU-", "MIG-")) or (number.isdecimal() and int(number) < count)):
            break
        shown += 1
    if shown >= count:
        return None
    return f"CUDA_VISIBLE_DEVICES={visible!r} shows torch {shown} of {count} NVIDIA cards"


_NOT_LOADED = (
    "so NVIDIA's driver is not loaded: install it; where it is installed, Secure Boot may refuse the module"
    " (`dmesg | grep -i nvidia`)"
)
_REMEDIES: dict[str | None, str] = {
    "nouveau": "which serves no CUDA: install NVIDIA's driver and reboot",
    "vfio-pci": "which keeps it for a virtual machine",
}
_NO_RUNTIME = (
    "the NVIDIA driver is loaded but /dev/nvidia* is not there: in a container it is the host's, start the container"
    " with --gpus all (NVIDIA Container Toolkit); outside one run `nvidia-modprobe`"
)
_NO_DEVICES = (
    "the NVIDIA driver runs but serves no card: look for NVRM in `dmesg`; Blackwell cards need the open kernel modules,"
    " some boards need Above 4G Decoding in the firmware"
)
