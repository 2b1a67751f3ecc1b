"""How a process ends: by itself, at its time limit, or because we are interrupted."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from subprocess import Popen


class Ran(NamedTuple):
    """How a process ended. `status` is None where it never started or did not end in time, and `trouble` says which."""

    status: int | None  # negative: the signal that ended it
    stdout: str
    stderr: str
    trouble: str | None = None


def wait(process: Popen[bytes], timeout_s: float | None) -> str | None:
    """Until a program that shares our process group has ended, and why it had to where the time limit was passed.

    An interrupt first ends the program, then comes out of here; one that does not end is killed by a further interrupt.
    """
    try:
        process.wait(timeout_s)
    except TimeoutExpired as expired:
        kill_family(process)
        return too_long(str(process.args[0]), expired.timeout)  # type: ignore[index]  # always a list
    except KeyboardInterrupt:
        _interrupt(process)
        raise
    except BaseException:
        kill_family(process)
        raise
    return None


def kill(process: Popen[bytes]) -> None:
    """End the process and all in its group. One that the kernel will not let go of is left behind, not waited for."""
    if sys.platform != "win32":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
    else:
        process.kill()
    with suppress(TimeoutExpired):
        process.communicate(timeout=1)


def kill_family(process: Popen[bytes]) -> None:
    """End a program that shares our process group, and all it started."""
    import psutil  # noqa: PLC0415 - takes longer to import than all else here, and is seldom needed

    with suppress(psutil.NoSuchProcess):
        for descendant in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                descendant.kill()
    kill(process)


def not_started(argv: Sequence[str], error: OSError | ValueError) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{argv[0]} could not be started: {reason}"


def too_long(program: str, timeout_s: float) -> str:
    return f"{program} did not end within {timeout_s:g} s"


def _interrupt(process: Popen[bytes]) -> None:
    try:
        if not _has_terminal():
            process.send_signal(signal.SIGINT)
        process.wait()
    except KeyboardInterrupt:
        kill_family(process)


def _has_terminal() -> bool:
    """Whether a terminal, which interrupts us and the program alike, sees us in the foreground."""
    if sys.platform == "win32":
        return True
    try:
        with Path("/dev/tty").open("rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False
