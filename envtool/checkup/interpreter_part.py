"""What the checks of the interpreter have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.checkup.check import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from envtool.conditions import Conditions
    from envtool.conditions.interpreter import InterpreterState, Own


def judged(judge: Callable[[Conditions, InterpreterState], Verdict]) -> Callable[[Conditions], Verdict]:
    """A judge of Conditions."""

    def verdict(seen: Conditions) -> Verdict:
        if seen.interpreter is None:
            return Verdict("unknown", "the interpreter was not looked at")
        return judge(seen, seen.interpreter)

    return verdict


def judged_by_own(judge: Callable[[Conditions, Own], Verdict]) -> Callable[[Conditions], Verdict]:
    """A judge of Conditions, by what the target says of itself."""

    @judged
    def verdict(seen: Conditions, state: InterpreterState) -> Verdict:
        if isinstance(state.own, str):
            return Verdict("unknown", state.own)
        return judge(seen, state.own)

    return verdict
