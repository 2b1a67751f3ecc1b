"""Whether the disks have room for an install."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envtool.amount import mib
from envtool.conditions.room import ENVIRONMENT, PIP_CACHE, TEMPORARY, UV_CACHE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envtool.conditions.room import Disk


LARGEST_MIB = 858  # of the wheels of torch and what it needs: torch 2.9.1 for CUDA 12, by the registry


class Need(NamedTuple):
    """What an install takes."""

    download_mib: int
    installed_mib: int
    by_uv: bool = False
    is_cached: bool = False  # pip keeps what it downloads


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
    """In MiB, on the disk of these uses, as measured of pip 22 to 26 and uv 0.13.

    pip downloads to the temporary folder and unpacks into the environment; with its cache, it writes each file to the
    temporary folder twice, then to the cache, and goes on where that one alone is full. uv unpacks into its cache, and
    links from there where the environment lies on the same disk.
    """
    if need.by_uv:
        return need.installed_mib if uses & {UV_CACHE, ENVIRONMENT} else 0
    if not uses & {TEMPORARY, ENVIRONMENT}:
        return 0
    copies = (TEMPORARY in uses) + (need.is_cached and PIP_CACHE in uses)
    passing = min(need.download_mib, LARGEST_MIB) if need.is_cached and TEMPORARY in uses else 0
    return need.download_mib * copies + (need.installed_mib if ENVIRONMENT in uses else passing)
