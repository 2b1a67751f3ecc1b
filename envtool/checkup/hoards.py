"""(to be written)"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envtool.checkup.check import Check

CHECKS: tuple[Check, ...] = ()
