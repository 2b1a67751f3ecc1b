"""Looks at this machine: its system, its cards and their driver, and the variables that change what torch sees.

Each maker's cards are looked for in a module of their own. What cannot be learnt is None and never an error, and a
note says why.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from envtool.facts import Host
from envtool.host import amd, apple, intel, nvidia, pci, windows
from envtool.host.system import operating_system, variables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from envtool.facts import Driver, Gpu, OperatingSystem
    from envtool.host.seen import Seen

__all__ = ("look",)

_ROOT = Path("/")


def look(root: Path = _ROOT, environment: Mapping[str, str] | None = None, system: str | None = None) -> Host:
    """This machine. The arguments stand for it in tests: another root folder, environment, platform.system()."""
    environment = os.environ if environment is None else environment
    system = system or platform.system()
    if system == "Darwin":
        running, mac = apple.look(root)
        return _host(running, environment, [mac])
    running = operating_system(root, system)
    return _host(running, environment, _cards(root, environment, running))


def _cards(root: Path, environment: Mapping[str, str], running: OperatingSystem) -> list[Seen]:
    if running.system == "Windows":
        adapters = windows.cards()
        return [nvidia.look(root, environment, running, None), amd.look_on_windows(adapters), intel.look(adapters)]
    if running.system != "Linux":
        return [nvidia.look(root, environment, running, None)]
    cards = None if running.wsl else pci.cards(root)  # the cards of Windows stand on no bus of Linux's
    ours = nvidia.look(root, environment, running, cards)
    return [ours, amd.look(root, environment, cards), intel.look(cards)]


def _host(running: OperatingSystem, environment: Mapping[str, str], looks: Sequence[Seen]) -> Host:
    gpus = _gpus(looks)
    left_out = [gpu for seen in looks for gpu in seen.integrated if gpus and gpu not in gpus]
    notes = [note for seen in looks for note in seen.notes] + [_left_out(gpu) for gpu in left_out]
    return Host(running, _driver(looks, gpus), gpus, variables(environment), tuple(notes))


def _gpus(looks: Sequence[Seen]) -> tuple[Gpu, ...] | None:
    """Cards where there are any, or else the graphics inside the processor."""
    cards = tuple(gpu for seen in looks for gpu in seen.gpus or ())
    if cards:
        return cards
    if any(seen.gpus is None for seen in looks):
        return None
    return tuple(gpu for seen in looks for gpu in seen.integrated)


def _driver(looks: Sequence[Seen], gpus: tuple[Gpu, ...] | None) -> Driver | None:
    """The driver of the cards that count, or any where none does."""
    makers = {gpu.vendor for gpu in gpus or ()}
    drivers = [seen.driver for seen in looks if seen.driver]
    return next((driver for driver in drivers if driver.vendor in makers or not makers), None)


def _left_out(gpu: Gpu) -> str:
    what = " ".join(part for part in (gpu.name or gpu.vendor.upper(), gpu.architecture) if part)
    return f"{what} is part of the processor and not counted beside the cards"
