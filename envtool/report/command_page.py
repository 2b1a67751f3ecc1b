"""What a command used while it ran, and what went wrong, as a page for a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from envtool.amount import amount
from envtool.report.doctor import HOW_SURE
from envtool.report.figure import Frame, Line, curves_svg
from envtool.report.page import rendered
from envtool.report.usage import LEAST_WORTH, taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from envtool.diagnose import Diagnosis
    from envtool.diagnose.turning_points import TurningPoint
    from envtool.usage import Disk, Usage

    Marks = tuple[tuple[float, bool], ...]

GB, MB = 10**9, 10**6
SMALL = 0.05  # of what was free: a change below it would not be seen in a drawing that begins at empty
NEAR_LIMIT = 0.3  # of memory's limit, from which on the limit is drawn


class Chart(NamedTuple):
    title: str
    svg: Markup
    words: str


class Ran(NamedTuple):
    command: str
    ended: str  # "pip ended with exit status 1"
    has_failed: bool


def command_page(ran: Ran, usage: Usage, diagnosis: Diagnosis, points: Sequence[TurningPoint], made: str) -> str:
    found = diagnosis.findings if ran.has_failed else ()
    values = {
        "title": found[0].title if found else ran.ended,
        "passed": not ran.has_failed,
        "command": re.sub(r"(?<=://)[^/@\s]*@", "", ran.command),  # a user and a password are never shown
        "facts": [("Ended", ran.ended), *_facts(usage)],
        "findings": found,
        "how_sure": HOW_SURE,
        "unexplained": diagnosis.unexplained if ran.has_failed else (),
        "charts": tuple(_charts(usage, tuple((point.at_s, point.is_trouble) for point in points))),
        "points": points,
        "made": made,
    }
    return rendered("command.html", values)


def _facts(usage: Usage) -> Iterator[tuple[str, str]]:
    yield "Took", f"{usage.seconds:.1f} s"
    if usage.memory:
        memory = usage.memory
        yield "Memory", f"{amount(memory.peak_bytes)} at most, of {amount(memory.limit_bytes)} of {memory.limit_of}"
        if memory.oom_kills:
            yield "Out of memory", f"the kernel ended {', '.join(memory.ended) or f'{memory.oom_kills} processes'}"
    yield from ((disk.mount, _disk_words(disk)) for disk in usage.disks)


def _disk_words(disk: Disk) -> str:
    return f"{amount(max(0, taken(disk)))} taken at most, {amount(disk.least.bytes)} left of {amount(disk.size.bytes)}"


def _charts(usage: Usage, marks: Marks) -> Iterator[Chart]:
    """Memory, then each disk that something was taken of. Nothing of a command too short to look at twice."""
    if len(usage.samples) < 2:  # noqa: PLR2004 - a line has two ends
        return
    times = tuple(sample.at_s for sample in usage.samples)
    if usage.memory:
        held = tuple(sample.memory_bytes for sample in usage.samples)
        limit = usage.memory.limit_bytes
        lines = [Line("taken", times, held)]
        lines += [Line("limit", (0.0, usage.seconds), (limit, limit))] if max(held) > NEAR_LIMIT * limit else []
        yield _chart("memory", "Memory", lines, usage.seconds, marks, from_zero=True)
    for number, disk in enumerate(usage.disks):
        if taken(disk) < LEAST_WORTH:
            continue
        free = Line("free", times, tuple(sample.free_bytes[number] for sample in usage.samples))
        from_zero = max(free.y) - min(free.y) >= SMALL * max(free.y)
        title = f"Free on {disk.mount} ({', '.join(disk.holds)})"
        yield _chart(f"disk-{number}", title, [free], usage.seconds, marks, from_zero=from_zero)


def _chart(name: str, title: str, lines: Sequence[Line], seconds: float, marks: Marks, *, from_zero: bool) -> Chart:
    unit, size = ("GB", GB) if max(max(line.y) for line in lines) >= GB else ("MB", MB)
    scaled = [line._replace(y=tuple(value / size for value in line.y)) for line in lines]
    frame = Frame("seconds", unit, (0.0, seconds), from_zero, marks)
    low, high = min(scaled[0].y), max(scaled[0].y)
    return Chart(title, curves_svg(name, scaled, frame), f"{title}, over time: from {low:.3g} to {high:.3g} {unit}")
