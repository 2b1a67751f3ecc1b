"""The memory of a process and of all it started."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PAGE = os.sysconf("SC_PAGE_SIZE") if sys.platform != "win32" else 0
_PROC = "/proc"


def weigher(pid: int) -> Callable[[], int]:
    """What tells the memory that a process and all it started have now, in bytes.

    Linux lists the children of a process in a file; elsewhere all processes have to be gone through, which takes longer.
    """
    if Path(f"{_PROC}/{pid}/task/{pid}/children").exists():
        return lambda: sum(map(_resident, _family(str(pid))))
    import psutil  # noqa: PLC0415 - takes longer to import than all else here

    def weigh() -> int:
        total = 0
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            for member in (process, *process.children(recursive=True)):
                with suppress(psutil.Error):
                    total += member.memory_info().rss
        return total

    return weigh


def _family(pid: str) -> Iterator[str]:
    yield pid
    with suppress(OSError):  # it has ended
        for thread in os.listdir(f"{_PROC}/{pid}/task"):  # noqa: PTH208 - four times a second
            for child in _read(f"{_PROC}/{pid}/task/{thread}/children").split():
                yield from _family(child)


def _resident(pid: str) -> int:
    """Without what it shares: libraries, and files that it has mapped."""
    with suppress(OSError):
        pages = _read(f"{_PROC}/{pid}/statm").split()
        if pages:
            return (int(pages[1]) - int(pages[2])) * _PAGE
    return 0


def _read(file: str) -> str:
    with open(file, encoding="ascii") as opened:  # noqa: PTH123 - four times a second
        return opened.read()
