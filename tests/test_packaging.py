"""The wheel that users get: built from the sdist, whole, and at work outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import envtool

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("envtool", "reference_models")
RTX_3090 = {
    "schema": 1,
    "os": {"system": "Linux", "distribution": "ubuntu", "version": "22.04", "wsl": False},
    "arch": "x86_64",
    "libc": {"name": "glibc", "version": "2.35"},
    "python": {"implementation": "cpython", "version": "3.10.13", "free_threaded": False},
    "driver": {"vendor": "nvidia", "version": "525.105.17"},
    "gpus": [{"vendor": "nvidia", "name": "NVIDIA GeForce RTX 3090", "compute_capability": "8.6", "memory_mib": 24576}],
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--outdir", folder, ROOT], folder)
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment that the wheel is installed in."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    run([programs / "python", "-m", "pip", "install", "--quiet", wheel], folder)
    return programs


def run(argv: list[str | Path], folder: Path) -> str:
    """What the program prints; it must succeed. Nothing of the checkout is within its reach."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    ran = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=600)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_wheel_holds_both_packages_whole_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = {path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()}
    assert held == {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    folders = {name.rpartition("/")[0] for name in held}
    assert {*PACKAGES, "envtool/data", "envtool/_in_target"} <= folders
    assert "envtool/py.typed" in held


def test_the_wheel_carries_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert any(name.endswith(".dist-info/licenses/LICENSE") for name in archive.namelist())


def test_the_installed_program_shows_its_help(scripts: Path, tmp_path: Path) -> None:
    assert "install-torch" in run([scripts / "envtool", "--help"], tmp_path)


def test_the_installed_module_tells_its_version(scripts: Path, tmp_path: Path) -> None:
    assert envtool.__version__ in run([scripts / "python", "-m", "envtool", "--version"], tmp_path)


def test_the_installed_program_names_a_build(scripts: Path, tmp_path: Path) -> None:
    machine = tmp_path / "machine.json"
    machine.write_text(json.dumps(RTX_3090))
    asked = ["--machine", machine.name, "--torch", "1.12.1", "--cuda", "11.6"]
    assert run([scripts / "envtool", "install-torch", *asked], tmp_path) == (
        "pip install torch==1.12.1+cu116 torchvision==0.13.1+cu116"
        " --extra-index-url https://download.pytorch.org/whl/cu116\n"
    )
