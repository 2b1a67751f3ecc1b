"""Looks at the driver: its module and libraries, its files in /dev, and the container or WSL around it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from envtool.conditions.driver import DeviceFile, DriverState, HeldCard, Wsl
from envtool.host import nvidia, pci
from envtool.host.nvidia_words import version_in
from envtool.host.seen import text
from envtool.surroundings import toolkit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from envtool.conditions import Here

LIBRARY_FOLDERS = ("usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib")
DEVICES = ("nvidia[0-9]*", "nvidiactl", "nvidia-uvm", "kfd", "dri/renderD*", "dxg")
CONTAINER_FILES = (".dockerenv", "run/.containerenv")
CONTAINER_VARIABLES = ("container", "KUBERNETES_SERVICE_HOST")  # the first: podman, systemd-nspawn


def look(here: Here) -> DriverState:
    state = DriverState(libraries=toolkit.libraries(here), toolkit=toolkit.look(here))
    if here.machine.os.system != "Linux":
        return state
    root = here.root
    return state._replace(
        cards=_cards(root),
        module=nvidia.module_version(root),
        userspace=_userspace(root),
        devices=tuple(_devices(root)),
        container=_container(root, here.environment),
        uuids=_uuids(root),
        wsl=_wsl(root) if here.machine.os.wsl else None,
    )


def _cards(root: Path) -> tuple[HeldCard, ...] | None:
    cards = pci.cards(root)
    if cards is None:
        return None
    return tuple(HeldCard(card.pci_id, card.driver) for card in cards if card.vendor in (pci.NVIDIA, pci.AMD))


def _userspace(root: Path) -> str | None:
    """The number in the name of the file that libcuda.so.1 leads to."""
    links = (root / folder / "libcuda.so.1" for folder in LIBRARY_FOLDERS)
    return next((found for link in links if (found := version_in(os.path.basename(os.path.realpath(link))))), None)  # noqa: PTH119 - a name


def _devices(root: Path) -> Iterator[DeviceFile]:
    for pattern in DEVICES:
        for path in sorted((root / "dev").glob(pattern)):
            with suppress(OSError):  # it may be gone, or lead nowhere
                yield _device(path, root)


def _device(path: Path, root: Path) -> DeviceFile:
    seen = path.stat()
    group = _group(seen.st_gid)
    for_group = stat.S_IRGRP | stat.S_IWGRP
    return DeviceFile(
        path=f"/{path.relative_to(root)}",
        is_usable=os.access(path, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids),
        rights=f"{stat.filemode(seen.st_mode)} {group}",
        group=group if seen.st_mode & for_group == for_group and seen.st_gid != 0 else None,
    )


def _group(number: int) -> str:
    try:
        import grp  # noqa: PLC0415 - not on Windows

        return grp.getgrgid(number).gr_name
    except (ImportError, KeyError):
        return str(number)


def _container(root: Path, environment: Mapping[str, str]) -> str | None:
    files = (f"/{name}" for name in CONTAINER_FILES if (root / name).exists())
    variables = (f"${name}" for name in CONTAINER_VARIABLES if environment.get(name))
    return next(files, None) or next(variables, None)


def _uuids(root: Path) -> tuple[str, ...] | None:
    """None where the driver's folder in /proc is not there."""
    folder = root / "proc/driver/nvidia/gpus"
    try:
        cards = sorted(folder.iterdir())
    except OSError:
        return None
    told = (text(card / "information") or "" for card in cards)
    lines = (line.partition(":") for said in told for line in said.splitlines())
    return tuple(value.strip() for name, _, value in lines if name.strip() == "GPU UUID")


def _wsl(root: Path) -> Wsl:
    folder = root / "usr/lib/wsl/lib"
    own = next(
        (root / name / "libcuda.so.1" for name in LIBRARY_FOLDERS if (root / name / "libcuda.so.1").exists()), None
    )
    is_windows = own is not None and folder.resolve() in own.resolve().parents
    return Wsl(
        has_dxg=(root / "dev/dxg").exists(),
        has_libcuda=(folder / "libcuda.so.1").exists(),
        own_libcuda=None if own is None or is_windows else f"/{own.relative_to(root)}",
    )
