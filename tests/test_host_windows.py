"""Windows' display adapters, from a registry of our own."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from machine_tree import MachineTree

from envtool.host import windows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Registry(ModuleType):
    """What `envtool.host.windows` calls of winreg, over adapters by name; None stands for a locked one."""

    HKEY_LOCAL_MACHINE = "HKLM"

    def __init__(self, adapters: dict[str, str | None]) -> None:
        super().__init__("winreg")
        self._adapters = adapters

    @contextmanager
    def OpenKey(self, _parent: object, name: str) -> Iterator[str]:  # noqa: N802 - winreg's spelling
        if self._adapters.get(name, "") is None:
            raise PermissionError(5, "Access is denied")
        yield name

    def QueryInfoKey(self, _key: object) -> tuple[int, int, int]:  # noqa: N802
        return len(self._adapters), 0, 0

    def EnumKey(self, _key: object, at: int) -> str:  # noqa: N802
        return list(self._adapters)[at]

    def QueryValueEx(self, key: str, _name: str) -> tuple[str | None, int]:  # noqa: N802
        return self._adapters[key], 1


def test_an_intel_card_and_one_of_amd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adapters = {
        "0000": "PCI\\VEN_8086&DEV_56A0",
        "0001": "pci\\ven_1002&dev_744c&subsys_00000000",
        "0002": "ROOT\\BasicDisplay",
        "Properties": None,
    }
    monkeypatch.setitem(sys.modules, "winreg", Registry(adapters))
    seen = MachineTree(tmp_path).look("Windows")
    assert [(gpu.vendor, gpu.pci_id) for gpu in seen.gpus or ()] == [("intel", "8086:56a0")]
    assert seen.notes == (
        "AMD card 1002:744c: the wheel index has no build for AMD cards on Windows, only on Linux; AMD publishes its own",
    )


def test_ordinary_graphics_are_no_gpu_for_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "winreg", Registry({"0000": "PCI\\VEN_8086&DEV_3EA0"}))
    assert MachineTree(tmp_path).look("Windows").gpus == ()


@pytest.mark.parametrize("registry", [None, Registry({"0000": None})])
def test_a_registry_that_does_not_tell(monkeypatch: pytest.MonkeyPatch, registry: ModuleType | None) -> None:
    monkeypatch.setitem(sys.modules, "winreg", registry)
    assert windows.cards() is None
