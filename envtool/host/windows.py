"""Windows' display adapters, as the registry lists them."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING

from envtool.host.pci import Card

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

# The class of display adapters: learn.microsoft.com, "System-Defined Device Setup Classes"; read 2026-11-24.
_ADAPTERS = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
_PCI_ID = re.compile(r"PCI\\VEN_([0-9A-F]{4})&DEV_([0-9A-F]{4})", re.IGNORECASE)


def cards() -> tuple[Card, ...] | None:
    """All adapters on the PCI bus that have a driver; None where the registry does not tell."""
    try:
        return tuple(_cards(importlib.import_module("winreg")))
    except (ImportError, OSError):
        return None


def _cards(registry: ModuleType) -> Iterator[Card]:
    with registry.OpenKey(registry.HKEY_LOCAL_MACHINE, _ADAPTERS) as adapters:
        for at in range(registry.QueryInfoKey(adapters)[0]):
            name = registry.EnumKey(adapters, at)
            if name.isdigit():  # 0000, 0001 ...; beside them lie Configuration and Properties, which may be locked
                with registry.OpenKey(adapters, name) as adapter:
                    found = _PCI_ID.match(str(registry.QueryValueEx(adapter, "MatchingDeviceId")[0]))
                if found:
                    yield Card(found[1].lower(), found[2].lower(), "windows")
