"""Looks at the conditions around an install, a module a part; each part is looked at only when a check needs it."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from envtool.conditions import Here


def look(parts: Collection[str], here: Here) -> dict[str, object]:
    """The parts of Conditions by their names, looked at side by side: most of the time goes into waiting."""
    looks = {part: importlib.import_module(f"envtool.surroundings.{part}").look for part in parts}
    with ThreadPoolExecutor(max_workers=max(1, len(looks))) as pool:
        seen = {part: pool.submit(look, here) for part, look in looks.items()}
        return {part: found.result() for part, found in seen.items()}
