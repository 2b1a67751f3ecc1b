"""What the kernel says of the processes that it ended for want of memory."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envtool.surroundings.cgroup import Files

MESSAGES = Path("/dev/kmsg")
_KILLED = re.compile(rb"[Oo]ut of memory: Killed process[^\n]{0,400}")
_RECORD = 8192  # bytes, which no record of it exceeds
_COUNTED_IN = {"memory.events": "oom_kill", "memory.oom_control": "oom_kill"}


def kills(groups: tuple[tuple[Path, Files], ...]) -> int | None:
    """How many processes of the innermost control group were ended so, ever; else of the machine; None: nobody counts."""
    for file in (*(group / name for group, _ in groups[:1] for name in _COUNTED_IN), Path("/proc/vmstat")):
        with suppress(OSError):
            counted = re.search(r"^oom_kill (\d+)$", file.read_text(encoding="ascii"), re.MULTILINE)
            if counted:
                return int(counted[1])
    return None


class Messages:
    """The kernel's messages from now on, where this user may read them."""

    def __init__(self) -> None:
        self._file: int | None = None
        if sys.platform == "linux":
            with suppress(OSError):
                self._file = os.open(MESSAGES, os.O_RDONLY | os.O_NONBLOCK)
                os.lseek(self._file, 0, os.SEEK_END)

    def close(self) -> tuple[str, ...]:
        """Those that tell of a process that was ended."""
        if self._file is None:
            return ()
        said = tuple(self._kills(self._file))
        os.close(self._file)
        self._file = None
        return said

    @staticmethod
    def _kills(file: int) -> Iterator[str]:
        while True:
            try:
                record = os.read(file, _RECORD)
            except BrokenPipeError:  # the kernel has overwritten what was next
                continue
            except OSError:  # that was the last
                return
            found = _KILLED.search(record)
            if found:
                yield found[0].decode("utf-8", "replace")
