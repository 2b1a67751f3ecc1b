"""envtool doctor --fix: real caches of pip and uv are emptied by pip and uv, and nothing else is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import whereabouts
from loopback import bare_environment, make_wheel, serving
from mounting import mounted

import envtool
from envtool.checkup import CHECKS
from envtool.cli.doctor.fix import free_room
from envtool.conditions.hoards import Hoard
from envtool.surroundings import room

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.skipif(os.name == "nt", reason="asks on a pseudo-terminal, and counts as Unix disks do")
UV = Path(sys.executable).parent / "uv"
BACKEND = """
import shutil
def build_wheel(folder, settings=None, metadata=None):
    shutil.copy("{wheel}", folder)
    return "{wheel}"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """With models of the hub and a file of the user's in it, which nobody may touch."""
    folder = tmp_path / "home"
    for name in (".cache/huggingface/hub/models--a/blobs/b", "project/data.bin", ".cache/pip-mine/c", "thesis.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes(5000))
    return folder


def environment(home: Path, **changes: str) -> Mapping[str, str]:
    path = str(Path(envtool.__file__).parent.parent)
    return bare_environment(**{"PYTHONPATH": path, "HOME": str(home), "PATH": os.defpath, **changes})


def doctor(
    home: Path, *arguments: str, stdin: int = subprocess.DEVNULL, **changes: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "envtool", "doctor", "--python", sys.executable, *arguments],
        env=environment(home, **changes),
        cwd=home / "project",
        stdin=stdin,
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )


def answering(answer: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As from a terminal on which that is typed."""
    ours, theirs = os.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        return doctor(home, *arguments, stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)


def sdist(folder: Path) -> Path:
    """A package whose build needs nothing else."""
    wheel = make_wheel(folder / "made", "demo", "1.0", demo="x = 1")
    path = folder / "served" / "demo-1.0.tar.gz"
    files = {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "PKG-INFO": "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
        "backend.py": BACKEND.replace("{wheel}", wheel.name),
    }
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            (folder / "made" / name).write_text(text)
            archive.add(folder / "made" / name, f"demo-1.0/{name}")
        archive.add(wheel, f"demo-1.0/{wheel.name}")
    return path


@pytest.fixture
def built(tmp_path: Path, home: Path) -> Path:
    """The wheel that pip keeps of a package that it has built."""
    archive = sdist(tmp_path)
    with serving(archive.parent) as url:
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--target", tmp_path / "site", f"{url}/{archive.name}"],
            env=environment(home),
            check=True,
            capture_output=True,
            timeout=120,
        )
    [wheel] = (home / ".cache" / "pip" / "wheels").rglob("demo-1.0-*.whl")
    assert zipfile.is_zipfile(wheel)
    return wheel


def listing(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestPip:
    def test_its_cache_is_purged_and_nothing_else(self, home: Path, built: Path) -> None:
        cache = home / ".cache" / "pip"
        with (built.parent / "large").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 101 * 10**6)
        assert doctor(home, "pip-cache").stdout.startswith("note ")
        (built.parent / "large").rename(built.parent / "large-1.0-py3-none-any.whl")
        before = {name: text for name, text in listing(home).items() if not name.startswith(".cache/pip/")}
        ran = doctor(home, "pip-cache", "--fix", "-y")
        assert ran.returncode == 0
        assert not built.exists()
        after = listing(home)
        assert {name: text for name, text in after.items() if not name.startswith(".cache/pip/")} == before
        assert f"in {cache}, or what of it may go: {sys.executable} -m pip cache purge" in ran.stderr
        assert "Files removed: " in ran.stderr
        assert "\nfreed   101 MB; " in ran.stderr
        assert "free and has" in ran.stderr
        assert ran.stdout.startswith("ok ")

    def test_it_asks(self, home: Path, built: Path) -> None:
        declined = answering("n", home, "pip-cache", "--fix")
        assert declined.returncode == 0
        assert "Run it? [y/N]" in declined.stderr
        assert built.exists()
        assert "Files removed" in answering("y", home, "pip-cache", "--fix").stderr
        assert not built.exists()

    def test_json_stays_json(self, home: Path, built: Path) -> None:
        ran = doctor(home, "pip-cache", "--fix", "-y", "--json")
        assert [check["id"] for check in json.loads(ran.stdout)["checks"]] == ["pip-cache"]
        assert not built.exists()


@pytest.mark.skipif(not UV.exists(), reason="uv is not installed beside this interpreter")
class TestUv:
    def test_what_is_outdated_goes(self, tmp_path: Path, home: Path) -> None:
        wheel = make_wheel(tmp_path / "wheels", "demo", "1.0", demo="x = 1")
        install = [UV, "pip", "install", "--no-index", "--target", tmp_path / "site", wheel]
        subprocess.run(list(map(str, install)), env=environment(home), check=True, capture_output=True, timeout=60)
        kept = listing(home / ".cache" / "uv")
        old = home / ".cache" / "uv" / "wheels-v0" / "old.whl"
        old.parent.mkdir()
        old.write_bytes(bytes(9_000_000))
        ran = doctor(home, "uv-cache", "--fix", "-y", PATH=str(UV.parent))
        assert (ran.returncode, old.exists()) == (0, False)
        assert listing(home / ".cache" / "uv") == kept
        assert "freed   9 MB; " in ran.stderr


class TestOffers:
    def test_only_what_is_safe(self, tmp_path: Path, home: Path, built: Path) -> None:
        """All checks that can free something were asked; the tool of the hub asks back, and is not run."""
        tool = tmp_path / "bin" / "hf"
        tool.parent.mkdir()
        tool.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
        tool.chmod(0o755)
        ids = [check.id for check in CHECKS.values() if check.part == "hoards"]
        ran = doctor(home, *ids, "--fix", "-y", PATH=f"{tool.parent}:{os.defpath}")
        assert ran.stderr.count("may go: ") == 1
        assert not built.exists()
        assert not (tmp_path / "was-run").exists()

    def test_only_what_was_chosen(self, home: Path, built: Path) -> None:
        ran = doctor(home, "torch-hub", "--fix", "-y")
        assert ran.returncode == 0
        assert "there is nothing to free" in ran.stderr
        assert built.exists()

    def test_a_tool_that_fails(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        at = whereabouts.here(tmp_path)
        (tmp_path / "full").write_bytes(bytes(5000))
        broken = Hoard("uv-cache", str(tmp_path), 5000, None, ("false",), is_safe=True)
        assert free_room(whereabouts.conditions(at, hoards=(broken,)), (), yes=True)
        assert "failed  false ended with status 1" in capfd.readouterr().err

    def test_a_disk_that_is_full_of_what_pip_keeps(self, tmp_path: Path) -> None:
        """Chosen was a check that frees nothing itself: all that can be freed is offered, and the check then passes."""
        with mounted(tmp_path / "disk", "size=150m") as disk:
            at = whereabouts.here(disk, "pip", PIP_CACHE_DIR=str(disk / "cache"))
            at = at._replace(planned=whereabouts.PLANNED._replace(download_mib=30, installed_mib=40))
            (disk / "cache" / "http").mkdir(parents=True)
            with (disk / "cache" / "http" / "a").open("wb") as kept:
                os.posix_fallocate(kept.fileno(), 0, 100 << 20)
            check = CHECKS["disk-space"]
            short = whereabouts.conditions(at, room=room.look(at))
            assert check.judge(short).status == "error"
            assert free_room(short, ("disk-space",), yes=True)
            freed = check.judge(whereabouts.conditions(at, room=room.look(at)))
        assert freed.status == "warning"  # nearly full, but the install fits

    def test_an_error_that_is_left(self, home: Path, built: Path) -> None:
        assert built.exists()
        with mounted(home / "small", "size=20m") as small:
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", small / "env"], check=True, timeout=60)
            ran = doctor(home, "disk-space", "--fix", "-y", "--python", str(small / "env"))
        assert ran.returncode == 1
        assert ran.stdout.startswith("error ")


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--fix",), "there is no terminal to ask on: give -y"),
            (("-y",), "-y answers what --fix asks"),
            (("--fix", "-y", "--log", "install.log"), "--fix goes with the checks alone"),
            (("--fix", "-y", "--", "true"), "--fix goes with the checks alone"),
        ],
    )
    def test_what_cannot_be_meant(self, home: Path, arguments: tuple[str, ...], said: str) -> None:
        ran = doctor(home, *arguments)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert said in ran.stderr
