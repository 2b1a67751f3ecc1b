"""What was seen of the conditions that an install and a training meet, as values: a module a part, all joined here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from envtool.catalogue import Catalogue
    from envtool.conditions.dependencies import Dependencies
    from envtool.conditions.driver import DriverState
    from envtool.conditions.hoards import Hoard
    from envtool.conditions.installed_torch import InstalledTorch
    from envtool.conditions.interpreter import InterpreterState
    from envtool.conditions.network import Reached
    from envtool.conditions.room import Room
    from envtool.facts import Machine, Target


class Planned(NamedTuple):
    """What install-torch would install here."""

    command: str
    torch: str | None  # with its tag: 2.13.0+cu126
    backend: str
    index_url: str | None  # None: the default index
    download_mib: int | None  # None: not known
    installed_mib: int | None


class Here(NamedTuple):
    """Where a part of the conditions is looked at."""

    machine: Machine
    target: Target
    executable: str  # of the target
    planned: Planned | None  # None: install-torch refuses
    folder: Path  # where envtool was called
    environment: Mapping[str, str]
    root: Path  # "/"; another in tests
    online: bool  # whether the network may be used


class Conditions(NamedTuple):
    """All that the checks judge by. A part that no chosen check needs is not looked at, and None."""

    here: Here
    catalogue: Catalogue
    interpreter: InterpreterState | None = None
    installed_torch: InstalledTorch | None = None
    driver: DriverState | None = None
    room: Room | None = None
    hoards: tuple[Hoard, ...] | None = None
    network: tuple[Reached, ...] | None = None
    dependencies: Dependencies | None = None
