"""Looks at the disks that an install writes to, and at the memory."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from envtool import run
from envtool.conditions.room import (
    ENVIRONMENT,
    HOME,
    PIP_CACHE,
    TEMPORARY,
    UV_CACHE,
    Disk,
    Memory,
    Place,
    Room,
    SharedMemory,
)
from envtool.surroundings import cgroup, folders
from envtool.surroundings.mounts import Mount, mount_of, mounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envtool.conditions import Here
    from envtool.facts import Target

MIB = 2**20
TRIAL_S = 5.0


def look(here: Here) -> Room:
    return Room(
        disks=disks(here.target, here.executable, here.environment, here.root),
        memory=_memory(here.root),
        shared_memory=_shared_memory(here.root / "dev/shm"),
        forgotten=_forgotten(here.environment),
    )


def disks(target: Target, executable: str, environment: Mapping[str, str], root: Path) -> tuple[Disk, ...]:
    """Those that an install into the target writes to, that of the environment first."""
    mounted = mounts(root)
    shared: dict[int, list[Place]] = {}
    for use, folder in _written_to(target, executable, environment).items():
        nearest = _nearest(folder)
        shared.setdefault(nearest.stat().st_dev, []).append(_place(use, folder, nearest, mounted))
    return tuple(_disk(places) for places in shared.values())


def _written_to(target: Target, executable: str, environment: Mapping[str, str]) -> dict[str, Path]:
    has_pip = any(package.name.lower() == "pip" for package in target.packages)
    pip_cache = folders.pip_cache(executable, environment)[0] if has_pip else None
    uv_cache = folders.uv_cache(environment)
    return {
        ENVIRONMENT: Path(target.site_packages or target.prefix),
        TEMPORARY: folders.temporary(environment),
        **({PIP_CACHE: Path(pip_cache)} if pip_cache else {}),
        **({UV_CACHE: Path(uv_cache[1])} if uv_cache else {}),
        HOME: folders.home(environment),
    }


def _nearest(folder: Path) -> Path:
    """The folder, or the one above that is there: where it would be made."""
    real = Path(os.path.realpath(folder))
    return next((above for above in (real, *real.parents) if os.path.lexists(above)), real)


def _place(use: str, folder: Path, nearest: Path, mounted: tuple[Mount, ...]) -> Place:
    mount = mount_of(nearest, mounted)
    return Place(
        use=use,
        folder=str(folder),
        mount=mount.point if mount else _mount_point(nearest),
        kind=mount.kind if mount else None,
        options=mount.options if mount else (),
        is_there=folder.is_dir(),
        is_writable=os.access(nearest, os.W_OK | os.X_OK),
        runs_programs=_runs_programs(nearest) if use == TEMPORARY else None,
    )


def _mount_point(folder: Path) -> str:
    return next((str(above) for above in (folder, *folder.parents) if os.path.ismount(above)), folder.anchor)


def _runs_programs(folder: Path) -> bool | None:
    """Whether a program that is put there runs."""
    if os.name == "nt":
        return None
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix="envtool-") as own:
            program = Path(own) / "trial"
            program.touch(mode=0o700)
            program.write_text("#!/bin/sh\n", encoding="ascii")
            ran = run.capture((str(program),), TRIAL_S)
    except OSError:
        return None
    if ran.status == 0:
        return True
    return False if (ran.trouble or "").endswith(os.strerror(errno.EACCES)) else None


def _disk(places: list[Place]) -> Disk:
    folder = _nearest(Path(places[0].folder))
    return Disk(shutil.disk_usage(folder).free // MIB, _free_inodes(folder), tuple(places))


def _free_inodes(folder: Path) -> int | None:
    if sys.platform == "win32":
        return None
    seen = os.statvfs(folder)
    return seen.f_favail if seen.f_files else None


def _forgotten(environment: Mapping[str, str]) -> str | None:
    named = folders.named_temporary(environment)
    return named if named and not os.access(named, os.W_OK | os.X_OK) else None


def _memory(root: Path) -> Memory:
    total, available, swap = _meminfo(root) or _as_psutil_sees()
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return Memory(total, available, swap, cgroup.tightest(root), cores)


def _meminfo(root: Path) -> tuple[int, int, int] | None:
    """Linux' own numbers in MiB: all there is, what is available, and the free swap."""
    try:
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    told = {name: int(size.split()[0]) // 1024 for name, _, size in (line.partition(":") for line in lines) if size}
    return told["MemTotal"], told["MemAvailable"], told["SwapFree"]


def _as_psutil_sees() -> tuple[int, int, int]:
    import psutil  # noqa: PLC0415 - slow to import, and Linux does without

    machine = psutil.virtual_memory()
    return machine.total // MIB, machine.available // MIB, psutil.swap_memory().free // MIB


def _shared_memory(folder: Path) -> SharedMemory | None:
    if not folder.is_dir():
        return None
    usage = shutil.disk_usage(folder)
    return SharedMemory(usage.total // MIB, usage.free // MIB, os.access(folder, os.W_OK | os.X_OK))
