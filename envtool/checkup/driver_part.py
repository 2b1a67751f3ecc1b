"""What the checks of the driver have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.checkup.check import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from envtool.conditions import Conditions
    from envtool.conditions.driver import DriverState


def judged(judge: Callable[[Conditions, DriverState], Verdict]) -> Callable[[Conditions], Verdict]:
    """A judge of Conditions."""

    def verdict(seen: Conditions) -> Verdict:
        if seen.driver is None:
            return Verdict("unknown", "the driver was not looked at")
        return judge(seen, seen.driver)

    return verdict
