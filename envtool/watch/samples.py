"""What was seen over time, in memory that does not grow with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.usage import Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 2400  # ten minutes, four times a second; then each two become one, and so on


class Samples:
    """As many as are kept, over however long a time: what each says holds for its whole share of it."""

    def __init__(self) -> None:
        self._kept: list[Sample] = []
        self._share = 1  # of looks, in each that is kept
        self._waiting: list[Sample] = []

    def add(self, sample: Sample) -> None:
        self._waiting.append(sample)
        if len(self._waiting) == self._share:
            self._kept.append(_as_one(self._waiting))
            self._waiting = []
        if len(self._kept) == MOST:
            self._kept = [_as_one(self._kept[place : place + 2]) for place in range(0, MOST, 2)]
            self._share *= 2

    def taken(self) -> tuple[Sample, ...]:
        return (*self._kept, _as_one(self._waiting)) if self._waiting else tuple(self._kept)


def _as_one(samples: Sequence[Sample]) -> Sample:
    """The most that was taken, and the least that was left, up to the last of them."""
    return Sample(
        at_s=samples[-1].at_s,
        printed_bytes=samples[-1].printed_bytes,
        memory_bytes=max(sample.memory_bytes for sample in samples),
        available_bytes=min(sample.available_bytes for sample in samples),
        free_bytes=tuple(map(min, zip(*(sample.free_bytes for sample in samples), strict=True))),
    )
