"""The checks of an environment: Conditions -> one verdict a check. Pure: they look at nothing but what they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envtool.checkup import dependencies, driver, hoards, installed_torch, interpreter, network, room

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envtool.checkup.check import Check, Verdict
    from envtool.conditions import Conditions

__all__ = ("CHECKS", "PARTS", "Checked", "examine")

PARTS: dict[str, tuple[Check, ...]] = {
    "interpreter and pip": interpreter.CHECKS,
    "torch": installed_torch.CHECKS,
    "driver": driver.CHECKS,
    "disks and memory": room.CHECKS,
    "what can be freed": hoards.CHECKS,
    "network": network.CHECKS,
    "dependencies": dependencies.CHECKS,
}
CHECKS = {check.id: check for checks in PARTS.values() for check in checks}


class Checked(NamedTuple):
    check: Check
    verdict: Verdict


def examine(checks: Iterable[Check], seen: Conditions) -> tuple[Checked, ...]:
    return tuple(Checked(check, check.judge(seen)) for check in checks)
