"""Whether the disks have room for an install."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envtool.checkup.amount import mib
from envtool.conditions.room import ENVIRONMENT, PIP_CACHE, TEMPORARY, UV_CACHE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envtool.conditions.room import Disk


class Need(NamedTuple):
    """What an install takes."""

    download_mib: int
    installed_mib: int
    by_uv: bool = False
    is_cached: bool = False  # pip keeps its downloads as well, and goes on where there is no room for that


class Shortage(NamedTuple):
    disk: Disk
    need_mib: int

    def __str__(self) -> str:
        uses = ", ".join(self.disk.uses)
        free, need = mib(self.disk.free_mib), mib(self.need_mib)
        return f"{self.disk.mount} ({uses}) has {free} free, and the install needs about {need} there"


def shortages(disks: Iterable[Disk], need: Need) -> tuple[Shortage, ...]:
    """The disks that have too little."""
    return tuple(Shortage(disk, taken) for disk in disks if (taken := _taken(set(disk.uses), need)) > disk.free_mib)


def _taken(uses: set[str], need: Need) -> int:
    """In MiB, on the disk of these uses.

    pip downloads to the temporary folder and unpacks into the environment. uv unpacks into its cache, and links from
    there where the environment lies on the same disk.
    """
    if need.by_uv:
        return need.installed_mib if uses & {UV_CACHE, ENVIRONMENT} else 0
    downloaded = (TEMPORARY in uses) + (need.is_cached and PIP_CACHE in uses)
    return need.download_mib * downloaded + need.installed_mib * (ENVIRONMENT in uses)
