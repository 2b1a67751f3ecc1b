"""Frees room with the tools that own what takes it: one by one, and only what is had again when it is needed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from envtool.cli.show import say

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from envtool.conditions import Conditions
    from envtool.conditions.hoards import Hoard

LIMIT_S = 3600.0  # a cache of many gigabytes on a slow disk takes its time


def check_answers(*, fix: bool, yes: bool, checks_alone: bool) -> None:
    """Refuse what cannot be meant, or asked, before anything is looked at."""
    if yes and not fix:
        raise click.UsageError("-y answers what --fix asks: give --fix too")
    if fix and not checks_alone:
        raise click.UsageError("--fix goes with the checks alone: leave out --log, and the command after --")
    if fix and not yes and not sys.stdin.isatty():
        raise click.UsageError("--fix asks before it frees anything, and there is no terminal to ask on: give -y")


def free_room(seen: Conditions, chosen: Collection[str], *, yes: bool) -> bool:
    """Offer what the chosen checks found, or all where they look for nothing of the kind; whether anything was tried."""
    from envtool.checkup.hoards import KINDS  # noqa: PLC0415 - --help needs none of it
    from envtool.surroundings import hoards  # noqa: PLC0415

    kinds = {kind.id for kind in KINDS}
    wanted = kinds.intersection(chosen) or kinds
    there = hoards.look(seen.here) if seen.hoards is None else seen.hoards
    offers = [hoard for hoard in there if hoard.kind in wanted and hoard.is_safe and hoard.taken_bytes]
    if not offers:
        say([("note", "there is nothing to free that a tool of its own would fetch or make again")])
    tried = [_free(hoard, seen.here.environment, yes=yes) for hoard in offers]
    return any(tried)


def _free(hoard: Hoard, environment: Mapping[str, str], *, yes: bool) -> bool:
    """Whether it was tried."""
    from envtool.amount import amount  # noqa: PLC0415
    from envtool.report.command import command_text  # noqa: PLC0415
    from envtool.run.streaming import stream  # noqa: PLC0415

    argv = hoard.free_with or ()
    command = command_text(argv, "powershell" if os.name == "nt" else "sh")
    say([("frees", f"{amount(hoard.taken_bytes)} in {hoard.path}, or what of it may go: {command}")])
    if not yes and not click.confirm("Run it?", default=False, err=True):
        return False
    free_before = shutil.disk_usage(hoard.path).free
    ran = stream(argv, LIMIT_S, environment, cwd=os.sep)  # as the tool said where it keeps things
    if ran.status != 0:
        say([("failed", ran.trouble or f"{argv[0]} ended with status {ran.status}")])
    say([("freed", _won(hoard, free_before))])
    return True


def _won(hoard: Hoard, free_before: int) -> str:
    """By what the folder takes: the room on the disk is others' to take as well."""
    from envtool.amount import amount  # noqa: PLC0415
    from envtool.surroundings.sizes import Bound, taken  # noqa: PLC0415

    left = taken((hoard.path,), Bound())
    disk = hoard.path if Path(hoard.path).is_dir() else Path(hoard.path).parent
    free = f"its disk had {amount(free_before)} free and has {amount(shutil.disk_usage(disk).free)}"
    if hoard.untold or left.untold:
        return free
    return f"{amount(max(0, hoard.taken_bytes - left.bytes))}; {free}"
