"""A real environment in which a test makes its faults."""

from __future__ import annotations

import ensurepip
import os
import sys
import venv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import whereabouts
from loopback import make_wheel

from envtool import target

if TYPE_CHECKING:
    from envtool.conditions import Here

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


class Environment:
    """An environment, and the folder where envtool is called."""

    def __init__(self, root: Path) -> None:
        self.prefix, self.project = root / "env", root / "project"
        venv.create(self.prefix, symlinks=True)
        self.project.mkdir()
        self.site = self.prefix / f"lib/python{MINOR}/site-packages"
        self.python = str(self.prefix / "bin/python")

    def write(self, path: str, text: str = "") -> Path:
        file = self.prefix.parent / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def install(self, name: str, version: str = "1.0", **modules: str) -> None:
        wheel = make_wheel(self.prefix.parent / "wheels", name, version, **modules)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(self.site)

    def install_pip(self) -> None:
        """The one that Python brings along, where it has its wheel; no program of it."""
        wheels = sorted(Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))
        if not wheels:
            pytest.skip("this Python brings no wheel of pip along")
        with zipfile.ZipFile(wheels[0]) as archive:
            archive.extractall(self.site)

    def here(self) -> Here:
        return whereabouts.here(self.project)._replace(
            target=target.inspect(self.python), executable=self.python, environment=os.environ
        )

    def needs(self, name: str, version: str, *requirements: str, tag: str = "py3-none-any") -> None:
        """A distribution that is installed, with what it needs and without a module."""
        info = f"env/lib/python{MINOR}/site-packages/{name}-{version}.dist-info"
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {requirement}" for requirement in requirements]
        self.write(f"{info}/METADATA", "\n".join(lines) + "\n")
        self.write(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n")
