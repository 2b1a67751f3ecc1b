"""What would make an install fail, seen before it starts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envtool.catalogue import Size
    from envtool.facts import Target


def obstacles(target: Target, executable: str, size: Size | None, *, by_uv: bool) -> tuple[str, ...]:
    """A sentence each. Of an unknown size, the disks are not looked at."""
    from envtool.checkup.shortage import Need, shortages  # noqa: PLC0415 - --help needs none of it
    from envtool.conditions.room import PIP_CACHE  # noqa: PLC0415
    from envtool.surroundings.room import disks  # noqa: PLC0415

    if target.externally_managed and not target.is_venv:
        return (f"{target.prefix} belongs to the system (PEP 668): make an environment, `python3 -m venv .venv`",)
    if size is None:
        return ()
    need = Need(size.download_mib, size.installed_mib, by_uv=by_uv)
    seen = disks(target, executable, os.environ, Path("/"))
    if short := shortages(seen, need):
        return tuple(f"{lack}: free some, `envtool doctor --fix` helps, or set TMPDIR elsewhere" for lack in short)
    is_cached = any(PIP_CACHE in disk.uses for disk in seen)
    short = shortages(seen, need._replace(is_cached=is_cached))
    return tuple(f"{lack}, with what pip keeps in its cache: set PIP_NO_CACHE_DIR=1" for lack in short)
