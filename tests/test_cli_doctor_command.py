"""envtool doctor -- COMMAND as a shell sees it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import bare_environment
from mounting import mounted
from pages import faults, tree, words

import envtool

FULL = "import sys; print('out'); sys.exit('OSError: [Errno 28] No space left on device')"


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "envtool", "doctor", *arguments],
        env=bare_environment(PYTHONPATH=str(Path(envtool.__file__).parent.parent)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_one_that_fails_is_explained_and_its_stdout_is_its_own() -> None:
    ran = doctor("--", sys.executable, "-c", FULL)
    assert (ran.returncode, ran.stdout) == (1, "out\n")
    assert "ended with exit status 1" in ran.stderr
    assert "disk-full; the log proves it" in ran.stderr


def test_one_that_works() -> None:
    ran = doctor("--", sys.executable, "-c", "print('done')")
    assert (ran.returncode, ran.stdout) == (0, "done\n")
    worked, used = ran.stderr.splitlines()
    assert worked.endswith("ended with exit status 0")
    assert re.fullmatch(r"used    \d+\.\d s, \d+ MB of memory at most\b.*", used)


def test_json_has_stdout_for_itself() -> None:
    ran = doctor("--json", "--", sys.executable, "-c", FULL)
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["findings"][0]["id"] == "disk-full"
    assert "out" in ran.stderr


def test_a_child_that_is_killed_proves_nothing() -> None:
    ran = doctor("--json", "--", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    assert ran.returncode == 1
    assert "was ended by SIGKILL" in ran.stderr
    [finding] = json.loads(ran.stdout)["findings"]
    assert (finding["id"], finding["confidence"]) == ("out-of-memory", "possible")
    assert finding["evidence"] == [{"line": 0, "text": "seen: the command was ended by SIGKILL"}]


def test_json_says_what_it_used() -> None:
    ran = doctor("--json", "--", sys.executable, "-c", "held = bytearray(60 << 20); import time; time.sleep(0.5)")
    usage = json.loads(ran.stdout)["usage"]
    assert usage["status"] == 0
    assert usage["seconds"] > 0.5
    assert usage["memory"]["peak_bytes"] > 60 << 20
    assert usage["disks"][0]["least"]["bytes"] <= usage["disks"][0]["at_start"]["bytes"]


def test_what_it_draws(tmp_path: Path) -> None:
    report = tmp_path / "install.html"
    ran = doctor("--report", str(report), "--", sys.executable, "-c", FULL)
    assert ran.returncode == 1
    assert f"written {report}\n" in ran.stderr
    page = report.read_text("utf-8")
    assert faults(page) == []
    assert "disk-full; the log proves it" in words(tree(page))


def test_what_cannot_be_drawn_is_refused_before_it_runs(tmp_path: Path) -> None:
    made = tmp_path / "made"
    ran = doctor("--report", str(tmp_path), "--", sys.executable, "-c", f"open({str(made)!r}, 'w').close()")
    assert ran.returncode == 2
    assert not made.exists()


def test_a_page_is_of_a_command() -> None:
    ran = doctor("--report", "x.html")
    assert ran.returncode == 2
    assert "--report draws what a command used" in ran.stderr


def test_what_it_saves(tmp_path: Path) -> None:
    kept = tmp_path / "new/kept"
    ran = doctor("--save", str(kept), "--", sys.executable, "-c", FULL)
    assert ran.returncode == 1
    assert f"written {kept}: log.txt, samples.tsv, report.json\n" in ran.stderr
    assert sorted(file.name for file in kept.iterdir()) == ["log.txt", "report.json", "samples.tsv"]
    log = (kept / "log.txt").read_text()  # of two pipes, in whichever order they were read
    assert sorted(log.replace("\n", "")) == sorted("outOSError: [Errno 28] No space left on device")
    names, *rows = [row.split("\t") for row in (kept / "samples.tsv").read_text().splitlines()]
    assert names[:4] == ["at_s", "printed", "memory", "available"]
    assert 0 <= int(rows[-1][1]) <= (kept / "log.txt").stat().st_size
    assert json.loads((kept / "report.json").read_text())["findings"][0]["id"] == "disk-full"
    again = doctor("--save", str(kept), "--", sys.executable, "-c", "")
    assert (again.returncode, again.stdout) == (2, "")
    assert f"{kept} is not empty" in again.stderr


def test_a_full_disk_costs_the_saved_log_and_nothing_else(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=1m") as small:
        ran = doctor("--save", str(small / "kept"), "--", sys.executable, "-c", "print('x' * 2_000_000)")
        assert ran.stdout == "x" * 2_000_000 + "\n"
        assert f"{small}/kept/samples.tsv is as it was, for it could not be written" in ran.stderr
        assert "Traceback" not in ran.stderr


def test_a_time_limit() -> None:
    ran = doctor("--timeout", "1", "--", sys.executable, "-c", "import time; time.sleep(60)")
    assert ran.returncode == 1
    assert "did not end within 1 s" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--",), "no command after --"),
        (("--", "no-such-program"), "no-such-program could not be started"),
        (("disk-space", "--", "true"), "give one of them"),
        (("--log", "x", "--", "true"), "give one of them"),
    ],
)
def test_what_cannot_be_meant(arguments: tuple[str, ...], said: str) -> None:
    ran = doctor(*arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr
