"""A program that runs beside us for a while."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from envtool.run.ending import kill_family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO


class Beside(NamedTuple):
    pid: int
    status: Callable[[], int | None]  # None while it runs


@contextmanager
def running(
    argv: Sequence[str], printed: BinaryIO, env: Mapping[str, str] | None = None, cwd: str | None = None
) -> Iterator[Beside]:
    """A program that runs while the block does, and is killed with its children where the block ends first.

    What it prints goes into the file. Raises OSError.
    """
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=printed,
        stderr=subprocess.STDOUT,
        env=env,
        cwd=cwd,
        start_new_session=os.name == "posix",
    )
    try:
        with _terminated_as_interrupted():
            yield Beside(process.pid, process.poll)
    finally:
        if process.poll() is None:
            kill_family(process)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM leaves this block by an exception, else what runs in a session of its own would outlive us."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
