"""Asks the package index: through the target's own pip, so that its mirrors and proxies hold, or through uv."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from envtool import run
from envtool.errors import IndexUnusable

if TYPE_CHECKING:
    from collections.abc import Sequence

ASK_LIMIT_S = 60.0
LOCK_LIMIT_S = 900.0
AT_ONCE = 8
LINES_SHOWN = 8
AS_PIP_DOES = ("--quiet", "--index-strategy", "unsafe-best-match")  # an extra index may lack what another one has


def newest(executable: str, names: Sequence[str]) -> dict[str, str]:
    """By name, the newest release that the index offers this interpreter; a name that it does not know is left out.

    `pip index` downloads and builds nothing: the names may be guesses, and to build a stranger's package is to run it.
    """
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        found = pool.map(lambda name: _newest(executable, name), names)
        return {name: version for name, version in zip(names, found, strict=True) if version}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _newest(executable: str, name: str) -> str | None:
    with tempfile.TemporaryDirectory() as folder:  # -m puts the current folder on the path
        ran = run.capture([executable, "-m", "pip", "index", "versions", "--no-input", name], ASK_LIMIT_S, cwd=folder)
    if "No module named pip" in ran.stderr or 'unknown command "index"' in ran.stderr:
        raise IndexUnusable(
            f"{executable} has no pip that can ask the index: run `{executable} -m ensurepip`, "
            f"then `{executable} -m pip install --upgrade pip`, or leave out --online"
        )
    found = re.match(r"\S+ \((\S+)\)", ran.stdout)
    return found[1] if found else None


def lock(requirements: str, executable: str) -> str:
    """The requirements and all they need in turn, with hashes, as a pylock.toml: by uv, else by the target's pip.

    Raises IndexUnusable where there is neither, or no answer.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked, out = Path(folder, "requirements.in"), Path(folder, "pylock.toml")
        asked.write_text(requirements, "utf-8")
        uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
        argv = (
            [uv, "pip", "compile", *AS_PIP_DOES, "--format", "pylock.toml", "--python", executable, "-o", out.name]
            if uv
            else [executable, "-m", "pip", "lock", "--quiet", "--no-input", "-o", out.name, "-r"]
        )
        ran = run.capture([*argv, asked.name], LOCK_LIMIT_S, cwd=folder)
        if ran.status == 0:
            return out.read_text("utf-8")
    if not uv and re.search('No module named pip|unknown command "lock"', ran.stderr):
        raise IndexUnusable(
            "A lock file takes a resolver, and there is none: install uv, "
            f"or run `{executable} -m pip install --upgrade 'pip>=25.1'`"
        )
    said = [line for line in (ran.trouble or ran.stderr).splitlines() if line.strip()][-LINES_SHOWN:]
    raise IndexUnusable("\n  ".join([f"{'uv' if uv else 'pip'} found no set of versions to lock", *said]))
