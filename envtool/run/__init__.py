"""The only place that starts a process: lists of arguments, never a shell."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from envtool.run.ending import Ran, kill, not_started, too_long
from envtool.run.streaming import stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ("Ran", "capture", "stream")


def capture(argv: Sequence[str], timeout_s: float, env: Mapping[str, str] | None = None, cwd: str | None = None) -> Ran:
    """Run a program to its end and keep what it printed; the program and its children are killed at the time limit."""
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=cwd,
            start_new_session=os.name == "posix",
        )
    except (OSError, ValueError) as error:
        return Ran(None, "", "", not_started(argv, error))
    try:
        stdout, stderr = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        kill(process)
        return Ran(None, "", "", too_long(argv[0], timeout_s))
    except BaseException:
        kill(process)
        raise
    return Ran(process.returncode, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))
