"""The Pythons of this machine, by version."""

import os
import shutil
from pathlib import Path

PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"


def interpreter(version: str) -> "str | None":
    """The newest of pyenv's for a version such as 3.8, else the one on PATH."""
    of_pyenv = sorted(PYENV.glob(f"{version}.*/bin/python"))
    return str(of_pyenv[-1]) if of_pyenv else shutil.which(f"python{version}")
