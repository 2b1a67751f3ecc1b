"""What a program printed: both ends of it, in memory that does not grow with it, for the disk may be what is full."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

HEAD = 1 << 20
TAIL = 7 << 20
FLOOD = 64 << 20  # bytes, after which what comes faster than it can be passed on is not copied


class Record:
    """Filled by any number of threads; what was kept is read when they have ended."""

    def __init__(self, copy: BinaryIO | None = None) -> None:
        self.total = 0  # bytes
        self.copy_trouble: str | None = None  # why the copy is not whole
        self._copy = copy
        self._head = bytearray()
        self._tail = _Ring(TAIL)
        self._held = memoryview(b"")  # that comes after the tail, and is not copied yet
        self._lock = Lock()

    def add(self, printed: memoryview, *, is_flood: bool = False) -> None:
        """In a flood, where as much as could be read was there at once, what is given has to last until the next call.

        Of a long flood only the end is kept: each such piece takes the place of the one before and of the tail.
        """
        with self._lock:
            self.total += len(printed)
            if self._copy:
                self._write_copy(self._copy, printed)
            room = HEAD - len(self._head)
            if room > 0:
                self._head += printed[:room]
            is_held = is_flood and self.total > FLOOD
            if is_held and self._held:
                self._tail.clear()
            else:
                self._tail.add(self._held)
            self._held = printed if is_held else memoryview(b"")
            if not is_held:
                self._tail.add(printed[max(0, room) :])

    def _write_copy(self, copy: BinaryIO, printed: memoryview) -> None:
        try:
            copy.write(printed)
        except OSError as error:
            self.copy_trouble = error.strerror
            self._copy = None

    @property
    def left_out(self) -> int:
        """Bytes between what was kept."""
        return self.total - len(self._head) - len(self._tail) - len(self._held)

    def pieces(self) -> tuple[bytes, ...]:
        """What was kept, in order; a line says how much was not."""
        gap = (f"\n[{self.left_out} bytes of output are left out here]\n".encode(),) if self.left_out else ()
        end = (piece for piece in (*self._tail.pieces(), bytes(self._held)) if piece)
        return bytes(self._head), *gap, *end

    def last(self, size: int) -> bytes:
        return b"".join(self.pieces())[-size:]


class _Ring:
    """The last bytes of what was added."""

    def __init__(self, size: int) -> None:
        self._kept = memoryview(bytearray(size))
        self._added = 0  # bytes, since it was empty

    def __len__(self) -> int:
        return min(self._added, len(self._kept))

    def add(self, printed: memoryview) -> None:
        size = len(self._kept)
        self._added += len(printed)
        last = printed[-size:]
        start = (self._added - len(last)) % size
        before_seam = last[: size - start]
        self._kept[start : start + len(before_seam)] = before_seam
        self._kept[: len(last) - len(before_seam)] = last[len(before_seam) :]

    def clear(self) -> None:
        self._added = 0

    def pieces(self) -> tuple[bytes, ...]:
        seam = self._added % len(self._kept) if self._added > len(self._kept) else 0
        return bytes(self._kept[seam : len(self)]), bytes(self._kept[:seam])
