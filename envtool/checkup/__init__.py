"""The checks of an environment: Conditions -> one verdict a check. Pure: they look at nothing but what they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envtool.checkup import dependencies, driver, hoards, installed_torch, interpreter, network, room

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envtool.checkup.check import Check, Verdict
    from envtool.conditions import Conditions

__all__ = ("CHECKS", "Checked", "examine")

CHECKS: dict[str, Check] = {
    check.id: check
    for part in (interpreter, installed_torch, driver, room, hoards, network, dependencies)
    for check in part.CHECKS
}


class Checked(NamedTuple):
    check: Check
    verdict: Verdict


def examine(checks: Iterable[Check], seen: Conditions) -> tuple[Checked, ...]:
    return tuple(Checked(check, check.judge(seen)) for check in checks)
