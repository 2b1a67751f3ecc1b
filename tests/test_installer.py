"""Which installer a target gets, and what the disks say before it starts."""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING, NamedTuple

import pytest

from envtool import installer
from envtool.errors import TargetUnusable
from envtool.facts import Interpreter, Package, Target

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = "/env/bin/python"


class Usage(NamedTuple):
    free: int


def target(*packages: str, prefix: str = "/env", is_venv: bool = True, externally_managed: bool = False) -> Target:
    return Target(
        python=Interpreter("cpython", "3.12.7", executable=PYTHON),
        arch="x86_64",
        libc=None,
        platform="linux-x86_64",
        prefix=prefix,
        is_venv=is_venv,
        externally_managed=externally_managed,
        site_packages=prefix,
        packages=tuple(Package(name, "1") for name in packages),
    )


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    program = tmp_path / "uv"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return str(program)


class TestAround:
    def test_its_own_pip_comes_first(self, uv: str) -> None:
        assert uv
        assert installer.around(target("pip"), PYTHON, None) == ((PYTHON, "-m", "pip"), ())

    def test_uv_where_there_is_no_pip_or_where_it_is_asked_for(self, uv: str) -> None:
        by_uv = ((uv, "pip"), ("--python", PYTHON))
        assert installer.around(target(), PYTHON, None) == by_uv
        assert installer.around(target("pip"), PYTHON, "uv") == by_uv

    @pytest.mark.parametrize(("asked", "fault"), [(None, "has no pip"), ("pip", "has no pip"), ("uv", "uv is not on")])
    def test_neither(self, monkeypatch: pytest.MonkeyPatch, asked: str | None, fault: str) -> None:
        monkeypatch.setenv("PATH", "")
        with pytest.raises(TargetUnusable, match=fault):
            installer.around(target(), PYTHON, asked)


class TestObstacles:
    def test_room_enough(self, tmp_path: Path) -> None:
        assert installer.obstacles(target(prefix=str(tmp_path)), 0, 0) == ()

    def test_one_disk_holds_the_download_and_what_comes_of_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1000 * 2**20))
        assert installer.obstacles(target(prefix=str(tmp_path)), 400, 600) == ()
        [fault] = installer.obstacles(target(prefix=str(tmp_path)), 400, 601)
        assert fault.startswith(f"{tmp_path} has 1000 MiB free, and the install needs about 1001 MiB")

    def test_an_environment_of_the_system_is_left_alone(self, tmp_path: Path) -> None:
        system = target(prefix=str(tmp_path), is_venv=False, externally_managed=True)
        [fault] = installer.obstacles(system, 0, 0)
        assert "PEP 668" in fault
