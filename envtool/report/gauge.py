"""A measured number against its limit, as a bar.

The limit stands at the same place in every bar, so that a glance down a table shows who comes near it. A scale is linear from
zero; where measured and limit are further apart than that shows, it is logarithmic, a power of ten an eighth of the width.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from envtool.events import Measured

LIMIT_AT = {"lower": 75.0, "higher": 25.0}  # per cent of the width
DECADE = 12.5
LEAST_RATIO = 0.1  # that a linear scale shows well


class Gauge(NamedTuple):
    """Places are per cent of the width."""

    filled: float
    limit_at: float
    allowed_from: float
    allowed_to: float
    is_log: bool
    words: str


def gauge(check: Measured) -> Gauge | None:
    """None where there is no limit."""
    if check.limit is None:
        return None
    if check.limit <= 0:  # nothing may differ
        filled = 0.0 if check.passed else 100.0
        return Gauge(filled, 0.0, 0.0, 0.0, is_log=False, words=_words(check))
    at = LIMIT_AT[check.better]
    ratio = check.measured / check.limit
    is_log = not LEAST_RATIO <= ratio <= 100 / at
    place = _log_place(ratio, at) if is_log else ratio * at
    allowed = (0.0, at) if check.better == "lower" else (at, 100.0)
    return Gauge(round(place, 2), at, *allowed, is_log=is_log, words=_words(check))


def _log_place(ratio: float, at: float) -> float:
    if math.isnan(ratio):
        return 100.0
    return min(100.0, max(0.0, at + DECADE * math.log10(ratio))) if ratio > 0 else 0.0


def _words(check: Measured) -> str:
    if not check.limit:
        return "exactly 0" if check.measured == 0 else f"{check.measured:.3g}, and it should be 0"
    return f"{check.measured / check.limit:.2g} of the limit"
