"""What a watch saw, as evidence: alone, with the log, and against it."""

from __future__ import annotations

import pytest

from envtool.diagnose import find
from envtool.diagnose.seen import seen_lines
from envtool.facts import Evidence
from envtool.usage import Disk, Memory, Room, Usage

GB = 10**9
ODD = b"Collecting demo\nsomething odd\n"
ENOSPC = b"ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"
REFUSED = b"  File 'setup.py', line 3\nMemoryError\n"
CHILD_KILLED = b"error: subprocess-exited-with-error\n  exit code: -9\n"
COMPILER_KILLED = b"gcc: fatal error: Killed signal terminated program cc1plus\n"
TYPO = (
    b"ERROR: Could not find a version that satisfies the requirement numpyy (from versions: none)\n"
    b"ERROR: No matching distribution found for numpyy\n"
)


def disk(left: int, mount: str = "/mnt/t", holds: tuple[str, ...] = ("temporary files",), inodes: int = 900) -> Disk:
    return Disk(mount, holds, Room(20 * 10**6, 1000), Room(19 * 10**6, 990), Room(left, inodes), 2.5, 1.0)


ROOMY = disk(15 * GB, "/", ("environment", "home"))._replace(size=Room(99 * GB, 10**6))


def memory(left: int, **seen: object) -> Memory:
    return Memory(2 * GB, 3.0, 8 * GB, "this machine", left, 3.25)._replace(**seen)  # type: ignore[arg-type]  # by name


PLENTY, LITTLE = memory(4 * GB), memory(GB // 10)


def first(log: bytes, usage: Usage, command: str | None = None) -> tuple[str, str] | None:
    found = find(Evidence((log,), status=usage.status, usage=usage, command=command)).findings
    return (found[0].id, found[0].confidence) if found else None


@pytest.mark.parametrize(
    ("log", "usage", "named"),
    [
        (ODD, Usage(4, 1, (disk(0), ROOMY)), ("disk-full", "likely")),
        (ODD, Usage(4, 1, (disk(99_999), ROOMY)), ("disk-full", "likely")),
        (ODD, Usage(4, 1, (disk(100_001), ROOMY)), None),
        (ODD, Usage(4, 1, (disk(9 * 10**6, inodes=2), ROOMY)), ("disk-full", "likely")),
        (ODD, Usage(4, 1, (disk(9 * 10**6, inodes=3), ROOMY)), None),
        (ODD, Usage(4, 1, (ROOMY._replace(least=Room(2**20, 10**6)),)), ("disk-full", "likely")),
        (ODD, Usage(4, 1, (ROOMY._replace(least=Room(2**20 + 1, 10**6)),)), None),
        (ODD, Usage(4, 0, (disk(0),)), None),
        (ENOSPC, Usage(4, 1, (disk(0), ROOMY)), ("disk-full", "certain")),
        (ENOSPC, Usage(4, 1, (disk(9 * 10**6), ROOMY)), ("disk-full", "certain")),
        (TYPO, Usage(4, 1, (disk(0),)), ("name-not-found", "likely")),
        (ODD, Usage(4, -9, memory=PLENTY), ("out-of-memory", "possible")),
        (ODD, Usage(4, 137, memory=PLENTY), ("out-of-memory", "possible")),
        (ODD, Usage(4, -9, memory=LITTLE), ("out-of-memory", "likely")),
        (ODD, Usage(4, -9, memory=memory(4 * GB, oom_kills=1)), ("out-of-memory", "certain")),
        (ODD, Usage(4, -15, memory=LITTLE), None),
        (ODD, Usage(4, 1, memory=LITTLE), None),
        (ODD, Usage(4, 1, memory=memory(4 * GB, oom_kills=0)), None),
        (ODD, Usage(4, 1, memory=memory(4 * GB, oom_kills=1)), ("out-of-memory", "likely")),
        (CHILD_KILLED, Usage(4, 1, memory=PLENTY), ("out-of-memory", "possible")),
        (CHILD_KILLED, Usage(4, 1, memory=LITTLE), ("out-of-memory", "likely")),
        (CHILD_KILLED, Usage(4, 1, memory=memory(4 * GB, oom_kills=2)), ("out-of-memory", "certain")),
        (CHILD_KILLED, Usage(4, 1), ("out-of-memory", "likely")),
        (COMPILER_KILLED, Usage(4, 1, memory=PLENTY), ("out-of-memory", "possible")),
        (COMPILER_KILLED, Usage(4, 1, memory=LITTLE), ("out-of-memory", "certain")),
        (REFUSED, Usage(4, 1, memory=PLENTY), ("out-of-memory", "certain")),
    ],
)
def test_what_is_named_and_how_surely(log: bytes, usage: Usage, named: tuple[str, str] | None) -> None:
    assert first(log, usage) == named


def test_the_disk_and_the_moment_are_named_beside_what_the_log_says() -> None:
    usage = Usage(4, 1, (ROOMY, disk(0)))
    [finding] = find(Evidence((ODD, ENOSPC), status=1, usage=usage, command="pip install demo")).findings
    assert finding.title.startswith("/mnt/t was full while the command ran")
    assert [line.number for line in finding.evidence] == [3, 0]
    assert finding.evidence[1].text == "seen: /mnt/t (temporary files) was full at 2.5 s, 0 kB of 20 MB were left"
    assert finding.fix[0].startswith("mkdir -p ~/tmp && TMPDIR=~/tmp pip install demo")


def test_where_no_disk_was_seen_full_the_one_with_the_least_room_is_named() -> None:
    few_inodes = disk(9 * 10**6, inodes=100)
    [finding] = find(Evidence((ENOSPC,), status=1, usage=Usage(4, 1, (ROOMY, few_inodes)))).findings
    assert finding.title.endswith("/mnt/t had the least room.")


@pytest.mark.parametrize(
    ("size", "left", "is_named"),
    [
        (Room(10**9, 10**6), Room(9 * 10**8, 10**6), True),
        (Room(10**9 + 1, 10**6), Room(9 * 10**8, 10**6), False),
        (Room(99 * GB, 10**6), Room(9 * GB, 10**6), True),
        (Room(99 * GB, 10**6), Room(10 * GB, 10**6), False),
        (Room(99 * GB, 10**6), Room(50 * GB, 10**5), True),
        (Room(99 * GB, 10**6), Room(50 * GB, 10**5 + 1), False),
        (Room(99 * GB, None), Room(50 * GB, None), False),
    ],
)
def test_one_that_had_room_is_not_named(size: Room, left: Room, is_named: bool) -> None:
    roomy = disk(0)._replace(size=size, least=left)
    [finding] = find(Evidence((ENOSPC,), status=1, usage=Usage(4, 1, (roomy,)))).findings
    assert ("had the least room" in finding.title) is is_named


def test_what_must_stay_where_it_is_gets_other_advice() -> None:
    full = disk(0, "/", ("environment", "temporary files", "home"))
    [finding] = find(Evidence((ENOSPC,), status=1, usage=Usage(4, 1, (full,)))).findings
    assert not any("TMPDIR" in command for command in finding.fix)
    assert any("df -h /;" in command for command in finding.fix)


def test_the_limit_of_the_shell_is_named() -> None:
    usage = Usage(4, 1, memory=memory(4 * GB, address_space_bytes=512 * 10**6))
    [finding] = find(Evidence((REFUSED,), status=1, usage=usage, command="pip install demo")).findings
    assert "ulimit -v allows it 512 MB" in finding.title
    assert finding.fix[0] == "ulimit -v unlimited && pip install demo"
    assert find(Evidence((ODD,), status=1, usage=usage)).findings == ()


def test_whom_the_kernel_ended() -> None:
    lines = seen_lines(Usage(4, 1, memory=memory(4 * GB, oom_kills=2, ended=("cc1plus (4242)", "cc1plus (4243)"))))
    assert lines[-1] == "seen: the kernel ended 2 processes for want of memory: cc1plus (4242), cc1plus (4243)"


def test_a_command_that_was_not_watched_has_no_such_lines() -> None:
    assert seen_lines(Usage(4, 1)) == ()
