"""(to be written)"""

from __future__ import annotations

from typing import NamedTuple


class Dependencies(NamedTuple):
    seen: str
