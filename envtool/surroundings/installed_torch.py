"""(to be written)"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envtool.conditions import Here
    from envtool.conditions.installed_torch import InstalledTorch


def look(here: Here) -> InstalledTorch:
    raise NotImplementedError(here)
