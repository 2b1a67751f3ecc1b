"""What was seen, what was chosen and why, in a few lines for a person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.card_support import BRAND, shown
from envtool.plan import InstallPlan, argv
from envtool.plan.fit import SYSTEM_NAMES
from envtool.report.command import command_text, public

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envtool.facts import Machine
    from envtool.plan import Considered, Refusal

    Line = tuple[str, str]  # a label, and what it says

MOST_LINES = 10
LAST_LINES = 8


def seen_lines(machine: Machine, why_this_python: str | None) -> list[Line]:
    """The machine in a line, and what is odd about it in a line each."""
    parts = [_system(machine), _python(machine, why_this_python), *_driver(machine), _gpus(machine)]
    return [("machine", "; ".join(parts)), *(("note", note) for note in machine.notes)]


def machine_facts(machine: Machine) -> list[Line]:
    """What a page says of the machine beside what torch says: a label and a text each."""
    drivers = [("Driver", driver) for driver in _driver(machine)]
    return [("System", _system(machine)), *drivers, ("GPUs", _gpus(machine).removeprefix("GPUs "))]


def answer_lines(answer: InstallPlan | Refusal, installer: Sequence[str], shell: str) -> list[Line]:
    return _plan_lines(public(answer)) if isinstance(answer, InstallPlan) else _refusal_lines(answer, installer, shell)


def _plan_lines(plan: InstallPlan) -> list[Line]:
    what = ", ".join(f"{name} {pin or 'nightly'}" for name, pin in plan.packages)
    return [
        ("chosen", f"{what} from {plan.source.url if plan.source else 'the package registry'}"),
        *(("why", reason) for reason in plan.reasons),
        *(("note", warning) for warning in plan.warnings),
    ]


def _refusal_lines(refusal: Refusal, installer: Sequence[str], shell: str) -> list[Line]:
    ways = [
        f"{way.change}: {command_text(argv(public(way.plan), installer), shell)}" if way.plan else way.change
        for way in refusal.nearest
    ]
    return [
        ("refused", "no torch build that is known runs here as asked"),
        *(("why", reason) for reason in refusal.reasons),
        *(("instead", way) for way in ways),
    ]


def failed_install_lines(program: str, status: int | None, trouble: str | None, printed: str) -> list[Line]:
    """How the installer ended, and the last it said."""
    ended = trouble or f"{program} ended with exit status {status}"
    last = [line for line in re.split(r"[\r\n]+", printed) if line.strip()][-LAST_LINES:]
    return [("failed", ended), *(("", line) for line in last)]


def torch_lines(version: str | None, build: str | None, device: str | None, error: str | None) -> list[Line]:
    """What torch found when it was tried after the install."""
    if error is not None:
        return [("failed", f"torch was installed and does not work: {error}")]
    if device is None:
        return [("works", f"torch {version} ({build}) imports; it sees no GPU")]
    return [("works", f"torch {version} ({build}) imports and computes on {device}")]


def few(lines: Sequence[Line]) -> list[Line]:
    """At most ten lines; the last says what was left out."""
    if len(lines) <= MOST_LINES:
        return list(lines)
    left_out = len(lines) - MOST_LINES + 1
    return [*lines[: MOST_LINES - 1], ("more", f"{left_out} further lines: --explain shows them")]


def considered_rows(rows: Sequence[Considered]) -> Iterator[tuple[str, str, str, str, str]]:
    yield "torch", "from", "backend", "basis", "ruled out by"
    for row in rows:
        yield row.torch, row.place, row.backend, row.basis, "; ".join(row.obstacles) or "(legal)"


def _system(machine: Machine) -> str:
    system = machine.os
    name = system.distribution.capitalize() if system.distribution else SYSTEM_NAMES.get(system.system, system.system)
    where = " in WSL" if system.wsl else f" on Jetson L4T {system.jetson_l4t}" if system.jetson_l4t else ""
    libc = f", {machine.libc.name} {machine.libc.version}" if machine.libc else ""
    return f"{name}{f' {system.version}' if system.version else ''}{where} {machine.arch}{libc}"


def _python(machine: Machine, why: str | None) -> str:
    python = machine.python
    kind = " free-threaded" if python.free_threaded else ""
    where = f" at {python.executable}" if python.executable else ""
    name = {"cpython": "Python"}.get(python.implementation, python.implementation)
    return f"{name} {python.version}{kind}{where}{f' ({why})' if why else ''}"


def _driver(machine: Machine) -> list[str]:
    if machine.driver is None or machine.driver.version is None:
        return []
    return [f"{BRAND[machine.driver.vendor]} driver {machine.driver.version}"]


def _gpus(machine: Machine) -> str:
    if machine.gpus is None:
        return "GPUs unknown: nothing that could be asked gave an answer"
    if not machine.gpus:
        return "no GPU"
    counts = {gpu: machine.gpus.count(gpu) for gpu in dict.fromkeys(machine.gpus)}
    return ", ".join(f"{count} x {shown(gpu)}" if count > 1 else shown(gpu) for gpu, count in counts.items())
