"""scripts/wheel_facts.py: gathered facts become the tables of envtool/data."""

from __future__ import annotations

import sys
from dataclasses import astuple
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))  # a script's siblings are imported from its folder

import refresh_wheels
from wheel_tables import FILES, Source, read_table

FACTS = {
    "torch/README.md": "# What is known (2026-05-01)\n\nRead 2026-05-02.\n",
    "torch/wheels.tsv": """
torch_version|local_tag|host|index_folder|platform_tag|python_tags|basis|source
2.10.0|cu121|pytorch|cu121|linux_x86_64|cp313t cp310|read|index-2026-02
2.9.1|cu121|pytorch|cu121|linux_x86_64|cp39 cp310 cp311|inferred|by guess ()
2.9.1|cu121|pytorch|cu121|linux_x86_64|cp310|read-secondary|URLs in stored public copy
2.9.1|none|pytorch|cu121|linux_aarch64|cp310|read|index-2026-02
2.9.1|none|pytorch|(root)|manylinux2014_aarch64|cp310|read|index-2026-02
2.9.1|none|pypi|pypi(ships cu121)|manylinux1_x86_64|cp310|read|PyPI simple index via uv pip compile 2026-05-01; first upload 2025-01-02; CUDA from PEP 658 metadata
2.9.1|none|pypi|pypi(ships cpu+mps)|macosx_11_0_arm64|cp310|read|PyPI simple index via uv pip compile 2026-05-01; first upload 2025-01-03; CUDA from PEP 658 metadata
2.9.1|rocm6.4|pytorch|rocm6.4|linux_x86_64|cp310|read|index-2026-02
2.10.0|rocm7.0|pytorch|rocm7.0|linux_x86_64|cp310|read|index-2026-02
2.10.0rc1|cu121|pytorch|cu121|linux_x86_64|cp310|read|index-2026-02
1.3.1|cpu|pytorch|cpu|linux_x86_64|cp36|read|index-2026-02
1.8.0|cu110|pytorch|cu110|linux_x86_64|cp38|read|index-2026-02
1.8.0|cu92|pytorch|cu92|linux_x86_64|cp38|read|index-2026-02
2.10.0|cu130|pytorch|cu130|win_amd64|cp310|inferred|by guess ()
""",
    "torch/torchvision_wheels.tsv": """
torchvision_version|local_tag|index_folder|platform_tag|python_tags|basis|source
0.24.1|none|(root)|macosx_11_0_arm64|cp310|read|index-2026-02
0.24.1|cu121|cu121|linux_x86_64|cp310|read|index-2026-02
""",
    "torch/pairs.tsv": """
torch|torchvision|torchaudio|basis|source
2.9.1|0.24.0 0.24.1|2.9.1|read|PyPI PEP658 metadata via uv/pip dry-run 2026-05-01
1.8.2 (LTS)|0.9.2|0.8.2|read|a page
""",
    "torch/cuda_driver.tsv": """
kind|tag|toolkit_driver_linux_min|toolkit_driver_windows_min|basis|source
release|cu130|580.95.05|N/A|read|table 3 (stored public copy)
release|cu130|580.65.06|N/A|read|table 3 (stored public copy)
release|cu131|R590 branch|N/A|read|table 3 (stored public copy)
release|cu121|530.30.02|531.14|read|older table
release|cu110|450.51.05|451.48|read|older table
release|cu110|450.36.06|451.22|read|older table
release|cu92|396.26|397.44|read|older table
uv|cu92|1|1|read|uv
""",
    "torch/arch_list.tsv": """
torch_version|local_tag|platform|compute_capabilities|basis|source
1.8.0|cu110|linux_x86_64|CONFLICT: on 2021-03-02 it says 5.0;7.0;8.0, commit 8924a15 restores 3.7;5.0;6.0;7.0;8.0|inferred|owner/builder @8c82f75
2.9.0|cu121|linux_x86_64|5.0;9.0;12.0+PTX (minimum; not read)|read|owner/builder release/2.9
""",
    "torch/rocm.tsv": """
torch_version|tag|gfx_targets|gfx_basis|source
2.10.0|rocm7.0|+ gfx950 (vs 6.4)|inferred|wheels.tsv; gfx: uv
2.9.1|rocm6.4|gfx1030 gfx90a (uv adds gfx1101)|read|wheels.tsv; gfx: stored public copy
2.9.1|rocm6.4|gfx900 (uv)|inferred|wheels.tsv; gfx: uv
""",
    "torch/mirrors.tsv": """
mirror|base_url|layout|holds|basis|source
PyTorch official|https://index.example/whl/{tag}|PEP 503|all|read|a page
Nju (N)|https://nju.example/whl/{tag} (also another)|PEP 503|cpu cu128 cu121; nvidia-*-cu12|read-secondary|stored public copy
Sjtu|https://sjtu.example/{tag}/|FLAT|as far as known|read-secondary|stored public copy (flat)
A registry's|https://registry.example/simple|registry|default builds|read|a page
""",
    "hosts/gpu_names.tsv": """
name|compute_capability|last_driver_branch|ambiguous|pci_device_ids|source
GeForce GT 710|2.1|390|2.1^3.5|104d|pci.ids
GeForce GT 710|3.5|470|2.1^3.5|1281|pci.ids
GeForce GT 710|3.5|470|2.1^3.5|1280|pci.ids
NVIDIA L4|8.9|current (>=615)||27b8|pci.ids
""",
    "hosts/amd_gfx.tsv": """
product|gfx|pci_device_ids|source
(no market name)|gfx1103|15c8|pci.ids
(no market name)|gfx1103|15bf|pci.ids
""",
}

TABLES = {
    "wheels.tsv": """
version local index folder platform pythons backend basis source
1.8.0 cu92 pytorch cu92 linux_x86_64 cp38 cu92 read index-2026-02
1.8.0 cu110 pytorch cu110 linux_x86_64 cp38 cu110 read index-2026-02
2.9.1 - pytorch cu121 linux_aarch64 cp310 cu121 read index-2026-02
2.9.1 - registry - macosx_11_0_arm64 cp310 cpu read pypi-1
2.9.1 - registry - manylinux1_x86_64 cp310 cu121 read pypi-1
2.9.1 cu121 pytorch cu121 linux_x86_64 cp39,cp311 cu121 inferred note-1
2.9.1 cu121 pytorch cu121 linux_x86_64 cp310 cu121 read-secondary urls-1
2.9.1 rocm6.4 pytorch rocm6.4 linux_x86_64 cp310 rocm6.4 read index-2026-02
2.10.0 cu121 pytorch cu121 linux_x86_64 cp310,cp313t cu121 read index-2026-02
2.10.0 cu130 pytorch cu130 win_amd64 cp310 cu130 inferred note-1
2.10.0 rocm7.0 pytorch rocm7.0 linux_x86_64 cp310 rocm7.0 read index-2026-02
""",
    "torchvision_wheels.tsv": """
version local folder platform pythons basis source
0.24.1 - - macosx_11_0_arm64 cp310 read index-2026-02
0.24.1 cu121 cu121 linux_x86_64 cp310 read index-2026-02
""",
    "companions.tsv": """
torch torchvision torchaudio basis source
1.4.0 0.5.0 - read pytorch-1
1.5.0 0.6.0 - read pytorch-1
1.5.1 0.6.1 - read pytorch-1
1.6.0 0.7.0 - read pytorch-1
2.9.1 0.24.0,0.24.1 2.9.1 read pypi-2
""",
    "cuda.tsv": """
backend cuda own_linux own_windows floor_linux floor_windows basis source
cu92 9.2 396.26 397.44 396.26 397.44 read older-1
cu110 11.0 450.36.06 451.22 450.36.06 451.22 read older-1
cu121 12.1 530.30.02 531.14 525.60.13 528.33 read older-1
cu130 13.0 580.65.06 580 580 580 read table-1
""",
    "capabilities.tsv": """
version backend platform capabilities basis source
1.8.0 cu110 linux_x86_64 5.0,7.0,8.0 inferred builder-1
2.9.0 cu121 linux_x86_64 5.0,9.0,12.0+PTX read builder-2
2.9.1 cu121 linux_x86_64 5.0,9.0,12.0+PTX inferred builder-2
""",
    "rocm.tsv": """
version backend gfx basis source
2.9.1 rocm6.4 gfx900,gfx90a,gfx1030 read public-1
2.10.0 rocm7.0 gfx900,gfx90a,gfx950,gfx1030 inferred uv-1
""",
    "mirrors.tsv": """
name url layout folders basis source
nju https://nju.example/whl/{folder} simple cpu,cu121,cu128 read-secondary public-1
sjtu https://sjtu.example/{folder} flat * read-secondary public-2
""",
}


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    for name, text in FACTS.items():
        path = tmp_path / "facts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip().replace("|", "\t").replace("^", "|"), encoding="utf-8")
    return tmp_path / "facts" / "torch"


@pytest.fixture
def data(facts: Path, tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    assert refresh_wheels.main(["--facts", str(facts), "--data", str(tmp_path / "data")]) == 0
    return tmp_path / "data"


def rows(data: Path, name: str) -> list[list[str]]:
    head, *lines = (data / name).read_text(encoding="utf-8").splitlines()
    assert head.startswith("# ")
    return [line.split("\t") for line in lines]


@pytest.mark.parametrize("name", TABLES)
def test_facts_become_a_table(data: Path, name: str) -> None:
    expected = [[cell.replace(",", " ") for cell in line.split()] for line in TABLES[name].split("\n") if line]
    assert rows(data, name) == expected
    assert (data / name).read_text(encoding="utf-8").split("\n")[0].endswith("; facts as of 2026-05-01")


def test_a_name_that_is_ambiguous_has_its_own_value_first(data: Path) -> None:
    assert rows(data, "gpus.tsv")[1:] == [
        ["amd", "-", "gfx1103", "15bf,15c8", "-", "pci-1"],
        ["nvidia", "GeForce GT 710", "2.1 3.5", "104d", "390", "pci-1"],
        ["nvidia", "GeForce GT 710", "3.5 2.1", "1280,1281", "470", "pci-1"],
        ["nvidia", "NVIDIA L4", "8.9", "27b8", "-", "pci-1"],
    ]


def test_a_source_reads_as_a_sentence(data: Path) -> None:
    said = {key: (source, read) for key, source, read in rows(data, "sources.tsv")}
    assert said["index-2026-02"] == ("the wheel index's pages of torch and torchvision", "2026-02")
    assert said["pypi-1"] == ("PyPI simple index; CUDA from PEP 658 metadata", "2026-05-01")
    assert said["urls-1"][0] == "URLs quoted in public pages"
    assert said["table-1"][0].startswith("table 3; no Windows number is printed")
    assert said["public-2"][0] == "public pages (flat)"


def test_facts_without_a_date_are_refused(facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (facts / "README.md").write_text("# What is known\n", encoding="utf-8")
    assert refresh_wheels.main(["--facts", str(facts), "--data", str(tmp_path)]) == 3
    assert "has no heading with a date" in capsys.readouterr().err


def test_the_tables_of_the_project_name_their_sources_and_stay_small() -> None:
    known = {row.key for row in read_table(refresh_wheels.DATA, Source)}
    for kind in FILES:
        for row in read_table(refresh_wheels.DATA, kind):
            assert kind is Source or astuple(row)[-1] in known, row
    assert sum((refresh_wheels.DATA / name).stat().st_size for name in FILES.values()) < 300_000
