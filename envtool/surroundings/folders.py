"""The folders that tools write to, as the tools themselves or the environment name them."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from envtool import run

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT_S = 20.0
NO_CACHE = "cache is disabled"  # how pip says that it is told to keep none


def home(environment: Mapping[str, str]) -> Path:
    named = environment.get("USERPROFILE" if os.name == "nt" else "HOME")
    return Path(named or os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none


def caches(environment: Mapping[str, str]) -> Path:
    """Where those that follow the XDG convention keep what can be had again."""
    named = environment.get("XDG_CACHE_HOME")
    return Path(named) if named else home(environment) / ".cache"


def named_temporary(environment: Mapping[str, str]) -> str | None:
    return next((environment[name] for name in ("TMPDIR", "TEMP", "TMP") if environment.get(name)), None)


def temporary(environment: Mapping[str, str]) -> Path:
    """The folder for temporary files: the one that is named, though Python would leave it for another when it is full."""
    named = named_temporary(environment)
    return Path(named) if named and Path(named).is_dir() else Path(tempfile.gettempdir())


def pip_cache(executable: str, environment: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The folder and None; or why it is not known; or neither, where pip keeps no cache."""
    ran = ask((executable, "-m", "pip", "cache", "dir"), environment)
    if ran.status == 0:
        return ran.stdout.strip(), None
    if NO_CACHE in ran.stderr:
        return None, None
    return None, ran.trouble or f"{executable} -m pip cache dir: {ran.stderr.strip().rpartition(chr(10))[2]}"


def uv_cache(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """uv itself and the folder; None where there is no uv, or it keeps no cache."""
    uv = shutil.which("uv", path=environment.get("PATH"))
    if not uv or environment.get("UV_NO_CACHE"):
        return None
    ran = ask((uv, "cache", "dir"), environment)
    return (uv, ran.stdout.strip()) if ran.status == 0 else None


def ask(argv: tuple[str, ...], environment: Mapping[str, str]) -> run.Ran:
    """From the root, where no file of a project's stands in the way of a module of the same name."""
    return run.capture(argv, LIMIT_S, environment, cwd=os.sep)
