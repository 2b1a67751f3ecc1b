"""Which installer a target gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envtool import installer
from envtool.errors import TargetUnusable
from envtool.facts import Interpreter, Package, Target

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = "/env/bin/python"


def target(*packages: str) -> Target:
    return Target(
        python=Interpreter("cpython", "3.12.7", executable=PYTHON),
        arch="x86_64",
        libc=None,
        platform="linux-x86_64",
        prefix="/env",
        is_venv=True,
        externally_managed=False,
        site_packages="/env",
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
