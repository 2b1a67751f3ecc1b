"""The turns of a log, each at its moment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from envtool.diagnose.turning_points import TurningPoint, turning_points
from envtool.usage import Sample

LOGS = Path(__file__).parent / "logs"


def each_second(*printed_bytes: int) -> tuple[Sample, ...]:
    return tuple(Sample(float(at), count, 0, 0, ()) for at, count in enumerate(printed_bytes))


PIP = b"Collecting six\n  Downloading six.whl\n\x1b[31mERROR: no room\x1b[0m\nERROR: six\n"


def test_each_stage_counts_once_and_an_error_only_where_it_failed() -> None:
    samples = each_second(0, 15, 37, len(PIP))
    turns = (
        TurningPoint(1.0, "Collecting six", is_trouble=False),
        TurningPoint(2.0, "Downloading six.whl", is_trouble=False),
        TurningPoint(3.0, "ERROR: no room", is_trouble=True),
    )
    assert turning_points((PIP,), len(PIP), samples, has_failed=True) == turns
    assert turning_points((PIP,), len(PIP), samples, has_failed=False) == turns[:2]


def test_what_was_left_out_counts_as_printed() -> None:
    head, tail = b"Collecting six\n", b"\nSuccessfully installed six-1\n"
    samples = each_second(len(head), 1000, 1000 + len(tail))
    found = turning_points((head, b"[left out]", tail), 1000 + len(tail), samples, has_failed=False)
    assert [point.at_s for point in found] == [0.0, 2.0]


def test_a_progress_bar_is_no_line() -> None:
    log = b"Collecting six\r  ---- 1 kB\rDownloading six\n"
    found = turning_points((log,), len(log), each_second(len(log)), has_failed=False)
    assert [point.line for point in found] == ["Collecting six", "Downloading six"]


def test_a_line_without_end_is_cut() -> None:
    log = b"Collecting " + b"x" * 10**6
    [point] = turning_points((log,), len(log), each_second(len(log)), has_failed=False)
    assert len(point.line) < 200


def test_without_a_look_there_is_no_moment() -> None:
    assert turning_points((PIP,), len(PIP), (), has_failed=True) == ()


@pytest.mark.parametrize("log", sorted(LOGS.glob("disk-full/*")), ids=lambda path: path.name)
def test_the_turns_of_a_real_log_are_its_lines(log: Path) -> None:
    content = log.read_bytes()
    found = turning_points((content,), len(content), each_second(len(content)), has_failed=True)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", content.decode("utf-8", "replace"))
    lines = {re.sub(r"\s+", " ", line.strip()) for line in bare.splitlines()}
    assert found
    assert all(any(point.line.removesuffix(" ...")[:60] in line for line in lines) for point in found)
