"""The package index, asked through pip and uv: a small one of our own, on loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from loopback import bare_environment, make_wheel, serving
from packaging.version import Version

from envtool import registry, run
from envtool.errors import IndexUnusable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with one for each project; pip and uv know no other index."""
    folder = tmp_path / "index"
    for version in ("1.0", "1.10", "1.9", "2.0rc1"):
        make_wheel(folder / "envtool-first", "envtool_first", version)
    make_wheel(folder / "envtool-later", "envtool_later", "3.0", "cp27-none-any")
    make_wheel(folder / "envtool-later", "envtool_later", "2.0")
    with serving(folder) as url:
        environment = bare_environment(PIP_INDEX_URL=url, UV_DEFAULT_INDEX=url, UV_NO_CONFIG="1", UV_NO_CACHE="1")
        for name in os.environ.keys() - environment.keys():
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield folder


def pip_of_this_environment() -> Version:
    said = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=True).stdout
    return Version(said.split()[1])


@pytest.mark.usefixtures("index")
def test_the_newest_release_for_this_python() -> None:
    names = ["envtool-first", "envtool-nowhere", "envtool-later"]
    assert registry.newest(sys.executable, names) == {"envtool-first": "1.10", "envtool-later": "2.0"}


@pytest.mark.usefixtures("index")
def test_a_json_py_in_the_current_folder_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')\n")
    monkeypatch.chdir(tmp_path)
    assert registry.newest(sys.executable, ["envtool-first"]) == {"envtool-first": "1.10"}


@pytest.mark.parametrize("said", ["/opt/python: No module named pip", 'ERROR: unknown command "index" - did you mean'])
def test_a_target_without_a_pip_that_can_ask(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setattr(run, "capture", lambda *_arguments, **_options: run.Ran(1, "", said))
    with pytest.raises(IndexUnusable, match=r"/opt/python has no pip that can ask.*-m ensurepip.*leave out --online"):
        registry.newest("/opt/python", ["numpy"])


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_a_lock_has_hashes(monkeypatch: pytest.MonkeyPatch, resolver: str) -> None:
    if resolver == "pip":
        if pip_of_this_environment() < Version("25.1"):
            pytest.skip("pip lock came with 25.1")
        monkeypatch.setattr(shutil, "which", lambda *_arguments, **_options: None)
    packages = tomllib.loads(registry.lock("envtool-first\nenvtool-later<9\n", sys.executable))["packages"]
    assert [(package["name"], package["version"]) for package in packages] == [
        ("envtool-first", "1.10"),
        ("envtool-later", "2.0"),
    ]
    assert all(len(wheel["hashes"]["sha256"]) == 64 for package in packages for wheel in package["wheels"])


@pytest.mark.usefixtures("index")
def test_what_cannot_be_resolved_is_told_in_the_resolver_s_words() -> None:
    with pytest.raises(IndexUnusable, match=r"(?s)uv found no set of versions to lock\n.*envtool-first<1"):
        registry.lock("envtool-first<1\n", sys.executable)


@pytest.mark.parametrize("said", ["/opt/python: No module named pip", 'ERROR: unknown command "lock"'])
def test_no_resolver_at_all(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_arguments, **_options: None)
    monkeypatch.setattr(run, "capture", lambda *_arguments, **_options: run.Ran(1, "", said))
    with pytest.raises(IndexUnusable, match=r"takes a resolver, and there is none: install uv, or run `/opt/python -m"):
        registry.lock("numpy\n", "/opt/python")
