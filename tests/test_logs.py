"""The logs of tests/logs, each of an install whose folder names what made it fail."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from envtool.cli.doctor import doctor
from envtool.rules import CAUSES

LOGS = Path(__file__).parent / "logs"
FILES = sorted(LOGS.glob("*/*.log"))
FAILURES = [path for path in FILES if path.parent.name != "not-a-failure"]
SUCCESSES = [path for path in FILES if path.parent.name == "not-a-failure"]
HEADER = re.compile(
    r"# (?:\S.*, .*Debian.*; run by scripts/make_logs\.py"
    r"|written after the documented message of \S.*; not a real run)"
)
MACHINE = re.compile(r"/root\b|/work/|make_logs_|127\.0\.0\.1|//(?:\w+\.)*py(?:pi|thonhosted)\.(?!example)")


def label(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def errors(path: Path) -> list[str]:
    """The ids of what the command finds, root first."""
    ran = CliRunner().invoke(doctor, ["--log", str(path), "--json"], catch_exceptions=False)
    return [finding["id"] for finding in json.loads(ran.stdout)["findings"] if finding["severity"] == "error"]


def text(path: Path) -> str:
    """The log as its reader saw it; those that are neither UTF-16 nor UTF-8 come from Chinese systems."""
    raw = path.read_bytes()
    if raw.startswith(b"\xff\xfe"):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gbk")


@pytest.mark.parametrize("path", FAILURES, ids=label)
def test_the_root_cause_comes_first(path: Path) -> None:
    assert errors(path)[:1] == [path.parent.name]


@pytest.mark.parametrize("path", SUCCESSES, ids=label)
def test_a_success_is_no_failure(path: Path) -> None:
    assert errors(path) == []


def test_every_cause_has_a_log() -> None:
    assert {path.parent.name for path in FILES} == set(CAUSES)


def test_there_are_successes_of_many_kinds() -> None:
    assert len(SUCCESSES) >= 10


@pytest.mark.parametrize("path", FILES, ids=label)
def test_a_log_says_where_it_comes_from_and_nothing_of_the_machine(path: Path) -> None:
    lines = text(path).splitlines()
    assert HEADER.fullmatch(lines[0])
    assert [line for line in lines if MACHINE.search(line)] == []
