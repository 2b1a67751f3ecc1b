"""The checks of the environment: which are asked for, and what they judge by."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import click

from envtool.cli.planned import plan_for
from envtool.cli.this_machine import look_here

if TYPE_CHECKING:
    from envtool.catalogue import Catalogue
    from envtool.checkup import Checked
    from envtool.checkup.check import Check
    from envtool.cli.this_machine import ThisMachine
    from envtool.conditions import Conditions, Here


class Wishes(NamedTuple):
    """What was asked for."""

    checks: tuple[str, ...]  # their ids; none: all
    python: str | None
    online: bool


def examination(wishes: Wishes) -> tuple[Conditions, tuple[Checked, ...]]:
    """What was seen, and what each check makes of it."""
    from envtool import surroundings  # noqa: PLC0415 - --help needs none of it
    from envtool.catalogue import Catalogue  # noqa: PLC0415
    from envtool.checkup import examine  # noqa: PLC0415
    from envtool.conditions import Conditions  # noqa: PLC0415

    checks = _chosen(wishes.checks)
    catalogue = Catalogue()
    here = _here(wishes, look_here(wishes.python, catalogue), catalogue)
    parts = surroundings.look({check.part for check in checks if check.part}, here)
    seen = Conditions(here, catalogue, **parts)  # type: ignore[arg-type]  # each part is of its own type
    return seen, examine(checks, seen)


def _chosen(ids: tuple[str, ...]) -> tuple[Check, ...]:
    from envtool.checkup import CHECKS  # noqa: PLC0415

    unknown = [name for name in ids if name not in CHECKS]
    if unknown:
        raise click.UsageError(f"{unknown[0]!r} is no check that is known: --list-checks shows them")
    return tuple(CHECKS[name] for name in dict.fromkeys(ids)) or tuple(CHECKS.values())


def _here(wishes: Wishes, this: ThisMachine, catalogue: Catalogue) -> Here:
    from pathlib import Path  # noqa: PLC0415

    from envtool import cards  # noqa: PLC0415
    from envtool.conditions import Here  # noqa: PLC0415

    machine = cards.complete(this.machine, catalogue)
    return Here(
        machine=machine,
        target=this.target,
        executable=this.executable,
        planned=plan_for(this._replace(machine=machine), catalogue),
        folder=Path.cwd(),
        environment=os.environ,
        root=Path("/"),
        online=wishes.online,
    )
