"""This machine, and the interpreter on it that torch is for."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from envtool.catalogue import Catalogue
    from envtool.facts import Machine, Target
    from envtool.target import Chosen


class ThisMachine(NamedTuple):
    machine: Machine
    chosen: Chosen
    target: Target

    @property
    def executable(self) -> str:
        """The interpreter itself: what a shim of pyenv leads to."""
        return self.target.python.executable or self.chosen.executable


def look_here(python: str | None, catalogue: Catalogue) -> ThisMachine:
    """What is here; `python` is what --python names. The cards are as the driver names them: `cards.complete` adds to them."""
    from pathlib import Path  # noqa: PLC0415 - --help needs none of it

    from envtool import target  # noqa: PLC0415
    from envtool.facts import machine_of  # noqa: PLC0415

    chosen = target.choose(python, os.environ, Path.cwd(), sys.executable)
    answer = target.inspect_meanwhile(chosen.executable)

    from envtool import host  # noqa: PLC0415 - while the interpreter starts, and so is the reading of the wheels

    seen = host.look()
    catalogue.read_ahead()
    inspected = answer()
    return ThisMachine(machine_of(seen, inspected), chosen, inspected)
