"""What the control groups of Linux allow this process, in both versions of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envtool.conditions.room import MemoryLimit
from envtool.surroundings.mounts import mounts

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 2**20
BOUNDLESS = 2**60  # version 1 writes "no limit" as a number near 2**63


class Files(NamedTuple):
    limit: str
    used: str
    reclaimable: str  # the field of memory.stat: cached files, given up before anything is killed


VERSIONS = {
    "cgroup": Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    "cgroup2": Files("memory.max", "memory.current", "inactive_file"),
}


def tightest(root: Path) -> MemoryLimit | None:
    """Of the limits of the group and of those around it, the one with the least left."""
    limits = (limit_of(folder, files) for folder, files in groups(root))
    return min((limit for limit in limits if limit), key=lambda limit: limit.free_mib, default=None)


def groups(root: Path) -> Iterator[tuple[Path, Files]]:
    """The folder of each group that this process is in, from the innermost outwards."""
    paths = _own_paths(root)
    for mount in mounts(root):
        if mount.kind not in paths or (mount.kind == "cgroup" and "memory" not in mount.options):
            continue
        top = root / mount.point.lstrip("/")
        own = paths[mount.kind]
        inside = own.relative_to(mount.top) if own.is_relative_to(mount.top) else Path()  # a namespace hides the rest
        folder = top / inside
        for group in (folder, *folder.parents):
            yield group, VERSIONS[mount.kind]
            if group == top:
                break


def own_memory_group(root: Path) -> str:
    """Its path, as the kernel writes it; "/" where there are none."""
    paths = _own_paths(root)
    return str(paths.get("cgroup") or paths.get("cgroup2") or "/")


def _own_paths(root: Path) -> dict[str, Path]:
    """Where this process stands in the tree of groups, by the kind of its mount."""
    paths = {}
    for line in (_text(root / "proc/self/cgroup") or "").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            paths["cgroup2"] = Path(path)
        elif "memory" in controllers.split(","):
            paths["cgroup"] = Path(path)
    return paths


def limit_of(folder: Path, files: Files) -> MemoryLimit | None:
    limit = _number(_text(folder / files.limit))
    if limit is None or limit >= BOUNDLESS:
        return None
    used = _number(_text(folder / files.used)) or 0
    stat = dict(line.split(" ", 1) for line in (_text(folder / "memory.stat") or "").splitlines() if " " in line)
    taken = max(0, used - (_number(stat.get(files.reclaimable)) or 0))
    return MemoryLimit(str(folder / files.limit), limit // MIB, max(0, limit - taken) // MIB)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
