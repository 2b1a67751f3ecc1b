"""(to be written)"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envtool.conditions import Here
    from envtool.conditions.driver import DriverState


def look(here: Here) -> DriverState:
    raise NotImplementedError(here)
