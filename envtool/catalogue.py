"""What is known of the wheels: `data/*.tsv` as typed rows, each file read when it is first asked for.

Every row says how it was learnt, its `basis`: read (in a primary file), read-secondary (someone's copy of one),
inferred (concluded from neighbours, may be wrong).
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from packaging.version import Version

from envtool import tables
from envtool.facts import parse_capability

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BASES = ("inferred", "read-secondary", "read")  # weakest first
_Row = TypeVar("_Row")


class Wheel(NamedTuple):
    """The files of one build for one platform, all learnt in the same way."""

    platform: str  # the platform tag: manylinux_2_28_x86_64
    pythons: tuple[str, ...]  # cp312, cp313t
    backend: str  # what it carries: cpu, cu126, rocm7.2, xpu
    basis: str
    source: str

    @property
    def is_confirmed(self) -> bool:
        return self.basis != "inferred"

    @property
    def family(self) -> str:
        return family_of(self.platform)


class Build(NamedTuple):
    """What one requirement names: a version with its local tag, in one folder of the index or in the registry."""

    version: Version  # without the local tag
    local: str | None  # cu126; None where the wheel's version has no tag
    folder: str | None  # of the wheel index; None in the registry
    wheels: tuple[Wheel, ...]

    @property
    def pin(self) -> str:
        return f"{self.version}+{self.local}" if self.local else str(self.version)

    @property
    def place(self) -> str:
        return self.folder or "registry"


class CudaRelease(NamedTuple):
    """The least NVIDIA driver for a CUDA toolkit: its own, and the floor under minor-version compatibility."""

    cuda: str  # 12.6
    own_linux: str
    own_windows: str
    floor_linux: str
    floor_windows: str


class Capabilities(NamedTuple):
    """Compute capabilities compiled into a build. PTX is compiled further by a driver that is new enough."""

    cubins: tuple[tuple[int, int], ...]
    ptx: tuple[tuple[int, int], ...]
    basis: str


class Companions(NamedTuple):
    """What belongs to one torch; the preferred version stands last."""

    torchvision: tuple[str, ...]
    torchaudio: tuple[str, ...]


class TorchvisionWheel(NamedTuple):
    version: str
    local: str | None
    folder: str | None
    platform: str
    pythons: tuple[str, ...]

    @property
    def family(self) -> str:
        return family_of(self.platform)


class Card(NamedTuple):
    vendor: str
    name: str
    values: tuple[str, ...]  # compute capability or gfx target; several where the name alone does not tell
    pci_ids: tuple[str, ...]
    last_driver: str | None  # the last driver branch that serves it; None while that is the newest


class Mirror(NamedTuple):
    """A copy of the wheel index. A flat listing takes `-f`, a simple index takes `--index-url`."""

    name: str
    url: str  # with {folder}
    layout: str  # simple or flat
    folders: tuple[str, ...]  # those seen there; empty: not known


class Size(NamedTuple):
    """What an installation takes, torch with its companions and all they need."""

    download_mib: int
    installed_mib: int


class Catalogue:
    """The files of `directory`, each read once, when first asked for."""

    def __init__(self, directory: str = tables.DATA) -> None:
        self._directory = directory

    @cached_property
    def as_of(self) -> str:
        """The day the facts were read, as the first line of wheels.tsv says."""
        with tables.open_table(self._directory, "wheels.tsv") as lines:
            first = next(lines, "")
        return first.rpartition("facts as of ")[2].strip()

    @cached_property
    def builds(self) -> tuple[Build, ...]:
        wheels: dict[tuple[Version, str | None, str | None], list[Wheel]] = {}
        for name, wheel in self._rows("wheels.tsv", 9, _wheel):
            wheels.setdefault(name, []).append(wheel)
        return tuple(Build(*name, tuple(found)) for name, found in wheels.items())

    @cached_property
    def cuda(self) -> Mapping[str, CudaRelease]:
        return dict(self._rows("cuda.tsv", 8, _cuda))

    @cached_property
    def capabilities(self) -> Mapping[tuple[Version, str, str], Capabilities]:
        """By torch version, backend and family."""
        return dict(self._rows("capabilities.tsv", 6, _capabilities))

    @cached_property
    def gfx(self) -> Mapping[tuple[Version, str], frozenset[str]]:
        """AMD targets by torch version and backend."""
        return dict(self._rows("rocm.tsv", 5, _gfx))

    @cached_property
    def companions(self) -> Mapping[Version, Companions]:
        return dict(self._rows("companions.tsv", 5, _companions))

    @cached_property
    def torchvision_wheels(self) -> tuple[TorchvisionWheel, ...]:
        return tuple(self._rows("torchvision_wheels.tsv", 7, _torchvision_wheel))

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return tuple(self._rows("gpus.tsv", 6, _card))

    @cached_property
    def mirrors(self) -> Mapping[str, Mirror]:
        return {mirror.name: mirror for mirror in self._rows("mirrors.tsv", 6, _mirror)}

    @cached_property
    def sizes(self) -> Mapping[tuple[str, str], Size]:
        """By the first four letters of the backend (cpu, cu12, cu13) and operating system (linux, win, macosx)."""
        return dict(self._rows("sizes.tsv", 5, _size))

    def read_ahead(self) -> None:
        """Read what every plan needs, at a moment when there is nothing else to do."""
        _ = self.builds, self.cuda, self.capabilities, self.companions, self.torchvision_wheels

    def _rows(self, name: str, columns: int, read: Callable[[list[str]], _Row]) -> Iterator[_Row]:
        return tables.rows(self._directory, name, columns, read)


@cache
def family_of(platform: str) -> str:
    """A platform tag without its floor, as capabilities.tsv names it: linux_x86_64, win_amd64, macosx_arm64."""
    system = re.match(r"(?:many)?(linux|macosx|win)", platform)
    arch = re.search(r"(x86_64|aarch64|s390x|arm64|amd64)$", platform)
    if not system or not arch:
        raise ValueError(f"{platform!r} is no platform tag of a torch wheel")
    return f"{system[1]}_{arch[1]}"


_version = cache(Version)  # the same few dozen versions stand in a thousand rows


def _basis(text: str) -> str:
    if text not in BASES:
        raise ValueError(f"basis {text!r} is none of {', '.join(BASES)}")
    return text


def _backend(text: str) -> str:
    if not re.fullmatch(r"cpu|xpu|cu\d{2,3}|rocm\d+(\.\d+)+", text):
        raise ValueError(f"backend {text!r} is none of cpu, xpu, cuNNN, rocmX.Y")
    return text


def _wheel(cells: list[str]) -> tuple[tuple[Version, str | None, str | None], Wheel]:
    version, local, index, folder, platform, pythons, backend, basis, source = cells
    if (index == "registry") != (folder == tables.EMPTY):
        raise ValueError(f"index {index!r} does not go with folder {folder!r}")
    wheel = Wheel(platform, tables.words(pythons), _backend(backend), _basis(basis), source)
    return (_version(version), tables.cell(local), tables.cell(folder)), wheel


def _cuda(cells: list[str]) -> tuple[str, CudaRelease]:
    backend, cuda, *drivers, _, _ = cells
    for driver in drivers:
        _version(driver)
    return _backend(backend), CudaRelease(cuda, *drivers)


def _capabilities(cells: list[str]) -> tuple[tuple[Version, str, str], Capabilities]:
    version, backend, family, listed, basis, _ = cells
    entries = tables.words(listed)
    return (_version(version), _backend(backend), family), Capabilities(
        cubins=tuple(parse_capability(entry.removesuffix("+PTX")) for entry in entries),
        ptx=tuple(parse_capability(entry.removesuffix("+PTX")) for entry in entries if entry.endswith("+PTX")),
        basis=_basis(basis),
    )


def _gfx(cells: list[str]) -> tuple[tuple[Version, str], frozenset[str]]:
    version, backend, targets, _, _ = cells
    return (_version(version), _backend(backend)), frozenset(tables.words(targets))


def _companions(cells: list[str]) -> tuple[Version, Companions]:
    torch, torchvision, torchaudio, _, _ = cells
    return _version(torch), Companions(tables.words(torchvision), tables.words(torchaudio))


def _torchvision_wheel(cells: list[str]) -> TorchvisionWheel:
    version, local, folder, platform, pythons, _, _ = cells
    return TorchvisionWheel(version, tables.cell(local), tables.cell(folder), platform, tables.words(pythons))


def _card(cells: list[str]) -> Card:
    vendor, name, values, pci_ids, last_driver, _ = cells
    return Card(vendor, name, tables.words(values), tuple(pci_ids.split(",")), tables.cell(last_driver))


def _mirror(cells: list[str]) -> Mirror:
    name, url, layout, folders, _, _ = cells
    if layout not in ("simple", "flat") or "{folder}" not in url:
        raise ValueError("a mirror has a url with {folder}, and the layout simple or flat")
    return Mirror(name, url, layout, () if folders == "*" else tables.words(folders))


def _size(cells: list[str]) -> tuple[tuple[str, str], Size]:
    kind, system, download, installed, _ = cells
    return (kind, system), Size(int(download), int(installed))
