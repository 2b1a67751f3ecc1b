"""The display devices and accelerators on the PCI bus, as Linux lists them, with a driver or without."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from envtool.host.seen import text

if TYPE_CHECKING:
    from pathlib import Path

NVIDIA, AMD, INTEL = "10de", "1002", "8086"
_CLASSES = ("0x0300", "0x0302", "0x0380", "0x1200")  # VGA, 3D, other display; processing accelerator (pci.ids)


class Card(NamedTuple):
    vendor: str  # "10de"
    device: str  # "1b06"
    driver: str | None  # the kernel driver that holds it

    @property
    def pci_id(self) -> str:
        return f"{self.vendor}:{self.device}"


def cards(root: Path) -> tuple[Card, ...] | None:
    """All cards, in the order of their addresses; None where /sys does not show the machine's buses."""
    buses = root / "sys/bus"
    if not buses.is_dir():
        return None
    devices = buses / "pci/devices"
    if not devices.is_dir():
        return ()  # a machine without PCI
    return tuple(_card(device) for device in sorted(devices.iterdir()) if _is_card(device))


def _is_card(device: Path) -> bool:
    return (text(device / "class") or "").startswith(_CLASSES)


def _card(device: Path) -> Card:
    return Card(_id(device / "vendor"), _id(device / "device"), _driver(device / "driver"))


def _id(path: Path) -> str:
    return (text(path) or "").removeprefix("0x").lower()


def _driver(link: Path) -> str | None:
    try:
        return os.path.basename(os.readlink(link))  # noqa: PTH115, PTH119 - the link's text; its end may be hidden
    except OSError:
        return None
