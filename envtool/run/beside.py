"""A program that runs beside us for a while."""

from __future__ import annotations

import os
import subprocess
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
        yield Beside(process.pid, process.poll)
    finally:
        if process.poll() is None:
            kill_family(process)
