"""The runs that make logs: each a function on a scene, under the cause that its log shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from log_runs.scene import Scene

    Play = Callable[[Scene], None]

RUNS: list[Run] = []


class Run(NamedTuple):
    label: str  # cause/name, as the log lies under tests/logs
    proof: str  # what the log must hold, or the world has changed since
    needs_root: bool
    play: Play

    @property
    def cause(self) -> str:
        return self.label.partition("/")[0]


def log(label: str, proof: str, *, needs_root: bool = False) -> Callable[[Play], Play]:
    """Register the function as the run behind `tests/logs/<label>.log`."""

    def register(play: Play) -> Play:
        RUNS.append(Run(label, proof, needs_root, play))
        return play

    return register
