"""What the checks of torch have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.checkup.check import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from envtool.conditions import Conditions
    from envtool.conditions.installed_torch import InstalledTorch

    Judge = Callable[[Conditions, InstalledTorch], Verdict]


def judged(judge: Judge, *, absent: bool = False) -> Callable[[Conditions], Verdict]:
    """A judge of Conditions; where there is no torch, only one that judges its absence too is asked."""

    def verdict(seen: Conditions) -> Verdict:
        found = seen.installed_torch
        if found is None:
            return Verdict("unknown", "torch was not looked at")
        if found.torch.is_absent and not absent and not _is_recorded(seen):
            return Verdict("ok", "torch is not installed")
        return judge(seen, found)

    return verdict


def _is_recorded(seen: Conditions) -> bool:
    return any(package.name.lower() == "torch" for package in seen.here.target.packages)


def one_line(text: str) -> str:
    """Beginning and end of what a process or an exception said."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if len(lines) == 1 else " ... ".join((lines[0], lines[-1])) if lines else "no reason was given"
