"""The Pythons of this machine: pyenv's, those on PATH, and the one that runs the tests; one a minor version."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

PYENV_ROOT = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")


def minor(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def found() -> dict[tuple[int, ...], str]:
    """The interpreter for each minor version. pyenv's shims are left out: one may name a version that is not enabled."""
    interpreters: dict[tuple[int, ...], str] = {sys.version_info[:2]: sys.executable}
    for executable in sorted(PYENV_ROOT.glob("versions/[23].*.*/bin/python")):
        version = executable.parent.parent.name
        if version.replace(".", "").isdigit():
            interpreters.setdefault(minor(version), str(executable))
    for version in ("2.7", *(f"3.{number}" for number in range(6, 16))):
        executable_on_path = shutil.which(f"python{version}")
        if executable_on_path and PYENV_ROOT not in Path(executable_on_path).parents:
            interpreters.setdefault(minor(version), executable_on_path)
    return dict(sorted(interpreters.items()))


FOUND = found()
SUPPORTED = {".".join(map(str, version)): path for version, path in FOUND.items() if version >= (3, 6)}
PYTHON_2 = FOUND.get((2, 7))
