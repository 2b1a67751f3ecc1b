"""The tables of `envtool/data/` that say which wheels there are: their rows, how they are read, sorted and written."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass, fields, replace
from typing import TYPE_CHECKING, TypeVar

from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OLDEST = {"torch": Version("1.4"), "torchvision": Version("0.5")}
BASES = ("read", "read-secondary", "inferred")  # the strongest first
EMPTY = "-"


class RefreshError(Exception):
    """What stops a refresh: a table, a fact or a page that does not hold what it should."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of some table: a text for each column, empty where nothing is known. The docstring of a kind heads its file."""


@dataclass(frozen=True, slots=True)
class Wheel(Row):
    """a build of torch in one folder for one platform, with the Pythons it serves"""

    version: str
    local: str  # the version's local tag
    index: str  # pytorch or registry
    folder: str  # the folder of the index
    platform: str
    pythons: str
    backend: str  # what the build carries: cpu, cu126, rocm7.2, xpu
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class TorchvisionWheel(Row):
    """a build of torchvision in one folder of the index for one platform, with the Pythons it serves"""

    version: str
    local: str
    folder: str
    platform: str
    pythons: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Companions(Row):
    """a torch version with its torchvision and torchaudio, the preferred one last"""

    torch: str
    torchvision: str
    torchaudio: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Cuda(Row):
    """a CUDA toolkit: the driver it came with, and the least driver of its major version"""

    backend: str
    cuda: str
    own_linux: str
    own_windows: str
    floor_linux: str
    floor_windows: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Capabilities(Row):
    """the compute capabilities that a CUDA build has kernels for"""

    version: str
    backend: str
    platform: str
    capabilities: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Rocm(Row):
    """the AMD targets that a ROCm build has kernels for"""

    version: str
    backend: str
    gfx: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class GpuName(Row):
    """a product name with its target; where a name is ambiguous, what these PCI ids have stands first"""

    vendor: str
    name: str
    value: str  # a compute capability or a gfx target
    pci_ids: str
    last_driver: str  # the last branch that drives it
    source: str


@dataclass(frozen=True, slots=True)
class Mirror(Row):
    """a mirror of the wheel index"""

    name: str
    url: str
    layout: str  # simple (PEP 503) or flat (for --find-links)
    folders: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Source(Row):
    """where a fact was read, and when"""

    key: str
    source: str
    read: str


FILES: dict[type[Row], str] = {
    Wheel: "wheels.tsv",
    TorchvisionWheel: "torchvision_wheels.tsv",
    Companions: "companions.tsv",
    Cuda: "cuda.tsv",
    Capabilities: "capabilities.tsv",
    Rocm: "rocm.tsv",
    GpuName: "gpus.tsv",
    Mirror: "mirrors.tsv",
    Source: "sources.tsv",
}

RowT = TypeVar("RowT", bound=Row)
BuildT = TypeVar("BuildT", Wheel, TorchvisionWheel)


def is_wanted(project: str, version: str) -> bool:
    parsed = Version(version)
    return not parsed.is_prerelease and parsed >= OLDEST[project]


def natural(text: str) -> list[str | int]:
    """A sort key that compares numbers as numbers: 2.9.1 before 2.10.0, cu92 before cu126."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


def joined(words: Iterable[str]) -> str:
    return " ".join(sorted(set(words), key=natural))


def columns(kind: type[Row]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def read_table(folder: Path, kind: type[RowT]) -> list[RowT]:
    """The rows of a table; an empty cell is an empty text. Raises RefreshError."""
    path = folder / FILES[kind]
    if not path.is_file():
        raise RefreshError(f"{path} is not there: give the folder with --data, or make it with --facts")
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line and not line.startswith("#")]
    if not lines or tuple(lines[0].split("\t")) != columns(kind):
        raise RefreshError(
            f"{path} does not begin with the columns {' '.join(columns(kind))}: make it anew with --facts"
        )
    rows = []
    for line in lines[1:]:
        cells = line.split("\t")
        if len(cells) != len(columns(kind)):
            raise RefreshError(f"{path}: a row of {len(cells)} cells where {len(columns(kind))} belong: {line}")
        rows.append(kind(*("" if cell == EMPTY else cell for cell in cells)))
    return rows


def write_table(folder: Path, kind: type[RowT], rows: Iterable[RowT], facts_as_of: str) -> None:
    """Replace the table at once, so that no reader meets half of it."""
    path = folder / FILES[kind]
    head = f"# {kind.__doc__}; written by scripts/refresh_wheels.py; facts as of {facts_as_of}"
    ordered = sorted({astuple(row) for row in rows}, key=lambda cells: [natural(cell) for cell in cells])
    lines = [head, "\t".join(columns(kind)), *("\t".join(cell or EMPTY for cell in cells) for cells in ordered)]
    temporary = path.with_suffix(".tmp")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    temporary.replace(path)


def cell_of(row: BuildT) -> BuildT:
    """The build that a row speaks of, whichever Pythons it lists and whoever says so."""
    return replace(row, pythons="", basis="", source="")


def weakest_first_out(rows: Iterable[BuildT]) -> list[BuildT]:
    """The rows, each with only those Pythons that no row of the same build and a stronger basis lists."""
    said: dict[BuildT, set[str]] = {}
    kept = []
    for row in sorted(rows, key=lambda row: BASES.index(row.basis)):
        known = said.setdefault(cell_of(row), set())
        new = set(row.pythons.split()) - known
        known |= new
        if new:
            kept.append(replace(row, pythons=joined(new)))
    return kept


def platform_family(platform: str) -> str:
    """The platform as capabilities.tsv names it: win_amd64, linux_aarch64, linux_x86_64."""
    return re.sub(r"^manylinux.*?_(?=x86_64$|aarch64$)", "linux_", platform)


def with_carried_lists(lists: Iterable[Capabilities], wheels: Iterable[Wheel]) -> list[Capabilities]:
    """The lists, with one for each CUDA build that has none: that of the nearest patch release of its minor release."""
    known = {(row.version, row.backend, row.platform): row for row in lists}
    builds = {(w.version, w.backend, platform_family(w.platform)) for w in wheels if w.backend.startswith("cu")}
    carried = []
    for version, backend, platform in builds - known.keys():
        patches = [
            row
            for row in known.values()
            if (row.backend, row.platform, minor(row.version)) == (backend, platform, minor(version))
        ]
        if patches:
            nearest = min(patches, key=lambda row: abs(patch(row.version) - patch(version)))
            carried.append(replace(nearest, version=version, basis="inferred"))
    return [*known.values(), *carried]


def minor(version: str) -> str:
    return version.rpartition(".")[0]


def patch(version: str) -> int:
    return int(re.split(r"\D", version.rpartition(".")[2])[0])
