"""What NVML says, asked in a process of its own: with a sick card a call blocks for minutes or crashes."""

from __future__ import annotations

import json
import sys
from ctypes import CDLL
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envtool.facts import Driver, Gpu
from envtool.host.nvidia_words import MISMATCH, NEWER_THAN_BINDING, meaning, version_in
from envtool.host.seen import Seen, Unasked
from envtool.run import capture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TIME_LIMIT_S = 10
LIBRARY = "libnvidia-ml.so.1"
WSL_LIBRARIES = "usr/lib/wsl/lib"
_PROBE = Path(__file__).parent.parent / "_in_target/nvml_probe.py"


def ask(root: Path, environment: Mapping[str, str], system: str) -> Seen | Unasked:
    """The cards that NVML serves; without cards where the driver refuses or does not answer."""
    own = asking(root, environment, system)
    if own is None:
        return Unasked()
    ran = capture([sys.executable, str(_PROBE)], TIME_LIMIT_S, own)
    if ran.trouble:
        return Seen(notes=(f"NVML did not answer ({ran.trouble}): where the card or its driver hangs, a reboot helps",))
    try:
        answer = json.loads(ran.stdout.splitlines()[-1])
        return _seen(answer)
    except (ValueError, LookupError, TypeError):
        return Unasked(f"NVML could not be asked: the process that did so ended with status {ran.status}")


def asking(root: Path, environment: Mapping[str, str], system: str) -> dict[str, str] | None:
    """The environment of a process that asks NVML; None where there is no such library."""
    own = _with_wsl_libraries(root, environment)
    is_there = _is_on_windows(environment) if system == "Windows" else _is_on_path(own)
    return own if is_there else None


def windows_folders(environment: Mapping[str, str]) -> tuple[Path, Path]:
    """Where NVIDIA's driver puts library and program: newer ones into System32, older ones beside each other."""
    windows = environment.get("WINDIR", "C:/Windows")
    programs = environment.get("ProgramFiles", "C:/Program Files")
    return Path(windows, "System32"), Path(programs, "NVIDIA Corporation/NVSMI")


def _is_on_windows(environment: Mapping[str, str]) -> bool:
    return any((folder / "nvml.dll").exists() for folder in windows_folders(environment))


def _with_wsl_libraries(root: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Under WSL Windows' own library goes first: one that a Linux package brought does not work there."""
    folder = root / WSL_LIBRARIES
    if not (folder / LIBRARY).exists():
        return dict(environment)
    others = environment.get("LD_LIBRARY_PATH")
    return {**environment, "LD_LIBRARY_PATH": f"{folder}:{others}" if others else str(folder)}


def _is_on_path(environment: Mapping[str, str]) -> bool:
    folders = environment.get("LD_LIBRARY_PATH", "").split(":")
    return any(folder and (Path(folder) / LIBRARY).exists() for folder in folders) or _is_found_by_loader()


def _is_found_by_loader() -> bool:
    try:
        CDLL(LIBRARY)
    except OSError:
        return False
    return True


def _seen(answer: dict[str, Any]) -> Seen | Unasked:
    """The answer of `_in_target/nvml_probe.py`."""
    if answer["error"] in NEWER_THAN_BINDING:
        return Unasked(f"NVML could not be asked: {answer['said']}")
    if answer["error"] is not None:
        library = version_in(answer["library"]) if answer["error"] == MISMATCH else None
        driver = Driver("nvidia", None, userspace_version=library) if library else None
        return Seen(driver=driver, notes=(f"NVIDIA: {meaning(answer['error'], answer['said'])}",))
    cards = answer["cards"]
    return Seen(
        driver=Driver("nvidia", version_in(answer["driver"])),
        gpus=tuple(_gpu(card) for card in cards),
        notes=tuple(note for index, card in enumerate(cards) for note in _notes(index, card)),
    )


def _gpu(card: dict[str, Any]) -> Gpu:
    if card["error"] is not None:
        return Gpu("nvidia", None)
    return Gpu(
        "nvidia",
        card["name"],
        compute_capability=tuple(card["capability"]) if card["capability"] else None,
        memory_mib=_mib(card["memory"]),
        pci_id=f"{card['pci'] & 0xFFFF:04x}:{card['pci'] >> 16:04x}" if card["pci"] else None,
        mig_memory_mib=tuple(size for size in map(_mib, card["slices"] or ()) if size is not None),
    )


def _mib(size: int | None) -> int | None:
    return None if size is None else size // 2**20


def _notes(index: int, card: dict[str, Any]) -> Iterator[str]:
    if card["error"] is not None:
        yield f"NVIDIA card {index}: {meaning(card['error'], card['said'])}"
    elif card["slices"] == []:
        yield f"{card['name']}: MIG is on without a slice, so CUDA finds no device: make one with `nvidia-smi mig`"
    elif card["slices"]:
        yield f"{card['name']}: MIG is on, and CUDA gives each process one slice only"
