"""Processes: captured, and streamed through a pipe and a pseudo-terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from envtool import run
from envtool.run import streaming

if sys.platform != "win32":
    import fcntl
    import pty
    import struct
    import termios

ROOT = Path(__file__).resolve().parent.parent
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals and pseudo-terminals")

ASKS = "import os, sys; print(sys.stdout.isatty(), sys.stderr.isatty())"
STAYS = "import signal; print('ready', flush=True); signal.pause()"
CLEANS_UP = f"""
try:
    {STAYS}
except KeyboardInterrupt:
    print('cleaned up', flush=True)
"""
STUBBORN = """
import signal
signal.signal(signal.SIGINT, lambda *_: print('not now', flush=True))
print('ready', flush=True)
while True:
    signal.pause()
"""
STREAMS = """
import sys
from pathlib import Path
from envtool import run
from envtool.run import streaming
sys.stdin.readline()
try:
    outcome = run.stream([sys.executable, "-c", sys.argv[1]]).stdout
except KeyboardInterrupt:
    outcome = "interrupted"
Path(sys.argv[2]).write_text(outcome)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


class TestCapture:
    def test_keeps_both_outputs_and_the_status(self) -> None:
        ran = run.capture(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"), 20)
        assert ran == run.Ran(3, f"out{os.linesep}", f"err{os.linesep}")

    def test_absent_program(self) -> None:
        ran = run.capture(["/no/such/program"], 20)
        assert ran == run.Ran(None, "", "", "/no/such/program could not be started: No such file or directory")

    @posix_only
    def test_time_limit_ends_what_the_program_started_too(self, tmp_path: Path) -> None:
        fifo = tmp_path / "alive"
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        grandchild = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {STAYS!r}], stdout=open({str(fifo)!r}, 'w'))"
        ran = run.capture(python(grandchild), 1)
        assert ran.trouble == f"{sys.executable} did not end within 1 s"
        os.set_blocking(reader, True)
        assert os.read(reader, 100) in {b"ready\n", b""}
        assert os.read(reader, 100) == b""  # the end: nobody holds it open for writing any more
        os.close(reader)


class TestPiped:
    def test_passes_bytes_on_unchanged_and_keeps_them(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        code = "import sys; sys.stdout.buffer.write(b'a\\r50%\\xff\\n'); sys.stdout.flush(); sys.stderr.write('warn')"
        ran = run.stream(python(code))
        assert ran == run.Ran(0, "a\r50%\N{REPLACEMENT CHARACTER}\nwarn", "")
        assert capfdbinary.readouterr() == (b"", b"a\r50%\xff\nwarn")

    def test_the_program_finds_no_terminal(self, capfd: pytest.CaptureFixture[str]) -> None:
        assert run.stream(python(ASKS)).stdout.split() == ["False", "False"]
        assert capfd.readouterr().err.split() == ["False", "False"]

    def test_keeps_the_end_of_a_long_output(self, capfd: pytest.CaptureFixture[str]) -> None:
        ran = run.stream(python("for n in range(20000): print('line', n)"))
        assert len(ran.stdout) == streaming.KEPT_BYTES
        assert ran.stdout.splitlines()[-1] == "line 19999"
        assert len(capfd.readouterr().err.splitlines()) == 20000

    def test_keeps_the_status(self) -> None:
        assert run.stream(python("raise SystemExit(7)")).status == 7

    @posix_only
    def test_a_signal_is_a_negative_status(self) -> None:
        assert run.stream(python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")).status == -signal.SIGKILL

    def test_absent_program(self) -> None:
        ran = run.stream(["/no/such/program", "x"])
        assert ran == run.Ran(None, "", "", "/no/such/program could not be started: No such file or directory")

    def test_environment_and_folder(self, tmp_path: Path) -> None:
        code = "import os; print(os.environ['COLOUR'], os.path.basename(os.getcwd()))"
        ran = run.stream(python(code), env={**os.environ, "COLOUR": "blue"}, cwd=str(tmp_path))
        assert ran.stdout.split() == ["blue", tmp_path.name]

    def test_time_limit_keeps_what_was_printed(self) -> None:
        ran = run.stream(python(STAYS if os.name == "posix" else "input()"), timeout_s=2)
        assert ran == run.Ran(None, "ready\n", "", f"{sys.executable} did not end within 2 s")

    @posix_only
    def test_does_not_wait_for_what_the_program_left_behind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(streaming, "LAST_WORDS_S", 0.1)
        leaves = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {STAYS!r}]); print(p.pid)"
        ran = run.stream(python(leaves))
        assert ran.status == 0
        os.kill(int(ran.stdout.split()[0]), signal.SIGKILL)


class Terminal:
    """envtool in a terminal of its own, 97 columns wide, streaming a Python program."""

    def __init__(self, code: str, report: Path) -> None:
        self.report = report
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execv(sys.executable, [*python(STREAMS), code, str(report)])
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 97, 0, 0))
        self.type(b"\n")

    def type(self, keys: bytes) -> None:
        os.write(self.screen, keys)

    def wait_for(self, text: bytes) -> None:
        shown = b""
        while text not in shown:
            shown += os.read(self.screen, 1000)

    def outcome(self) -> tuple[bytes, str]:
        """What the screen showed from here to the end, and what came out of `stream`."""
        shown = b""
        with suppress(OSError):  # how Linux tells the end
            while chunk := os.read(self.screen, 1000):
                shown += chunk
        os.close(self.screen)
        assert os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]) == 0, shown
        return shown, self.report.read_bytes().decode()


@posix_only
class TestTerminal:
    def test_the_program_finds_a_terminal_as_wide_as_ours(self, tmp_path: Path) -> None:
        _, stdout = Terminal(f"{ASKS}; print(os.get_terminal_size(2))", tmp_path / "report").outcome()
        assert stdout == "True True\nos.terminal_size(columns=97, lines=31)\n"

    def test_progress_comes_through_unchanged(self, tmp_path: Path) -> None:
        code = r"import sys; sys.stderr.write('\x1b[32m50%\r100%\n')"
        shown, stdout = Terminal(code, tmp_path / "report").outcome()
        assert shown.endswith(b"\x1b[32m50%\r100%\r\n")  # our terminal itself returns the carriage, once
        assert stdout == "\x1b[32m50%\r100%\n"

    def test_interrupt_lets_the_program_end(self, tmp_path: Path) -> None:
        terminal = Terminal(CLEANS_UP, tmp_path / "report")
        terminal.wait_for(b"ready")
        terminal.type(b"\x03")
        shown, outcome = terminal.outcome()
        assert shown.count(b"cleaned up") == 1
        assert outcome == "interrupted"

    def test_further_interrupts_kill_a_stubborn_program(self, tmp_path: Path) -> None:
        terminal = Terminal(STUBBORN, tmp_path / "report")
        terminal.wait_for(b"ready")
        terminal.type(b"\x03")
        with suppress(OSError):  # the end: neither of the two has the terminal open any more
            while True:
                terminal.wait_for(b"not now")
                terminal.type(b"\x03")
        os.close(terminal.screen)
        os.waitpid(terminal.pid, 0)


@posix_only
def test_interrupt_sent_to_us_alone_reaches_the_program(tmp_path: Path) -> None:
    report = tmp_path / "report"
    argv = [*python(STREAMS), CLEANS_UP, str(report)]
    with subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    ) as envtool:
        assert envtool.stderr is not None
        assert envtool.stderr.readline() == b"ready\n"
        envtool.send_signal(signal.SIGINT)
        assert envtool.stderr.read() == b"cleaned up\n"
    assert report.read_text() == "interrupted"


BESIDE = """
import sys
from pathlib import Path
from envtool.run.beside import running

with Path(sys.argv[1]).open("wb") as printed, running([sys.executable, "-c", sys.argv[2]], printed) as beside:
    while beside.status() is None:
        pass
"""
STARTS_ANOTHER = f"""
import subprocess, sys
other = subprocess.Popen([sys.executable, "-c", {STAYS!r}], stdout=subprocess.PIPE, start_new_session=True)
other.stdout.readline()
print(other.pid, flush=True)
other.wait()
"""


@posix_only
def test_what_runs_beside_us_ends_with_us_and_all_that_it_started(tmp_path: Path) -> None:
    printed = tmp_path / "printed"
    printed.touch()
    with subprocess.Popen([*python(BESIDE), str(printed), STARTS_ANOTHER], cwd=ROOT) as envtool:
        while not printed.read_text().endswith("\n"):
            assert envtool.poll() is None
        grandchild = psutil.Process(int(printed.read_text()))
        envtool.terminate()
    assert envtool.returncode == 128 + signal.SIGTERM
    _, alive = psutil.wait_procs([grandchild], timeout=10)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []
