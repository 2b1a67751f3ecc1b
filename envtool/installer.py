"""Carries an install out: with the target's own pip or with uv, after a look at the disks."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
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


def obstacles(target: Target, download_mib: int, installed_mib: int) -> tuple[str, ...]:
    """What would make the install fail, a sentence each."""
    if target.externally_managed and not target.is_venv:
        return (f"{target.prefix} belongs to the system (PEP 668): make an environment, `python3 -m venv .venv`",)
    environment, temporary = Path(target.site_packages or target.prefix), Path(tempfile.gettempdir())
    needs = {environment: installed_mib}
    if environment.stat().st_dev == temporary.stat().st_dev:
        needs[environment] += download_mib  # the download lies there until it is unpacked
    else:
        needs[temporary] = download_mib
    return tuple(
        f"{folder} has {free} MiB free, and the install needs about {need} MiB: free some, or set TMPDIR elsewhere"
        for folder, need in needs.items()
        if (free := shutil.disk_usage(folder).free // 2**20) < need
    )
