"""A program whose output is passed on as it comes, and kept."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, NamedTuple

from envtool.run.ending import Ran, not_started, wait
from envtool.run.record import Record

if sys.platform != "win32":
    import fcntl
    import termios
    import tty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

KEPT_BYTES = 65536  # of what a streamed program printed
LAST_WORDS_S = 1.0  # how long what a program started may still print after the program has ended
_BUFFER = 1 << 18
_PIPE_BYTES = 1 << 20


class Outlets(NamedTuple):
    """The descriptors of ours that a program's stdout and stderr are passed on to."""

    stdout: int
    stderr: int


AS_ITS_OWN = Outlets(1, 2)
ALL_TO_STDERR = Outlets(2, 2)


def stream(
    argv: Sequence[str],
    timeout_s: float | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    *,
    outlets: Outlets = ALL_TO_STDERR,
    record: Record | None = None,
    beside: Callable[[int], AbstractContextManager[object]] = nullcontext,
) -> Ran:
    """Run a program, pass its output on as it comes, and keep the last KEPT_BYTES of it as `stdout`.

    Where an outlet is a terminal the program finds one too, so its progress bars stay; its standard input is ours.
    `beside` is entered with the program's process id, and left when it has ended. Of interrupts see `ending.wait`.
    """
    record = record or Record()
    to_stdout, to_stderr = _channels(outlets)
    sys.stdout.flush()
    sys.stderr.flush()
    channels = {to_stdout, to_stderr}
    try:
        process = subprocess.Popen(argv, stdout=to_stdout.sink, stderr=to_stderr.sink, env=env, cwd=cwd)
    except (OSError, ValueError) as error:
        _close(channel.source for channel in channels)
        return Ran(None, "", "", not_started(argv, error))
    finally:
        _close(channel.sink for channel in channels)
    passing = [threading.Thread(target=_pass_on, args=(channel, record), daemon=True) for channel in channels]
    for thread in passing:
        thread.start()
    try:
        with beside(process.pid):
            trouble = wait(process, timeout_s)
    finally:
        for thread in passing:
            thread.join(LAST_WORDS_S)
    return Ran(None if trouble else process.returncode, record.last(KEPT_BYTES).decode("utf-8", "replace"), "", trouble)


class _Channel(NamedTuple):
    source: int  # the end we read
    sink: int  # the end the program writes to
    outlet: int


def _channels(outlets: Outlets) -> tuple[_Channel, _Channel]:
    """One for both where they lead to the same place, so that lines keep their order."""
    to_stderr = _channel(outlets.stderr)
    is_one = outlets.stdout == outlets.stderr or os.path.sameopenfile(*outlets)
    return to_stderr if is_one else _channel(outlets.stdout), to_stderr


def _channel(outlet: int) -> _Channel:
    """A pseudo-terminal as wide as the one that the outlet is, else a pipe."""
    if sys.platform != "win32" and os.isatty(outlet):
        source, sink = os.openpty()
        tty.setraw(sink)  # our own terminal translates the ends of lines
        fcntl.ioctl(sink, termios.TIOCSWINSZ, fcntl.ioctl(outlet, termios.TIOCGWINSZ, bytes(8)))
        return _Channel(source, sink, outlet)
    source, sink = os.pipe()
    if sys.platform == "linux":
        with suppress(OSError):  # a user's pipes may hold so much in all: then there are more turns
            fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return _Channel(source, sink, outlet)


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _pass_on(channel: _Channel, record: Record) -> None:
    """Copy until no program writes any more, which a pseudo-terminal on Linux tells by an error.

    Where nobody takes what is printed, we leave off reading, and the program learns it as it would without us.
    """
    buffer, other = memoryview(bytearray(_BUFFER)), memoryview(bytearray(_BUFFER))  # the record may hold one of them
    with suppress(OSError), os.fdopen(channel.source, "rb", buffering=0) as source:
        while size := source.readinto(buffer):
            record.add(buffer[:size], is_flood=size == _BUFFER)
            _write(channel.outlet, buffer[:size])
            buffer, other = other, buffer


def _write(outlet: int, printed: memoryview) -> None:
    try:
        while printed:
            printed = printed[os.write(outlet, printed) :]
    except BlockingIOError:  # whoever gave us the outlet wants it so
        select.select([], [outlet], [])
        _write(outlet, printed)
