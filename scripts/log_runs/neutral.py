"""A run's output without what belongs to this machine, this minute or this registry."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKENS = re.compile(  # what a tool draws by lot: the second group of the branch that fits
    r"((?:/|\b)(?:pip-[a-z-]+-|\.mesonpy-|\.tmp-|tmp|xmlXPathInit))([a-z0-9_]{8})\b"
    r"|(/cc|/tmp|/\.tmp)([A-Za-z0-9]{6})\b"
    r"|(_)([0-9a-f]{32})\b"
    r"|(/git-v\d+/\w+/|/wheels/|-install-)([0-9a-f]{16}|(?:[0-9a-f]{2}/){3}[0-9a-f]{50}|\d+)\b"
    r"|(sdists-v\d+/\S+?/)([\w-]{16})\b"
    r"|(\bsize=\d+ sha256=|\b0x(?=[0-9a-f]{12}\b))([0-9a-f]+)"
)
MOMENTS = (
    (re.compile(r"\d+(?:\.\d+)? ([kM]i?B)/s"), r"8.4 \1/s"),
    (re.compile(r"\bin (?:\d+m )?\d+(?:\.\d+)?(m?s)\b"), r"in 84\1"),
    (re.compile(r"\(\d+\.\d+s\)"), "(1.3s)"),
    (re.compile(r"\bafter \d+ ms\b"), "after 2 ms"),
    (re.compile("━{37,40}"), "━" * 40),
    (re.compile(r"\beta (?:-:--:--|\d:\d\d:\d\d)"), "eta 0:00:01"),
)


def neutral(text: str, places: Mapping[str, str]) -> str:
    """The text with each place named as in `places`, longest first, and all chance replaced."""
    for place in sorted(places, key=len, reverse=True):
        text = text.replace(place, places[place])
    drawn: dict[str, str] = {}
    text = TOKENS.sub(lambda found: _redraw(found, drawn), text)
    for moment, always in MOMENTS:
        text = moment.sub(always, text)
    return text


def _redraw(found: re.Match[str], drawn: dict[str, str]) -> str:
    """The same lot for the same token: the first one of a log is always the first of ours."""
    before, lot = (group for group in found.groups() if group is not None)
    if lot not in drawn:
        drawn[lot] = hashlib.sha256(str(len(drawn)).encode()).hexdigest()[: len(lot)]
    return before + drawn[lot]
