"""scripts/refresh_wheels.py: the tables refreshed from a small index on loopback."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from small_index import HTML, JSON, Site, name_of, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Refresh = Callable[..., tuple[int, list[str], str]]  # options -> exit status, drift, what a person should know

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))  # a script's siblings are imported from its folder

import refresh_wheels
import wheel_index

TABLES = {
    "wheels.tsv": """
version local index folder platform pythons backend basis source
1.8.0 cu92 pytorch cu92 linux_x86_64 cp38 cu92 read page-1
2.9.1 - pytorch cu121 linux_aarch64 cp310 cu121 read page-1
2.9.1 - registry - macosx_11_0_arm64 cp310 cpu read page-1
2.9.1 - registry - manylinux1_x86_64 cp310 cu121 read page-1
2.9.1 cu121 pytorch cu121 linux_x86_64 cp39,cp311 cu121 inferred guess-1
2.9.1 cu121 pytorch cu121 linux_x86_64 cp310 cu121 read-secondary page-1
2.9.1 rocm6.4 pytorch rocm6.4 linux_x86_64 cp310 rocm6.4 read page-1
2.10.0 cu121 pytorch cu121 linux_x86_64 cp310,cp313t cu121 read page-1
2.10.0 cu130 pytorch cu130 win_amd64 cp310 cu130 inferred guess-1
""",
    "torchvision_wheels.tsv": """
version local folder platform pythons basis source
0.24.1 - - macosx_11_0_arm64 cp310 read page-1
0.24.1 cu121 cu121 linux_x86_64 cp310 read page-1
""",
    "companions.tsv": """
torch torchvision torchaudio basis source
1.8.0 0.9.0 - read page-1
2.9.1 0.24.0,0.24.1 2.9.1 read page-1
""",
    "cuda.tsv": """
backend cuda own_linux own_windows floor_linux floor_windows basis source
cu92 9.2 396.26 397.44 396.26 397.44 read page-1
cu121 12.1 530.30.02 531.14 525.60.13 528.33 read page-1
cu130 13.0 580.65.06 580 580 580 read page-1
""",
    "capabilities.tsv": """
version backend platform capabilities basis source
2.9.1 cu121 linux_x86_64 5.0,9.0,12.0+PTX read page-1
""",
    "rocm.tsv": """
version backend gfx basis source
2.9.1 rocm6.4 gfx900,gfx1030 read page-1
""",
    "sources.tsv": """
key source read
guess-1 guess 2026-05-01
page-1 page 2026-05-01
""",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, text in TABLES.items():
        table = text.lstrip().replace(" ", "\t").replace(",", " ")
        (tmp_path / name).write_text(f"# a table; facts as of 2026-05-01\n{table}", encoding="utf-8")
    return tmp_path


def rows(data: Path, name: str) -> list[list[str]]:
    head, *lines = (data / name).read_text(encoding="utf-8").splitlines()
    assert head.startswith("# ")
    return [line.split("\t") for line in lines]


def contents(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in data.iterdir()}


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as here:
        yield here


@pytest.fixture
def refresh(site: Site, data: Path, capsys: pytest.CaptureFixture[str]) -> Refresh:
    def run(*options: str) -> tuple[int, list[str], str]:
        capsys.readouterr()
        status = refresh_wheels.main(["--index", f"{site.url}/whl/", "--data", str(data), *options])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err

    return run


KNOWN = (  # the confirmed builds of TABLES, as an index links to them
    "../../cu92/torch-1.8.0%2Bcu92-cp38-cp38-linux_x86_64.whl",
    "/whl/cu121/torch-2.9.1-cp310-cp310-linux_aarch64.whl",
    "https://files.example/whl/cu121/torch-2.9.1%2Bcu121-cp310-cp310-linux_x86_64.whl",
    "/whl/rocm6.4/torch-2.9.1+rocm6.4-cp310-cp310-linux_x86_64.whl",
    "/whl/cu121/torch-2.10.0%2Bcu121-cp310-cp310-linux_x86_64.whl",
    "/whl/cu121/torch-2.10.0%2Bcu121-cp313-cp313t-linux_x86_64.whl",
)
GUESSED = (  # the inferred ones
    "/whl/cu121/torch-2.9.1%2Bcu121-cp39-cp39-linux_x86_64.whl",
    "/whl/cu121/torch-2.9.1%2Bcu121-cp311-cp311-linux_x86_64.whl",
    "/whl/cu130/torch-2.10.0%2Bcu130-cp310-cp310-win_amd64.whl",
)
VISION = (
    "/whl/torchvision-0.24.1-cp310-cp310-macosx_11_0_arm64.whl",
    "/whl/cu121/torchvision-0.24.1%2Bcu121-cp310-cp310-linux_x86_64.whl",
)
CONFIRMED = [
    "^ torch 2.9.1+cu121 in cu121 for linux_x86_64: cp39 cp310 cp311",
    "^ torch 2.10.0+cu130 in cu130 for win_amd64: cp310",
]


@pytest.mark.parametrize("kind", [HTML, JSON])
def test_check_finds_drift_and_none_after_a_write(site: Site, data: Path, refresh: Refresh, kind: str) -> None:
    new = "/whl/cu121/torch-2.10.1%2Bcu121-cp314-cp314t-manylinux_2_28_x86_64.whl"
    site.lists("/whl/cu121/torch/", *KNOWN[:5], new, kind=kind)
    site.lists("/whl/cu130/torch/", *KNOWN[5:], *GUESSED, kind=kind)
    site.lists("/whl/torchvision/", *VISION, kind=kind)
    before = contents(data)
    drift = ["+ torch 2.10.1+cu121 in cu121 for manylinux_2_28_x86_64: cp314t", *CONFIRMED]

    assert refresh("--check")[:2] == (1, drift)
    assert contents(data) == before
    assert refresh() == (0, drift, "refresh_wheels: torch 2.10.1 cu121 is new: capabilities.tsv needs its list\n")
    assert refresh("--check") == (0, ["no drift"], "")
    source = rows(data, "wheels.tsv")[-1][-1]
    assert re.fullmatch(r"index-\d{4}-\d\d-\d\d", source)
    assert source in {row[0] for row in rows(data, "sources.tsv")}
    assert contents(data).keys() == before.keys()
    assert all(kind.partition(";")[0] in accept for accept in site.accepted)


@pytest.fixture
def whole(site: Site) -> Site:
    """An index that agrees with the tables in everything."""
    site.lists("/whl/cu121/torch/", *KNOWN, *GUESSED)
    site.lists("/whl/torchvision/", *VISION)
    return site


def test_a_folder_that_only_the_root_page_names_is_read(whole: Site, refresh: Refresh) -> None:
    whole.says("/whl/", '<a href="torch/">torch</a> <a href="cu134/">cu134</a>')
    whole.lists("/whl/cu134/torch/", "../torch-2.11.0%2Bcu134-cp312-cp312-linux_x86_64.whl")
    _status, drift, notes = refresh("--check")
    assert drift == ["+ torch 2.11.0+cu134 in cu134 for linux_x86_64: cp312", *CONFIRMED]
    assert "cu134 of torch 2.11.0 is new: cuda.tsv needs the drivers of its toolkit" in notes


def test_other_channels_pre_releases_and_old_releases_are_left_out(whole: Site, refresh: Refresh) -> None:
    whole.lists(
        "/whl/cpu/torch/",
        *KNOWN,
        *GUESSED,
        "/whl/nightly/cpu/torch-2.12.0-cp312-cp312-linux_x86_64.whl",
        "/whl/cpu/torch-2.12.0.dev20260610%2Bcpu-cp312-cp312-linux_x86_64.whl",
        "/whl/cpu/torch-1.3.1%2Bcpu-cp36-cp36m-linux_x86_64.whl",
        "/whl/torch-2.0.1-cp310-cp310-manylinux2014_aarch64.whl",
        "/whl/cpu/torch-2.9.1.tar.gz",
        "/whl/cpu/torch_cuda80-0.1.6.post20-cp35-cp35m-linux_x86_64.whl",
        "/whl/cpu/torch-0.1-linux_x86_64.whl",
    )
    whole.answers["/whl/cu121/torch/"] = whole.answers.pop("/whl/cpu/torch/")
    _status, drift, notes = refresh("--check")
    assert drift == CONFIRMED
    assert "2 files passed over, not named as a wheel of torch: torch-0.1-linux_x86_64.whl ..." in notes


def test_a_new_patch_release_takes_its_neighbours_capabilities(whole: Site, data: Path, refresh: Refresh) -> None:
    whole.lists("/whl/cu130/torch/", "/whl/cu121/torch-2.9.2%2Bcu121-cp310-cp310-manylinux_2_28_x86_64.whl")
    _status, drift, notes = refresh()
    assert drift[-1] == "+ capabilities of torch 2.9.2 cu121 for linux_x86_64: 5.0 9.0 12.0+PTX"
    assert notes == ""
    carried = ["2.9.2", "cu121", "linux_x86_64", "5.0 9.0 12.0+PTX", "inferred", "page-1"]
    assert carried in rows(data, "capabilities.tsv")


def test_a_torch_without_companion_takes_the_newest_that_admits_it(whole: Site, data: Path, refresh: Refresh) -> None:
    whole.lists("/whl/torchvision/", *VISION, metadata=VISION)
    for wheel in VISION:
        whole.says(f"{wheel}.metadata", "Requires-Dist: torch>=2.9.1\n", "text/plain")
    assert refresh()[1] == [*CONFIRMED, "+ companion of torch 2.10.0: torchvision 0.24.1"]
    assert [row[:3] for row in rows(data, "companions.tsv")[-2:]] == [
        ["2.9.1", "0.24.0 0.24.1", "2.9.1"],
        ["2.10.0", "0.24.1", "-"],
    ]


def test_a_wheel_once_confirmed_is_reported_and_kept_when_it_is_gone(whole: Site, data: Path, refresh: Refresh) -> None:
    whole.lists("/whl/cu121/torch/", *KNOWN[1:], *GUESSED)
    gone = "- torch 1.8.0+cu92 in cu92 for linux_x86_64: cp38; no longer listed, kept"
    assert refresh()[:2] == (0, [gone, *CONFIRMED])
    assert refresh("--check")[:2] == (1, [gone])
    assert rows(data, "wheels.tsv")[1][0] == "1.8.0"


def test_an_inferred_wheel_that_is_not_there_is_taken_out(whole: Site, data: Path, refresh: Refresh) -> None:
    whole.lists("/whl/cu121/torch/", *KNOWN, GUESSED[0])
    assert refresh()[1] == [
        "- torch 2.9.1+cu121 in cu121 for linux_x86_64: cp311; was inferred, is not listed, taken out",
        "- torch 2.10.0+cu130 in cu130 for win_amd64: cp310; was inferred, is not listed, taken out",
        "^ torch 2.9.1+cu121 in cu121 for linux_x86_64: cp39 cp310",
    ]
    assert "cu130" not in {row[6] for row in rows(data, "wheels.tsv")}
    assert refresh("--check")[:2] == (0, ["no drift"])


TOOLKIT = """Metadata-Version: 2.1
Name: torch
Version: 2.11.0
Requires-Dist: filelock
Requires-Dist: cuda-toolkit[cublas,cudart]==13.0.3; platform_system == "Linux"
Requires-Dist: sympy>=1.13
"""


def test_the_registry_tells_what_its_new_builds_carry(whole: Site, data: Path, refresh: Refresh) -> None:
    torch = [
        f"/files/ab/torch-2.11.0-cp312-cp312-{name}.whl" for name in ("manylinux_2_28_x86_64", "macosx_14_0_arm64")
    ]
    known = [
        "/files/torch-2.9.1-cp310-cp310-manylinux1_x86_64.whl",
        "/files/torch-2.9.1-cp310-none-macosx_11_0_arm64.whl",
    ]
    silent = "/files/torch-2.11.0-cp312-cp312-win_amd64.whl"
    whole.lists("/simple/torch/", *torch, *known, silent, kind=JSON, metadata=(*torch, *known))
    for link in torch:
        whole.says(f"{link}.metadata", TOOLKIT, "text/plain")
    needs = {"0.25.0": "torch==2.10.0+cu121", "0.26.0": "torch>=2.11.0", "0.24.2": "torch", "0.24.1": "torch==2.9.1"}
    vision = {version: f"/files/torchvision-{version}-py3-none-any.whl" for version in needs}
    whole.lists("/simple/torchvision/", *vision.values(), kind=JSON, metadata=tuple(vision.values()))
    for version, need in needs.items():
        whole.says(f"{vision[version]}.metadata", f"Requires-Dist: numpy\nRequires-Dist: {need}\n", "text/plain")

    _status, drift, notes = refresh("--registry", f"{whole.url}/simple/")
    assert drift == [
        "+ torch 2.11.0 in registry for macosx_14_0_arm64: cp312",
        "+ torch 2.11.0 in registry for manylinux_2_28_x86_64: cp312",
        *CONFIRMED,
        "+ companion of torch 2.10.0: torchvision 0.25.0",
        "+ companion of torch 2.11.0: torchvision 0.26.0",
    ]
    new = [row[:7] for row in rows(data, "wheels.tsv") if row[0] == "2.11.0"]
    assert new == [
        ["2.11.0", "-", "registry", "-", "macosx_14_0_arm64", "cp312", "cpu"],
        ["2.11.0", "-", "registry", "-", "manylinux_2_28_x86_64", "cp312", "cu130"],
    ]
    assert "torch-2.11.0-cp312-cp312-win_amd64.whl is left out: no metadata says which CUDA it carries" in notes
    assert "torch 2.11.0 cu130 is new: capabilities.tsv needs its list" in notes
    assert not {f"{link}.metadata" for link in (*known, vision["0.24.1"])} & set(whole.asked)
    assert [row[:3] for row in rows(data, "companions.tsv")[-2:]] == [
        ["2.10.0", "0.25.0", "-"],
        ["2.11.0", "0.26.0", "-"],
    ]
    assert refresh("--check", "--registry", f"{whole.url}/simple")[:2] == (0, ["no drift"])


@pytest.mark.parametrize(
    ("need", "platform", "backend"),
    [
        ("nvidia-cuda-runtime-cu12==12.8.90", "manylinux_2_28_x86_64", "cu128"),
        ('nvidia-cuda-runtime-cu11 (==11.7.99) ; platform_system == "Linux"', "manylinux1_x86_64", "cu117"),
        ('nvidia-cuda-runtime==13.2.1; platform_machine == "x86_64"', "manylinux_2_28_aarch64", "cpu"),
        ('cuda-toolkit==13.2.0; sys_platform == "linux"', "manylinux_2_28_aarch64", "cu132"),
        ('cuda-toolkit==13.2.0; platform_system == "Linux"', "win_amd64", "cpu"),
        ("nvidia-cudnn-cu12==9.1.0.70", "manylinux_2_28_x86_64", "cpu"),
    ],
)
def test_the_requirements_name_the_cuda(need: str, platform: str, backend: str) -> None:
    assert wheel_index.cuda_backend((Requirement(need),), platform) == backend


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, HTML, '<a href="/login">Sign in</a>'), "text/html came, beginning '<a href=\"/login"),
        ((200, HTML, "<html>Welcome to this network</html>"), "is no page of a package index"),
        ((200, JSON, '{"message": "hello"}'), "is no page of a package index"),
        ((200, JSON, "[]"), "is no page of a package index"),
        ((200, "text/plain", "torch"), "text/plain came, beginning 'torch'"),
        ((503, "text/plain", "torch"), "answered 503 Service Unavailable: try again later"),
    ],
)
def test_a_page_that_is_no_index_is_an_error_that_names_it(
    whole: Site, data: Path, refresh: Refresh, answer: tuple[int, str, str], said: str
) -> None:
    before = contents(data)
    whole.answers["/whl/rocm6.4/torch/"] = answer
    status, drift, message = refresh()
    assert (status, drift) == (3, [])
    assert f"{whole.url}/whl/rocm6.4/torch/ " in message
    assert said in message
    assert contents(data) == before


@pytest.mark.parametrize("status", [403, 404])
def test_a_place_without_any_page_is_an_error(site: Site, refresh: Refresh, status: int) -> None:
    site.says("/whl/torch/", "absent", status=status)
    assert refresh("--check") == (
        3,
        [],
        f"refresh_wheels: {site.url}/whl has no page of torch: give the base address of an index\n",
    )


def test_metadata_that_cannot_be_read_is_an_error(whole: Site, refresh: Refresh) -> None:
    wheel = "/files/torchvision-0.26.0-py3-none-any.whl"
    whole.lists("/whl/cu121/torchvision/", f"/whl/cu121/{name_of(wheel)}", metadata=(f"/whl/cu121/{name_of(wheel)}",))
    whole.says(f"/whl/cu121/{name_of(wheel)}.metadata", "Requires-Dist: torch ==\n", "text/plain")
    status, _drift, message = refresh("--check")
    assert status == 3
    assert "torchvision-0.26.0-py3-none-any.whl.metadata holds a requirement that cannot be read" in message


@pytest.mark.parametrize(
    ("limit", "said"), [("SILENCE_S", "could not be read: timed out"), ("PAGE_S", "did not end within")]
)
def test_a_page_that_does_not_end_is_given_up(
    whole: Site, refresh: Refresh, monkeypatch: pytest.MonkeyPatch, limit: str, said: str
) -> None:
    monkeypatch.setattr(wheel_index, limit, 0.2 if limit == "SILENCE_S" else 0.0)
    whole.says("/whl/", "" if limit == "SILENCE_S" else "<html>long</html>")
    status, _drift, message = refresh("--check")
    assert status == 3
    assert f"{whole.url}/whl/ {said}" in message


def test_an_index_that_nobody_serves_is_an_error(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/whl"
        assert refresh_wheels.main(["--index", url, "--data", str(data)]) == 3
    assert f"{url}/ could not be read: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "is not there: give the folder with --data"),
        ("# x\nversion\tlocal\n", "does not begin with the columns version local index"),
        ("a row of 2 cells where 9 belong: 2.9.1", "a row of 2 cells where 9 belong: 2.9.1"),
    ],
)
def test_a_broken_table_is_an_error(site: Site, data: Path, refresh: Refresh, text: str | None, said: str) -> None:
    path = data / "wheels.tsv"
    whole = path.read_text(encoding="utf-8")
    path.unlink()
    if text is not None:
        path.write_text(text if text.startswith("#") else f"{whole}2.9.1\tcu121\n", encoding="utf-8")
    status, _drift, message = refresh("--check")
    assert status == 3
    assert said in message
    assert site.asked == []


@pytest.mark.parametrize("options", [["--index", "file:///whl"], ["--check", "--facts", "x"]])
def test_wrong_usage(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        refresh_wheels.main(options)
    assert ended.value.code == 2
    assert "usage: " in capsys.readouterr().err
