"""The only place that starts a process: lists of arguments, never a shell, always a time limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Ran:
    """How a process ended. `status` is None where it never started or did not end in time, and `trouble` says which."""

    status: int | None  # negative: the signal that ended it
    stdout: str
    stderr: str
    trouble: str | None = None


def capture(
    argv: Sequence[str], timeout_s: float, env: Mapping[str, str] | None = None, cwd: str | None = None
) -> Ran:
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
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return Ran(None, "", "", f"{argv[0]} could not be started: {reason}")
    try:
        stdout, stderr = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        _kill(process)
        return Ran(None, "", "", f"{argv[0]} did not end within {timeout_s:g} s")
    except BaseException:
        _kill(process)
        raise
    return Ran(process.returncode, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and all it started. One that the kernel will not let go of is left behind, not waited for."""
    if sys.platform != "win32":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
    else:
        process.kill()
    try:
        process.communicate(timeout=1)
    except subprocess.TimeoutExpired:
        pass
