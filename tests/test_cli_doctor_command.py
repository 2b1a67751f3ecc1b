"""envtool doctor -- COMMAND as a shell sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import bare_environment

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
    assert ran.stderr.endswith("ended with exit status 0\n")


def test_json_has_stdout_for_itself() -> None:
    ran = doctor("--json", "--", sys.executable, "-c", FULL)
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["findings"][0]["id"] == "disk-full"
    assert "out" in ran.stderr


def test_a_child_that_is_killed_proves_nothing() -> None:
    ran = doctor("--json", "--", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    assert ran.returncode == 1
    assert "was ended by SIGKILL" in ran.stderr
    assert all(finding["confidence"] == "possible" for finding in json.loads(ran.stdout)["findings"])


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
