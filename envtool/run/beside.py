"""A program that runs beside us for a while."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from envtool.run.ending import kill_family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO


@contextmanager
def running(
    argv: Sequence[str], printed: BinaryIO, env: Mapping[str, str] | None = None, cwd: str | None = None
) -> Iterator[Callable[[], int | None]]:
    """A program that runs while the block does, and is killed with its children where the block ends first.

    What it prints goes into the file; what is given asks for its status, None while it runs. Raises OSError.
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
        yield process.poll
    finally:
        if process.poll() is None:
            kill_family(process)
