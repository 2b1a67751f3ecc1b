"""What the README shows is what envtool prints, and what it has is what the README lists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from loopback import bare_environment

from envtool.cli import COMMANDS, commands

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNS = re.findall(r"^\$ envtool (.*)\n((?:(?!\$|```).*\n)*)", README, re.MULTILINE)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the README shows runs on Linux")
@pytest.mark.parametrize(("arguments", "shown"), RUNS)
def test_every_run_that_is_shown_prints_what_is_shown(arguments: str, shown: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "envtool", *shlex.split(arguments)],
        cwd=ROOT,
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    printed = (ran.stderr if "machine " in shown else "") + ran.stdout
    assert [line for line in shown.splitlines() if not line.startswith("machine ")] == [
        line for line in printed.splitlines() if not line.startswith("machine ")
    ]


def test_there_are_runs_to_check() -> None:
    assert len(RUNS) >= 3


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_listed_as_here(name: str) -> None:
    assert re.search(rf"^\| `envtool {name}` \|.*\| here \|$", README, re.MULTILINE)


@pytest.mark.parametrize("name", ["install-torch", "freeze", "doctor", "smoke-test"])
def test_no_command_is_promised_that_is_not_there(name: str) -> None:
    [state] = re.findall(rf"^\| `envtool {name}` \|.*\| (here|to come) \|$", README, re.MULTILINE)
    assert (state == "here") == (name in COMMANDS)


def test_every_option_that_is_shown_exists() -> None:
    found = [commands.get_command(click.Context(commands), name) for name in COMMANDS]
    known = {name for command in found if command for option in command.params for name in option.opts}
    of_others = {"--index-url", "--extra-index-url", "--break-system-packages", "--version"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) <= known | of_others | {"--help"}
