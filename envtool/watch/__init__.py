"""Watches a command while it runs: disks, the memory of all its processes, and what the kernel ended."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from envtool.usage import Sample, Usage
from envtool.watch.disks import Disks, folders_of
from envtool.watch.memory import MemoryLooks
from envtool.watch.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ("Watch",)

DISKS_EACH_S = 0.05  # a small disk fills, and is cleaned again, in no time; to ask for its room takes microseconds
MEMORY_EACH = 5  # of those looks: four times a second


class Watch:
    """Looks from a thread of its own at what a command takes, from its start to its end.

    `printed` tells the bytes that it has printed so far, so that a moment has its place in the log.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], printed: Callable[[], int]) -> None:
        self._disks = Disks(folders_of(argv, environment))
        self._memory = MemoryLooks()
        self._samples = Samples()
        self._printed = printed
        self._ended = threading.Event()
        self._began = time.monotonic()
        self._seconds = 0.0

    @contextmanager
    def beside(self, pid: int) -> Iterator[None]:
        """Watches the process, and all it starts, for as long as the block runs."""
        self._began = time.monotonic()
        self._memory.begin(pid)
        looking = threading.Thread(target=self._look_until_ended, daemon=True)
        looking.start()
        try:
            yield
        finally:
            self._seconds = time.monotonic() - self._began
            self._ended.set()
            looking.join()

    def usage(self, status: int | None) -> Usage:
        """What was seen, once the command has ended, and how it did."""
        return Usage(self._seconds, status, self._disks.seen(), self._memory.end(), self._samples.taken())

    def _look_until_ended(self) -> None:
        looks = 0
        while True:
            is_last = self._ended.wait(DISKS_EACH_S if looks else 0)
            at_s = time.monotonic() - self._began
            self._disks.look(at_s)
            if is_last or looks % MEMORY_EACH == 0:
                self._look_at_memory(at_s)
            if is_last:
                return
            looks += 1

    def _look_at_memory(self, at_s: float) -> None:
        taken, available = self._memory.look(at_s)
        self._samples.add(Sample(at_s, self._printed(), taken, available, self._disks.least_since()))
