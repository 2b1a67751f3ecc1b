"""Where the log of an install turns: the first line of each of its stages, and the moment it was printed."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from envtool.diagnose.clean import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envtool.usage import Sample

_COLOURS = rb"(?:\x1b\[[0-9;?]{0,20}[a-zA-Z]|[ \t]){0,40}"
_STAGES = (  # of pip and uv
    rb"(?:Collecting|Processing|Resolved \d{1,6} packages?) ?",
    rb"Downloading ",
    rb"(?:Installing build dependencies|Getting requirements to build|Preparing metadata)",
    rb"(?:Building |Running setup\.py)",
    rb"(?:Installing collected packages|Prepared \d{1,6} packages?)",
    rb"(?:Successfully installed|Installed \d{1,6} packages?)",
)
_TROUBLE = rb"[^\r\n]{0,200}?(?:error|ERROR|[a-z]Error|fatal): "
LONGEST = 1000  # bytes of a line that are read
WIDEST = 120  # characters of a line that is shown


class TurningPoint(NamedTuple):
    at_s: float
    line: str
    is_trouble: bool


def turning_points(
    pieces: Sequence[bytes], printed_bytes: int, samples: Sequence[Sample], *, has_failed: bool
) -> tuple[TurningPoint, ...]:
    """In the order of time. Pieces are both ends of a log of so many bytes, the first from its beginning."""
    if not samples:
        return ()
    log = b"".join(pieces)
    found = [(place, False) for place in _firsts(log, _STAGES)]
    found += [(place, True) for place in _firsts(log, (_TROUBLE,)) if has_failed]
    missing = max(0, printed_bytes - len(log))
    return tuple(
        TurningPoint(_moment(place if place < len(pieces[0]) else place + missing, samples), _line(log, place), trouble)
        for place, trouble in sorted(found)
    )


def _firsts(log: bytes, patterns: Sequence[bytes]) -> Iterator[int]:
    for pattern in patterns:
        match = re.search(rb"(?:^|[\r\n])" + _COLOURS + rb"(?=" + pattern + rb")", log)
        if match:
            yield match.end()


def _moment(place: int, samples: Sequence[Sample]) -> float:
    """When what stands there had been printed, which was since the look before."""
    at = bisect_right([sample.printed_bytes for sample in samples], place)
    return samples[min(at, len(samples) - 1)].at_s


def _line(log: bytes, place: int) -> str:
    text = " ".join(clean(re.split(rb"[\r\n]", log[place : place + LONGEST], maxsplit=1)[0]))
    return text if len(text) <= WIDEST else f"{text[:WIDEST]} ..."
