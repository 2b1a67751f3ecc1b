"""The bundled knowledge: whole, typed, sourced; a bad row is refused by file and line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from envtool.catalogue import Catalogue, Mirror, family_of
from envtool.errors import CatalogueBroken
from envtool.tables import DATA

if TYPE_CHECKING:
    from collections.abc import Callable

BUNDLED = Catalogue()
FILES = sorted(path.name for path in Path(DATA).glob("*.tsv"))
READERS: dict[str, Callable[[Catalogue], object]] = {
    "wheels.tsv": lambda catalogue: catalogue.builds,
    "cuda.tsv": lambda catalogue: catalogue.cuda,
    "capabilities.tsv": lambda catalogue: catalogue.capabilities,
    "rocm.tsv": lambda catalogue: catalogue.gfx,
    "companions.tsv": lambda catalogue: catalogue.companions,
    "torchvision_wheels.tsv": lambda catalogue: catalogue.torchvision_wheels,
    "gpus.tsv": lambda catalogue: catalogue.cards,
    "mirrors.tsv": lambda catalogue: catalogue.mirrors,
    "sizes.tsv": lambda catalogue: catalogue.sizes,
}


def rows(name: str) -> list[list[str]]:
    lines = (Path(DATA) / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[2:]]


def with_last_row(folder: Path, name: str, row: str) -> Catalogue:
    """A copy of the bundled files, one of them with a further row."""
    shutil.copytree(DATA, folder, dirs_exist_ok=True)
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(f"{row}\n")
    return Catalogue(str(folder))


@pytest.mark.parametrize("name", READERS)
def test_every_row_is_read(name: str) -> None:
    assert READERS[name](BUNDLED)


@pytest.mark.parametrize("name", FILES)
def test_every_file_says_what_its_rows_are_and_holds_each_once(name: str) -> None:
    text = (Path(DATA) / name).read_text(encoding="utf-8")
    assert text.startswith("# ")
    found = [tuple(row) for row in rows(name)]
    assert len(found) == len(set(found))
    assert {len(row) for row in found} == {len(text.splitlines()[1].split("\t"))}


def test_every_source_that_is_cited_is_named() -> None:
    named = {row[0] for row in rows("sources.tsv")}
    for name in ("wheels.tsv", "cuda.tsv", "capabilities.tsv", "rocm.tsv", "companions.tsv", "torchvision_wheels.tsv"):
        assert {row[-1] for row in rows(name)} <= named, name


def test_the_wheel_knowledge_is_small() -> None:
    assert sum((Path(DATA) / name).stat().st_size for name in READERS) < 300_000


def test_it_says_of_which_day_it_is() -> None:
    assert BUNDLED.as_of == "2026-11-24"


def test_every_cuda_build_has_its_driver_floors() -> None:
    backends = {wheel.backend for build in BUNDLED.builds for wheel in build.wheels if wheel.backend.startswith("cu")}
    assert backends == set(BUNDLED.cuda)
    for cuda in BUNDLED.cuda.values():
        assert Version(cuda.floor_linux) <= Version(cuda.own_linux)


def test_every_torch_from_1_7_on_has_a_torchvision() -> None:
    releases = {build.version for build in BUNDLED.builds if build.version >= Version("1.7")}
    assert releases <= {torch for torch, companions in BUNDLED.companions.items() if companions.torchvision}


@pytest.mark.parametrize(
    ("name", "row", "fault"),
    [
        ("wheels.tsv", "2.99.0\tcpu", "2 cells where 9 belong"),
        ("wheels.tsv", "new\tcpu\tpytorch\tcpu\twin_amd64\tcp312\tcpu\tread\tx", "Invalid version"),
        ("wheels.tsv", "2.99.0\tcpu\tpytorch\tcpu\twin_amd64\tcp312\tcuda\tread\tx", "'cuda' is none of"),
        ("wheels.tsv", "2.99.0\tcpu\tpytorch\tcpu\twin_amd64\tcp312\tcpu\tguessed\tx", "'guessed' is none of"),
        ("wheels.tsv", "2.99.0\t-\tregistry\tcpu\twin_amd64\tcp312\tcpu\tread\tx", "does not go with folder"),
        ("cuda.tsv", "cu140\t14.0\tR700\t1\t1\t1\tread\tx", "Invalid version"),
        ("capabilities.tsv", "2.99.0\tcu140\twin_amd64\tsm_90\tread\tx", "invalid literal"),
        ("mirrors.tsv", "here\thttps://mirror.example\tsimple\t*\tread\tx", "a mirror has a url with {folder}"),
        ("sizes.tsv", "cpu\tlinux\tmuch\t1\tx", "invalid literal"),
    ],
)
def test_a_bad_row_is_refused_by_file_and_line(tmp_path: Path, name: str, row: str, fault: str) -> None:
    catalogue = with_last_row(tmp_path, name, row)
    line = len(rows(name)) + 3
    with pytest.raises(CatalogueBroken, match=f"{name}, line {line}: ") as broken:
        READERS[name](catalogue)
    assert fault in str(broken.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueBroken, match=r"wheels\.tsv cannot be read .*: reinstall envtool"):
        _ = Catalogue(str(tmp_path)).builds


def test_a_mirror_of_unknown_contents(tmp_path: Path) -> None:
    catalogue = with_last_row(tmp_path, "mirrors.tsv", "here\thttps://mirror.example/{folder}\tsimple\t*\tread\tx")
    assert catalogue.mirrors["here"] == Mirror("here", "https://mirror.example/{folder}", "simple", ())


@pytest.mark.parametrize(
    ("platform", "family"),
    [
        ("linux_x86_64", "linux_x86_64"),
        ("manylinux1_x86_64", "linux_x86_64"),
        ("manylinux_2_28_aarch64", "linux_aarch64"),
        ("manylinux_2_17_aarch64.manylinux2014_aarch64", "linux_aarch64"),
        ("win_amd64", "win_amd64"),
        ("macosx_11_0_arm64", "macosx_arm64"),
    ],
)
def test_families(platform: str, family: str) -> None:
    assert family_of(platform) == family


def test_no_family() -> None:
    with pytest.raises(ValueError, match="no platform tag"):
        family_of("any")
