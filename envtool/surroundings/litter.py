"""What lies about in a project: bytecode, and environments beside the one that is used."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from envtool.surroundings.sizes import Bound

MARK = "pyvenv.cfg"  # each environment has it at its top, and its interpreter reads it whenever it starts
PASSED_BY = {".git", ".hg", "node_modules"}


class Litter(NamedTuple):
    bytecode: tuple[str, ...]  # the folders __pycache__ of the project's own sources
    environments: tuple[str, ...]


def litter(project: Path, used: str, bound: Bound) -> Litter:
    """Within the project's folder; `used` is the top of the environment in use."""
    bytecode, environments = [], []
    left = [str(project)]
    while left:
        folder = left.pop()
        entries = bound.inside(folder)
        if folder != str(project) and any(entry.name == MARK for entry in entries):
            if Path(folder).resolve() != Path(used).resolve():
                environments.append(folder)
            continue
        for entry in entries:
            if entry.name == "__pycache__":
                bytecode.append(entry.path)
            elif entry.name not in PASSED_BY and entry.is_dir(follow_symlinks=False):
                left.append(entry.path)
    return Litter(tuple(bytecode), tuple(sorted(environments)))


def last_used(environment: str) -> str | None:
    """The day its interpreter last started, or something was last installed there: the later of what can be seen of both."""
    top = Path(environment)
    times = [*_times(top / MARK)]
    for packages in (*top.glob("lib/python*/site-packages"), top / "Lib" / "site-packages"):
        times += _times(packages)[1:]
    return time.strftime("%Y-%m-%d", time.localtime(max(times))) if times else None


def _times(path: Path) -> tuple[float, ...]:
    """When it was last read and last changed."""
    try:
        seen = path.stat()
    except OSError:
        return ()
    return seen.st_atime, seen.st_mtime
