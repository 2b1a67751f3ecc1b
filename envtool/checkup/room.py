"""The disks: whether an install can write all it has to."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from envtool.amount import mib
from envtool.checkup import memory
from envtool.checkup.check import Check, Verdict
from envtool.checkup.room_part import judged
from envtool.checkup.shortage import Need, shortages
from envtool.conditions.room import ENVIRONMENT, HOME, PIP_CACHE, TEMPORARY, UV_CACHE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envtool.checkup.shortage import Shortage
    from envtool.conditions import Conditions
    from envtool.conditions.room import Disk, Place, Room

NEARLY_FULL_MIB = 500  # a build of a small package from its sources takes as much
FILES = 20_000  # torch 2.13 with sympy and numpy: 18871, counted; a thousand folders besides
FEW_FILES = 1000  # what a build of a small package unpacks
COUNTED = ("quota", "usrquota", "grpquota", "prjquota", "uquota", "gquota", "pquota", "usrjquota", "grpjquota")
SERVED = ("nfs", "cifs", "smb", "lustre", "gpfs", "beegfs", "ceph", "afs", "9p", "zfs")  # count by rules of their own


def disk_space(seen: Conditions, room: Room) -> Verdict:
    """What is short for the sake of pip's cache alone is a warning: pip can be told to do without."""
    planned, need = seen.here.planned, _need(seen)
    if planned and need:
        if short := shortages(room.disks, need):
            return Verdict(_gravity(seen), _sentences(short), _ways_out(short, need, room, seen))
        if short := shortages(room.disks, need._replace(is_cached=_is_cached(room))):
            said = f"{_sentences(short)}, with what pip keeps in its cache"
            return Verdict("warning", said, (f"{planned.command} --no-cache-dir", "envtool doctor --fix"))
    if full := [disk for disk in room.disks if disk.free_mib < NEARLY_FULL_MIB]:
        return Verdict("warning", f"nearly full: {_free(full)}", ("envtool doctor --fix",))
    if planned and need is None:
        return Verdict("unknown", f"{_free(room.disks)}; how much {planned.torch or 'torch'} takes is not known")
    if planned and need and need.installed_mib:
        needed = f"torch needs about {mib(need.download_mib)} for the download and {mib(need.installed_mib)} installed"
        return Verdict("ok", f"{_free(room.disks)}; {needed}")
    return Verdict("ok", _free(room.disks))


def _gravity(seen: Conditions) -> str:
    """Of a lack of room for torch: where another torch is installed, that one goes on working."""
    return "warning" if any(package.name == "torch" for package in seen.here.target.packages) else "error"


def _need(seen: Conditions) -> Need | None:
    """What install-torch would take; nothing where it is there already; None where nobody knows."""
    planned, packages = seen.here.planned, seen.here.target.packages
    if planned and any((package.name, package.version) == ("torch", planned.torch) for package in packages):
        return Need(0, 0)
    if planned is None or planned.download_mib is None or planned.installed_mib is None:
        return None
    has_pip = any(package.name.lower() == "pip" for package in packages)
    return Need(planned.download_mib, planned.installed_mib, by_uv=not has_pip)


def _is_cached(room: Room) -> bool:
    return any(PIP_CACHE in disk.uses for disk in room.disks)


def _ways_out(short: tuple[Shortage, ...], need: Need, room: Room, seen: Conditions) -> tuple[str, ...]:
    """Free some; or write to a disk that has room."""
    ways = ["envtool doctor --fix"]
    uses = {use for lack in short for use in lack.disk.uses}
    home = next((disk for disk in room.disks if HOME in disk.uses), None)
    spare = home.free_mib - (need.installed_mib if ENVIRONMENT in home.uses else 0) if home else 0
    is_unix = seen.here.machine.os.system != "Windows"
    if TEMPORARY in uses and not need.by_uv and spare >= need.download_mib and is_unix and seen.here.planned:
        ways.append(f"mkdir -p ~/tmp && TMPDIR=~/tmp {seen.here.planned.command} --no-cache-dir")
    if any(ENVIRONMENT in lack.disk.uses and lack.disk.free_mib < need.installed_mib for lack in short):
        ways.append(f"python -m venv FOLDER  # with a FOLDER on a disk that has {mib(need.installed_mib)} free")
    return tuple(ways)


def _sentences(short: Iterable[Shortage]) -> str:
    return "; ".join(str(lack) for lack in short)


def _free(disks: Iterable[Disk]) -> str:
    return "; ".join(f"{disk.mount} ({', '.join(disk.uses)}) has {mib(disk.free_mib)} free" for disk in disks)


def inodes(seen: Conditions, room: Room) -> Verdict:
    """Each file takes an inode, however small it is; some file systems make them as they are needed."""
    need, disks = _need(seen), room.disks
    new = FILES if seen.here.planned and (need is None or need.installed_mib) else 0
    for disk in disks:
        if disk.free_inodes is None:
            continue
        lacks = ENVIRONMENT in disk.uses and disk.free_inodes < new
        if lacks or disk.free_inodes < FEW_FILES:
            needs = f", and torch with what it needs has about {FILES}" if lacks else ""
            said = f"{disk.mount} ({', '.join(disk.uses)}) has room for {disk.free_inodes} more files{needs}"
            ways = (f"df -i {shlex.quote(disk.mount)}", "envtool doctor --fix")
            return Verdict(_gravity(seen) if lacks else "warning", said, ways)
    counts = {disk.mount: "any number" if disk.free_inodes is None else str(disk.free_inodes) for disk in disks}
    return Verdict("ok", "; ".join(f"{mount} has room for {count} more files" for mount, count in counts.items()))


def temporary_folder(_seen: Conditions, room: Room) -> Verdict:
    [place] = [place for place in _places(room) if place.use == TEMPORARY]
    if room.forgotten:
        said = f"TMPDIR names {room.forgotten}, where no file can be made: Python takes another, {place.folder}"
        return Verdict("warning", said, (f"mkdir -p {shlex.quote(room.forgotten)}", "unset TMPDIR"))
    return Verdict("ok", f"temporary files go to {place.folder}")


def noexec(_seen: Conditions, room: Room) -> Verdict:
    """A trial is proof, the option is evidence: it may have been taken off for one folder."""
    barred = [place for place in _places(room) if _bars_programs(place)]
    if not barred:
        return Verdict("ok", "programs and libraries may run from every place that an install writes to")
    place = barred[0]
    found = "a program that was put there could not run" if place.runs_programs is False else "its mount says noexec"
    said = f"{place.folder} ({place.use}, on {place.mount}): {found}"
    if place.use == ENVIRONMENT:
        ways = ("python -m venv FOLDER  # with a FOLDER on a disk without noexec",)
        return Verdict("error", f"{said}, so Python cannot load torch's libraries", ways)
    if place.use == TEMPORARY:
        return Verdict(
            "warning", f"{said}, so no package can be built there", ("mkdir -p ~/tmp", "export TMPDIR=~/tmp")
        )
    return Verdict("warning", f"{said}: what is compiled or cached there cannot be loaded", _seen_by_findmnt(place))


def _bars_programs(place: Place) -> bool:
    if place.use == PIP_CACHE or place.runs_programs is True:
        return False
    return place.runs_programs is False or "noexec" in place.options


def read_only(seen: Conditions, room: Room) -> Verdict:
    fixed = [place for place in _places(room) if place.is_read_only]
    if not fixed:
        return Verdict("ok", "no place that an install writes to is mounted read-only")
    reason = "{place.folder} ({place.use}) lies on {place.mount}, which is read-only"
    return _barred(fixed, reason, seen, *_seen_by_findmnt(fixed[0]))


def writable(seen: Conditions, room: Room) -> Verdict:
    denied = [place for place in _places(room) if not place.is_writable and not place.is_read_only]
    if not denied:
        return Verdict("ok", "this user may write to every place that an install writes to")
    reason = "this user may not write to {place.folder} ({place.use})"
    return _barred(denied, reason, seen, f"ls -ld {shlex.quote(denied[0].folder)}  # whose it is")


def _barred(places: list[Place], reason: str, seen: Conditions, *ways: str) -> Verdict:
    """What cannot be written to. pip does without its cache, and outside of a venv without the environment's folder."""
    has_pip = any(package.name.lower() == "pip" for package in seen.here.target.packages)
    uses = {place.use for place in places}
    for_user = has_pip and not seen.here.target.is_venv
    needed = {TEMPORARY, *(() if for_user else (ENVIRONMENT,)), *(() if has_pip else (UV_CACHE,))}
    instead = "; pip installs for this user alone, into ~/.local" if for_user and ENVIRONMENT in uses else ""
    said = "; ".join(reason.format(place=place) for place in places)
    return Verdict("error" if needed & uses else "warning", said + instead, (*_elsewhere(places[0]), *ways))


def _elsewhere(place: Place) -> tuple[str, ...]:
    return {
        ENVIRONMENT: ("python -m venv ~/venv  # an environment of your own",),
        TEMPORARY: ("mkdir -p ~/tmp", "export TMPDIR=~/tmp"),
        PIP_CACHE: ("export PIP_CACHE_DIR=FOLDER  # one that can be written",),
        UV_CACHE: ("export UV_CACHE_DIR=FOLDER  # one that can be written",),
        HOME: ("export HOME=FOLDER  # one that can be written",),
    }[place.use]


def _seen_by_findmnt(place: Place) -> tuple[str, ...]:
    return (f"findmnt -T {shlex.quote(place.folder)}  # shows the mount and its options",)


def quota(_seen: Conditions, room: Room) -> Verdict:
    """Only whether one may count is seen: what of it is left, the system tells the programs of the administrator alone."""
    places = _places(room)
    counted = [place for place in places if _is_counted(place)]
    if counted:
        mounts = ", ".join(sorted({f"{place.mount} ({place.kind})" for place in counted}))
        said = f"{mounts} may count what each user stores, and how much is left was not asked"
        return Verdict("unknown", said, ("quota -s",))
    if any(place.kind is None for place in places):
        return Verdict("unknown", "this system does not tell with which options its disks are mounted")
    return Verdict("ok", "no place that an install writes to is mounted with a quota")


def _is_counted(place: Place) -> bool:
    names = {option.partition("=")[0] for option in place.options}
    return bool(names & set(COUNTED)) or (place.kind or "").startswith(SERVED)


def _places(room: Room) -> list[Place]:
    return [place for disk in room.disks for place in disk.places]


CHECKS = (
    Check("disk-space", "whether the disks have room for the torch build that is planned", "room", judged(disk_space)),
    Check("inodes", "whether the disks have room for as many files", "room", judged(inodes)),
    Check("temporary-folder", "whether TMPDIR names a folder that can be used", "room", judged(temporary_folder)),
    Check("noexec", "places from which no program or library may run", "room", judged(noexec)),
    Check("read-only", "places that are mounted read-only", "room", judged(read_only)),
    Check("writable", "places that this user may not write to", "room", judged(writable)),
    Check("quota", "whether a place may have a quota", "room", judged(quota)),
    *memory.CHECKS,
)
