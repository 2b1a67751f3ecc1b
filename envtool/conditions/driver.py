"""(to be written)"""

from __future__ import annotations

from typing import NamedTuple


class DriverState(NamedTuple):
    seen: str
