"""(to be written)"""

from __future__ import annotations

from typing import NamedTuple


class InstalledTorch(NamedTuple):
    seen: str
