"""What a program printed: both ends of it, in memory that does not grow with it, for the disk may be what is full."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

HEAD = 1 << 20
TAIL = 7 << 20


class Record:
    """Filled by any number of threads; what was kept is read when they have ended."""

    def __init__(self, copy: BinaryIO | None = None) -> None:
        self.total = 0  # bytes
        self.copy_trouble: str | None = None  # why the copy is not whole
        self._copy = copy
        self._head = bytearray()
        self._tail = memoryview(bytearray(TAIL))  # a ring
        self._lock = Lock()

    def add(self, printed: memoryview) -> None:
        with self._lock:
            self.total += len(printed)
            if self._copy:
                self._write_copy(self._copy, printed)
            room = HEAD - len(self._head)
            if room > 0:
                self._head += printed[:room]
            self._add_to_tail(printed[max(0, room) :])

    def _add_to_tail(self, printed: memoryview) -> None:
        last = printed[-TAIL:]
        start = (self.total - HEAD - len(last)) % TAIL
        before_seam = last[: TAIL - start]
        self._tail[start : start + len(before_seam)] = before_seam
        self._tail[: len(last) - len(before_seam)] = last[len(before_seam) :]

    def _write_copy(self, copy: BinaryIO, printed: memoryview) -> None:
        try:
            copy.write(printed)
        except OSError as error:
            self.copy_trouble = error.strerror
            self._copy = None

    @property
    def left_out(self) -> int:
        """Bytes between what was kept."""
        return max(0, self.total - HEAD - TAIL)

    def pieces(self) -> tuple[bytes, ...]:
        """What was kept, in order; a line says how much was not."""
        after_head = self.total - HEAD
        if after_head <= 0:
            return (bytes(self._head),)
        if after_head <= TAIL:
            return bytes(self._head), bytes(self._tail[:after_head])
        seam = after_head % TAIL
        gap = f"\n[{self.left_out} bytes of output are left out here]\n".encode()
        return bytes(self._head), gap, bytes(self._tail[seam:]), bytes(self._tail[:seam])

    def last(self, size: int) -> bytes:
        return b"".join(self.pieces())[-size:]

    def close_copy(self) -> None:
        if self._copy:
            with suppress(OSError):
                self._copy.close()
