"""What the kernel says of the processes that it ended for want of memory."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envtool.surroundings.cgroup import Files

MESSAGES = Path("/dev/kmsg")
_ENDED = re.compile(rb"oom-kill:[^\n]{0,2000}task_memcg=([^,\n]{1,1000}),task=([^\n]{1,100}),pid=(\d+)")  # Linux 5.0
_RECORD = 8192  # bytes, which no record of it exceeds
_COUNTED_IN = ("memory.events", "memory.oom_control")  # by version 2 of control groups, and by version 1


class Ended(NamedTuple):
    """A process that the kernel ended for want of memory."""

    group: str  # the control group that it was in
    name: str
    pid: int


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

    def close(self) -> tuple[Ended, ...]:
        """Whom they tell of, in whatever control group."""
        if self._file is None:
            return ()
        told = tuple(self._told(self._file))
        os.close(self._file)
        self._file = None
        return told

    @staticmethod
    def _told(file: int) -> Iterator[Ended]:
        while True:
            try:
                record = os.read(file, _RECORD)
            except BrokenPipeError:  # the kernel has overwritten what was next
                continue
            except OSError:  # that was the last
                return
            found = _ENDED.search(record)
            if found:
                group, name, pid = (part.decode("utf-8", "replace") for part in found.groups())
                yield Ended(group, name, int(pid))
