"""Gathered facts become tables: what needs no row has none, and what pipreqs gets wrong has one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

import refresh_imports

if TYPE_CHECKING:
    from collections.abc import Sequence

FACTS: dict[str, Sequence[str]] = {
    "import_names.tsv": (
        "import|distribution|alternatives|confidence|sources|note",
        "cv2|opencv-python|a-headless / b-contrib|certain|RECORD|no `cv2` on PyPI; 4 PyPI distributions install it",
        "requests|requests||certain|pigar|",
        "space.a|space-a||certain|curated|",
        "space.a.b|space-a||likely|curated|",
        "rare|rare-thing||likely|pigar|not among the 15,000 most downloaded; only claimant",
        "types_boto3_s3|types-boto3-full||likely|pigar|",
        "psycopg2|psycopg2-binary|psycopg2|certain|curated|",
        "mlib|||disputed|curated|built from source",
    ),
    "ambiguous.tsv": (
        "import|most_likely|confidence|why|never_suggest_or_state|kind",
        'utils|(local folder)|likely|a folder of the repository|never suggest: utils 1.0, last release 2020-01, rank 1, "U"|local-module name',
        'mlib|(none)|disputed|built from source|never suggest: mlib 1.0, last release 2020-01, rank none, "Music"|import without a clear PyPI owner',
        "space|(none)|likely||not on the list|dummy, squat or namesake of an import",
        "cv2|opencv-python|certain|||import claimed by several",
    ),
    "pipreqs_wrong.tsv": (
        "import|pipreqs_says|right|confidence|kind|why|source",
        "docker|docker_py|docker|certain|hijack|the same name|pipreqs 0.5.0",
        "cv2|cv2|opencv-python|certain|fallback|x|pipreqs 0.5.0",
        "old|older|(unknown)|disputed|wrong|does not install it|pipreqs 0.5.0",
        "both|both_py|both|disputed|other claimant|neither is used|pipreqs 0.5.0",
    ),
    "stdlib.tsv": (
        "module|in_2.7|first_3.x|last_version_if_removed|sources",
        "os|yes|3.0||lib-folder;stdlibs",
        "imp|yes|3.0|3.11|lib-folder",
        "urllib2|yes|||lib-folder",
    ),
    "backports.tsv": (
        "backport_name|distribution|stdlib|marker|state_on_list|note",
        'tomli|tomli|tomllib|python_version < "3.11"|rank 101|read only',
        'StrEnum|strenum|enum|python_version < "3.11"|rank 826|imports as strenum',
        'mock|mock|unittest.mock|python_version < "3.8"|rank 785|code importing mock still needs it',
        'pathlib2|pathlib2|pathlib|python_version < "3.4"|rank 2212|',
        'standard_imp|standard-imp|imp|python_version >= "3.12"|rank none|REVERSE',
        'zombie_imp|zombie-imp|imp, old|python_version >= "3.12"|rank 7|REVERSE',
    ),
}


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    folder = tmp_path / "facts"
    folder.mkdir()
    (folder / "README.md").write_text("# Import names (2026-11)\n", encoding="utf-8")
    for name, lines in FACTS.items():
        (folder / name).write_text("\n".join(lines).replace("|", "\t").replace(" / ", " | ") + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def tables(facts: Path, tmp_path: Path) -> dict[str, dict[str, list[str]]]:
    """By table and first cell, the other cells."""
    refresh_imports.main(["--facts", str(facts), "--data", str(tmp_path)])
    return {path.name: rows(path) for path in tmp_path.glob("*.tsv")}


def rows(path: Path) -> dict[str, list[str]]:
    head, _, *lines = path.read_text(encoding="utf-8").splitlines()
    assert head.endswith("facts as of 2026-11")
    return {cells[0]: cells[1:] for cells in (line.split("\t") for line in lines)}


def test_names(tables: dict[str, dict[str, list[str]]]) -> None:
    found = tables["import_names.tsv"]
    assert found["cv2"] == ["opencv-python", "a-headless b-contrib", "certain", "no `cv2` on PyPI", "RECORD"]
    assert found["space.a"] == ["space-a", "-", "certain", "-", "curated"]
    assert found["docker"] == ["docker", "-", "certain", "-", "against pipreqs 0.5.0"]
    assert found["psycopg2"][0] == "psycopg2"
    assert not found.keys() & {"requests", "space.a.b", "rare", "types_boto3_s3", "mlib", "both", "old"}


def test_traps(tables: dict[str, dict[str, list[str]]]) -> None:
    found = tables["import_traps.tsv"]
    assert found["utils"][:2] == ["local", "-"]
    assert found["mlib"][:2] == ["absent", "built from source; mlib is another project: Music"]
    assert found["space"][:2] == ["namespace", "shared by many distributions"]
    assert found["old"][:2] == ["absent", "does not install it"]
    assert "cv2" not in found


def test_standard_library(tables: dict[str, dict[str, list[str]]]) -> None:
    assert tables["stdlib.tsv"] == {
        "imp": ["yes", "3.0", "3.11", "lib-folder"],
        "os": ["yes", "3.0", "now", "lib-folder"],
        "urllib2": ["yes", "-", "-", "lib-folder"],
    }


def test_backports(tables: dict[str, dict[str, list[str]]]) -> None:
    found = tables["backports.tsv"]
    assert set(found) == {"tomli", "strenum", "imp", "old"}
    assert found["imp"][:2] == ["zombie-imp", 'python_version >= "3.12"']
    assert found["tomli"][2] == "read only"


def test_facts_that_are_not_there_stop_it(facts: Path, tmp_path: Path) -> None:
    (facts / "stdlib.tsv").unlink()
    with pytest.raises(SystemExit, match=r"stdlib\.tsv is not there"):
        refresh_imports.main(["--facts", str(facts), "--data", str(tmp_path)])


def test_facts_without_a_date_stop_it(facts: Path, tmp_path: Path) -> None:
    (facts / "README.md").write_text("# Import names\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="no heading with a date"):
        refresh_imports.main(["--facts", str(facts), "--data", str(tmp_path)])
