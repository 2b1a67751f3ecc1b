"""A log is read as it was meant, whatever recorded it, however long it is, and whatever bytes it holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from signs import DISK_FULL, SIGNS, causes, diagnosed

from envtool.diagnose import find, keep
from envtool.diagnose.clean import clean
from envtool.facts import Evidence
from envtool.report.doctor import FORMATS, diagnosis_text

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDED = {
    "colours": "\x1b[31mERROR:\x1b[0m Could not install: \x1b[1;31m[Errno 28] No space left\x1b[0m on device",
    "progress": "   10%\r   50%\r  100% ERROR: [Errno 28] No space left on device",
    "windows line ends": "ERROR: x\r\nOSError: [Errno 28] No space left on device\r\n",
    "GitHub": "2026-11-24T10:11:12.1234567Z ##[error]OSError: [Errno 28] No space left on device",
    "GitHub, a job's log": "build\tInstall\t2026-11-24T10:11:12.1234567Z OSError: [Errno 28] No space left on device",
    "GitLab": "2026-11-24T10:11:12.123456Z 00O OSError: [Errno 28] No space left on device",
    "Jenkins": "[2026-11-24T10:11:12.123Z] OSError: [Errno 28] No space left on device",
    "docker": "#12 34.56 OSError: [Errno 28] No space left on device",
    "compose": "web-1  | OSError: [Errno 28] No space left on device",
    "pytest": "E   OSError: [Errno 28] No space left on device",
    "wrapped": "OSError: [Errno 28] No space left\n  on device",
}


@pytest.mark.parametrize("log", RECORDED.values(), ids=RECORDED)
def test_the_marks_of_what_recorded_a_log_are_looked_through(log: str) -> None:
    assert causes(log) == ["disk-full"]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (b"#7 1.234 Collecting six", ["Collecting six"]),
        (b"2026-11-24 10:11:12,345 Collecting six", ["Collecting six"]),
        (b"[10:11:12] Collecting six", ["Collecting six"]),
        (b"  1%\r 50%\r100%", ["100%"]),
        (b"  1%\rERROR: no\r100%", ["ERROR: no"]),
        ("\x1b]8;;x\x07\u2018six\u2019\x1b]8;;\x07".encode(), ["'six'"]),
        ("设备上没有空间".encode("gbk"), ["设备上没有空间"]),
        ("Accès refusé".encode("cp1252"), ["Accès refusé"]),
    ],
)
def test_a_line_as_the_tool_meant_it(line: bytes, kept: list[str]) -> None:
    assert clean(line) == kept


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "cp1252"])
def test_any_encoding(encoding: str) -> None:
    assert causes(f"ERROR: Could not install packages\n{DISK_FULL}\n".encode(encoding)) == ["disk-full"]


def noise(lines: int) -> Iterator[bytes]:
    for number in range(lines):
        yield b"  copying package/module_%d.py -> build/lib.linux-x86_64-3.12/package\n" % number


@pytest.mark.slow
@pytest.mark.parametrize("cause", SIGNS)
def test_a_cause_in_the_midst_of_noise(cause: str) -> None:
    """More than both ends that are kept whole, so that the lines have to speak for themselves."""
    log = SIGNS[cause][0]
    lines = 4_000
    found = find(Evidence((*noise(lines), b"$ pip install demo\n", log.encode(), b"\n", *noise(lines))))
    alone = diagnosed(log)
    assert found.findings[0].id == cause
    first = alone.findings[0].evidence[0]
    assert found.findings[0].evidence[0] == first._replace(number=first.number + lines + 1)


def test_memory_is_bounded_and_so_is_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that never ends is read up to the limit, in pieces that are let go."""
    monkeypatch.setattr(keep, "MOST_BYTES", 16 << 20)
    pieces = 0

    def endless() -> Iterator[bytes]:
        nonlocal pieces
        while True:
            pieces += 1
            yield b"x" * (1 << 20) if pieces % 2 else b"error: y\n" * (1 << 16)

    kept = keep.keep(endless())
    assert kept.cut
    assert pieces < 2 * keep.MOST_BYTES >> 19
    assert sum(len(line) for _, line in kept.lines) < 4 << 20


def test_trouble_without_end_is_cut_short() -> None:
    """Lines that all speak of an error, none like another."""
    words = (f"error: cannot find {number:b}".replace("0", "o").replace("1", "l").encode() for number in range(40_000))
    kept = keep.keep((b"\n".join(words),))
    assert kept.total == 40_000
    assert keep.MOST_BETWEEN <= len(kept.lines) < 20_000
    assert kept.lines[-1][0] == 40_000


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    log = b"".join(noise(30_000)) + DISK_FULL.encode()
    pieces = tuple(log[start : start + 10_007] for start in range(0, len(log), 10_007))
    found = find(Evidence(pieces))
    assert found.lines == 30_001
    assert found.findings[0].evidence[0].number == 30_001


TRICKY = st.sampled_from(
    [
        b"error:",
        b"\r",
        b"\n",
        b"\x1b[31m",
        b"[Errno 28]",
        b"(from versions: ",
        b"\xff\xfe",
        b"\x80",
        b"Successfully installed ",
    ]
)
BYTES = st.lists(
    st.binary(max_size=40) | TRICKY | st.sampled_from([log.encode() for logs in SIGNS.values() for log in logs])
)


@settings(max_examples=100, deadline=None)
@given(pieces=BYTES)
@example(pieces=[b"\xff\xfe"])
@example(pieces=[b"ERROR: \xff\xfe\r\r\n"])
def test_any_bytes_give_an_answer(pieces: list[bytes]) -> None:
    diagnosis = find(Evidence(pieces))
    assert len(diagnosis.findings) <= 3
    assert len({finding.id for finding in diagnosis.findings}) == len(diagnosis.findings)
    for finding in diagnosis.findings:
        assert all(1 <= line.number <= diagnosis.lines for line in finding.evidence)
    for form in FORMATS:
        assert diagnosis_text(diagnosis, form).encode("utf-8", "strict") is not None
    assert json.loads(diagnosis_text(diagnosis, "json"))["outcome"] == diagnosis.outcome
