"""What carries an install out: the target's own pip, or uv."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from envtool.errors import TargetUnusable

if TYPE_CHECKING:
    from envtool.facts import Target


def around(target: Target, executable: str, asked: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands before and behind `install`: the installer asked for, else the target's own pip, else uv."""
    has_pip = any(package.name.lower() == "pip" for package in target.packages)
    if has_pip and asked != "uv":
        return (executable, "-m", "pip"), ()
    uv = shutil.which("uv")
    if uv and asked != "pip":
        return (uv, "pip"), ("--python", executable)
    if asked == "uv":
        raise TargetUnusable("uv is not on PATH: put it there, or leave out --installer")
    raise TargetUnusable(f"{executable} has no pip: run `{executable} -m ensurepip`, or put uv on PATH")
