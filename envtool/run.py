"""The only place that starts a process: lists of arguments, never a shell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if sys.platform != "win32":
    import fcntl
    import termios
    import tty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

KEPT_BYTES = 65536  # of what a streamed program printed
LAST_WORDS_S = 1.0  # how long what a program started may still print after the program has ended


class Ran(NamedTuple):
    """How a process ended. `status` is None where it never started or did not end in time, and `trouble` says which."""

    status: int | None  # negative: the signal that ended it
    stdout: str
    stderr: str
    trouble: str | None = None


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
        return Ran(None, "", "", _not_started(argv, error))
    try:
        stdout, stderr = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        _kill(process)
        return Ran(None, "", "", _too_long(argv, timeout_s))
    except BaseException:
        _kill(process)
        raise
    return Ran(process.returncode, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))


@contextmanager
def running(
    argv: Sequence[str], printed: BinaryIO, env: Mapping[str, str] | None = None, cwd: str | None = None
) -> Iterator[Callable[[], int | None]]:
    """A program that runs beside the block, and is killed with its children where the block ends first.

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
            _kill(process)


def stream(
    argv: Sequence[str],
    timeout_s: float | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
) -> Ran:
    """Run a program, pass its output on to our stderr as it comes, and keep the last KEPT_BYTES of it as `stdout`.

    Where our stderr is a terminal the program finds one too, so its progress bars stay; its standard input is ours. An
    interrupt first ends the program, then comes out of here; one that does not end is killed by a further interrupt.
    """
    source, sink = _channel()
    try:
        process = subprocess.Popen(argv, stdout=sink, stderr=sink, env=env, cwd=cwd)
    except (OSError, ValueError) as error:
        os.close(source)
        return Ran(None, "", "", _not_started(argv, error))
    finally:
        os.close(sink)
    sys.stderr.flush()
    kept = bytearray()
    passing = threading.Thread(target=_pass_on, args=(source, sys.stderr.buffer, kept), daemon=True)
    passing.start()
    status, trouble = None, None
    try:
        status = process.wait(timeout_s)
    except subprocess.TimeoutExpired as expired:
        _kill_family(process)
        trouble = _too_long(argv, expired.timeout)
    except KeyboardInterrupt:
        _interrupt(process)
        raise
    finally:
        passing.join(LAST_WORDS_S)
    return Ran(status, bytes(kept).decode("utf-8", "replace"), "", trouble)


def _channel() -> tuple[int, int]:
    """The end we read and the end the program writes to: a pseudo-terminal as wide as ours, or a pipe."""
    if sys.platform != "win32" and sys.stderr.isatty():
        source, sink = os.openpty()
        tty.setraw(sink)  # our own terminal translates the ends of lines
        fcntl.ioctl(sink, termios.TIOCSWINSZ, fcntl.ioctl(sys.stderr.fileno(), termios.TIOCGWINSZ, bytes(8)))
        return source, sink
    return os.pipe()


def _pass_on(source: int, to: BinaryIO, kept: bytearray) -> None:
    """Copy until no program writes any more; a pseudo-terminal then reads as an error on Linux."""
    with suppress(OSError), open(source, "rb", buffering=0) as printed:
        while chunk := printed.read(KEPT_BYTES):
            kept += chunk
            del kept[:-KEPT_BYTES]
            to.write(chunk)
            to.flush()


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    try:
        if not _has_terminal():
            process.send_signal(signal.SIGINT)
        process.wait()
    except KeyboardInterrupt:
        _kill_family(process)


def _has_terminal() -> bool:
    """Whether a terminal, which interrupts us and the program alike, sees us in the foreground."""
    if sys.platform == "win32":
        return True
    try:
        with Path("/dev/tty").open("rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def _kill_family(process: subprocess.Popen[bytes]) -> None:
    """End a program that shares our process group, and all it started."""
    import psutil  # noqa: PLC0415 - takes longer to import than all else here, and is seldom needed

    with suppress(psutil.NoSuchProcess):
        for descendant in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                descendant.kill()
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and all it started. One that the kernel will not let go of is left behind, not waited for."""
    if sys.platform != "win32":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
    else:
        process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=1)


def _not_started(argv: Sequence[str], error: OSError | ValueError) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{argv[0]} could not be started: {reason}"


def _too_long(argv: Sequence[str], timeout_s: float) -> str:
    return f"{argv[0]} did not end within {timeout_s:g} s"
