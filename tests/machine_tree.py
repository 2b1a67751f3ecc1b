"""Little trees that stand for a machine's root folder, with programs in them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest import mock

from envtool.host import look, nvml

if TYPE_CHECKING:
    from pathlib import Path

    from envtool.facts import Host


class MachineTree:
    """An ordinary Linux machine without a GPU to begin with."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("etc/os-release", 'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="22.04"\n')
        self.write("proc/sys/kernel/osrelease", "6.8.0-45-generic\n")
        self.folder("sys/bus/pci/devices")

    def look(self, system: str = "Linux", **environment: str) -> Host:
        """What envtool sees here, whatever driver the machine has that runs the tests."""
        with mock.patch.object(nvml, "_is_found_by_loader", return_value=False):
            return look(self.root, {"PATH": str(self.root / "bin"), **environment}, system)

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def folder(self, path: str) -> None:
        (self.root / path).mkdir(parents=True, exist_ok=True)

    def device(self, pci_id: str, driver: str | None, display_class: str = "0x030000") -> None:
        """A device on the PCI bus, held by a kernel driver or by none."""
        vendor, device = pci_id.split(":")
        bus = self.root / "sys/bus/pci"
        at = f"sys/bus/pci/devices/0000:{len(list(bus.glob('devices/*'))):02x}:00.0"
        for name, said in (("vendor", f"0x{vendor}"), ("device", f"0x{device}"), ("class", display_class)):
            self.write(f"{at}/{name}", f"{said}\n")
        if driver:
            self.folder(f"sys/bus/pci/drivers/{driver}")
            (self.root / at / "driver").symlink_to(f"../../drivers/{driver}")

    def program(self, path: str, script: str) -> Path:
        """A program in sh; it stands in the folder that its path names."""
        file = self.write(path, f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return file
