"""Processes that are ended from outside, and what a watch makes of a log that says no more than that."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from real_install import ENVTOOL, RealInstall, sources

from envtool.surroundings.cgroup import groups

if sys.platform != "win32":
    import pty

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDS_ITSELF = "import os\nos.kill(os.getpid(), 9)\n"
TAKES = "taken = []\nwhile True:\n    taken.append(b'x' * (1 << 24))\n"
STAYS = "import time; print('ready', flush=True); time.sleep(600)"
LITTLE = 160 << 20  # bytes: enough for doctor, pip and a small build
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and pseudo-terminals"),
]


@pytest.fixture
def install(tmp_path: Path) -> RealInstall:
    return RealInstall(tmp_path)


@contextmanager
def little_memory() -> Iterator[tuple[str, ...]]:
    """What starts a program in a control group that may take LITTLE; of either version, where one can be made."""
    own, files = next(groups(Path("/")), (None, None))
    if own is None or files is None:
        pytest.skip("there is no control group for memory")
    group = own / "envtool-test"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"this user makes no control group in {own}: {error.strerror}")
    try:
        (group / files.limit).write_text(str(LITTLE))
        with suppress(OSError):  # version 2 has such a file for swap alone; without swap there is none
            (group / "memory.swap.max").write_text("0")
        yield ("sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh")
    except FileNotFoundError:
        pytest.skip(f"{own} does not hand its memory on")
    finally:
        group.rmdir()


def test_a_build_that_is_ended_while_there_is_memory(install: RealInstall) -> None:
    install.offers_a_source("tides", sources.setup_py("tides", before=ENDS_ITSELF))
    answer = install.pip_from_index("tides")
    assert answer.verdict == ("out-of-memory", "possible")
    assert "memory was left" in answer.first.title


def test_a_build_that_the_kernel_ends(install: RealInstall) -> None:
    install.offers_a_source("tides", sources.setup_py("tides", before=TAKES))
    with little_memory() as install.under:
        answer = install.pip_from_index("tides")
    assert answer.verdict == ("out-of-memory", "certain")
    assert "seen: the kernel ended 1 process for want of memory" in answer.first.evidence


def test_an_interrupt_ends_the_command_and_doctor(tmp_path: Path) -> None:
    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-c", ENVTOOL, "doctor", "--", sys.executable, "-c", STAYS])
    shown = b""
    with suppress(OSError):  # how Linux tells the end
        while chunk := os.read(screen, 1000):
            shown += chunk
            if shown.endswith(b"ready\r\n"):
                os.write(screen, b"\x03")
    os.close(screen)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130, shown
    assert b"KeyboardInterrupt" in shown  # the command's own word
    assert shown.endswith(b"envtool: interrupted\r\n")
