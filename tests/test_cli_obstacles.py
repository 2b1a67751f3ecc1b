"""What install-torch --run sees in its way before it starts."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
import whereabouts
from mounting import mounted

from envtool.catalogue import Size
from envtool.cli.obstacles import obstacles

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of 20 MB, and an environment on another disk."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "small"))
    return tmp_path / "small"


def found(site: Path, size: Size | None, *, by_uv: bool = False) -> tuple[str, ...]:
    return obstacles(whereabouts.target(site, "pip"), sys.executable, size, by_uv=by_uv)


def test_a_disk_that_is_too_small(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mounted(small, "size=20m"):
        [fault] = found(tmp_path, Size(21, 30))
        assert fault == (
            f"{small} (temporary files) has 21 MB free, and the install needs about 22 MB there: "
            "free some, `envtool doctor --fix` helps, or set TMPDIR elsewhere"
        )
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
        assert found(tmp_path, Size(20, 30)) == ()
        assert found(tmp_path, Size(21, 30), by_uv=True) == ()
        assert found(tmp_path, None) == ()


def test_a_disk_that_is_too_small_with_the_cache(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    with mounted(small, "size=20m"):
        [fault] = found(tmp_path, Size(20, 30))
        assert fault.endswith("needs about 42 MB there, with what pip keeps in its cache: set PIP_NO_CACHE_DIR=1")
        assert found(tmp_path, Size(10, 30)) == ()


def test_an_environment_of_the_system_is_left_alone(tmp_path: Path) -> None:
    system = whereabouts.target(tmp_path)._replace(is_venv=False, externally_managed=True)
    [fault] = obstacles(system, os.devnull, None, by_uv=False)
    assert "PEP 668" in fault
