"""What the checks found, in words."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

from envtool.checkup import PARTS
from envtool.checkup.check import STATUSES
from envtool.report.machine import machine_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from envtool.checkup import Checked
    from envtool.checkup.check import Verdict
    from envtool.facts import Machine
    from envtool.report.screen import Screen

COLOURS = {"error": "1;31", "warning": "1;33", "note": "36", "unknown": "35", "ok": "32"}  # of ECMA-48
PLURALS = {"error": "errors", "warning": "warnings", "note": "notes"}
INDENT = " " * 9  # below a status
WIDEST = 100  # columns of words that are still easy to read
LISTED = 12  # checks that are ok: so many are shown with what was seen, and more by their names alone


def checkup_text(machine: Machine, found: Sequence[Checked], form: str, screen: Screen) -> str:
    """As text, json or markdown. What was seen may not steer the terminal that shows it."""
    if form == "json":
        return _json(machine, found)
    clean = [checked._replace(verdict=_printable(checked.verdict)) for checked in found]
    return _text(clean, screen) if form == "text" else _markdown(clean)


def _printable(verdict: Verdict) -> Verdict:
    """A path may hold anything but a slash."""
    return verdict._replace(seen=_clean(" ".join(verdict.seen.split())), do=tuple(map(_clean, verdict.do)))


def _clean(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _text(found: Sequence[Checked], screen: Screen) -> str:
    """The worst first, each with what to do; at the end what is well, and the count."""
    blocks = [
        "\n".join(_block(verdict, names, screen))
        for status in STATUSES[:-1]
        for verdict, names in _alike(found, status).items()
    ]
    well = [checked for checked in found if checked.verdict.status == "ok"]
    if well:
        lines = _well_by_name(well, screen) if len(well) > LISTED else _well_as_seen(well, screen)
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, _summary(found)])


def _alike(found: Sequence[Checked], status: str) -> Mapping[Verdict, list[str]]:
    """Each verdict of this status, with the checks that all came to it."""
    alike: dict[Verdict, list[str]] = {}
    for checked in found:
        if checked.verdict.status == status:
            alike.setdefault(checked.verdict, []).append(checked.check.id)
    return alike


def _block(verdict: Verdict, names: Sequence[str], screen: Screen) -> Iterator[str]:
    heading, *more = _wrapped(", ".join(names), INDENT, screen)
    yield _labelled(verdict.status, heading, screen)
    yield from more
    yield from _wrapped(verdict.seen, INDENT, screen)
    if verdict.do:
        yield f"{INDENT}{'To mend it' if verdict.status in ('error', 'warning') else 'What can be done'}:"
        yield from (f"{INDENT}  {advice}" for advice in verdict.do)  # whole, to be pasted


def _labelled(status: str, line: str, screen: Screen) -> str:
    label = f"\x1b[{COLOURS[status]}m{status}\x1b[0m" if screen.colour else status
    return label + INDENT[len(status) :] + line[len(INDENT) :]


def _wrapped(text: str, indent: str, screen: Screen) -> list[str]:
    if screen.width is None:
        return [indent + text]
    width = min(screen.width, WIDEST)
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _well_as_seen(well: Sequence[Checked], screen: Screen) -> Iterator[str]:
    width = max(len(checked.check.id) for checked in well)
    for checked in well:
        hanging = INDENT + " " * (width + 2)
        first, *more = _wrapped(checked.verdict.seen, hanging, screen)
        name = INDENT + checked.check.id.ljust(width + 2)
        yield _labelled("ok", name + first[len(hanging) :], screen)
        yield from more


def _well_by_name(well: Sequence[Checked], screen: Screen) -> Iterator[str]:
    names = {checked.check.id for checked in well}
    for title, checks in PARTS.items():
        if of_part := [check.id for check in checks if check.id in names]:
            first, *more = _wrapped(f"{title}: {', '.join(of_part)}", INDENT, screen)
            yield _labelled("ok", first, screen)
            yield from more


def _summary(found: Sequence[Checked]) -> str:
    counts = ((status, sum(checked.verdict.status == status for checked in found)) for status in STATUSES)
    named = [f"{count} {PLURALS.get(status, status) if count > 1 else status}" for status, count in counts if count]
    return f"{len(found)} check{'s' if len(found) > 1 else ''}: {', '.join(named)}"


def _markdown(found: Sequence[Checked]) -> str:
    worst_first = sorted(found, key=lambda checked: STATUSES.index(checked.verdict.status))
    rows = [
        f"| {checked.verdict.status} | `{checked.check.id}` | {_cell(checked.verdict.seen)} | "
        f"{'<br>'.join(map(_code, checked.verdict.do))} |"
        for checked in worst_first
    ]
    return "\n".join(["| status | check | seen | to do |", "|---|---|---|---|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _code(command: str) -> str:
    """As Markdown has it: two backticks, and room to the inner ones, around what has backticks itself."""
    return (f"`` {command} ``" if "`" in command else f"`{command}`").replace("|", "\\|")


def _json(machine: Machine, found: Sequence[Checked]) -> str:
    checks = [
        {
            "id": checked.check.id,
            "status": checked.verdict.status,
            "message": checked.verdict.seen,
            "fix": list(checked.verdict.do),
        }
        for checked in found
    ]
    return json.dumps({"schema": 1, "machine": machine_fields(machine), "checks": checks, "findings": []})


def checks_text() -> str:
    """Every check in a line, below its part."""
    width = max(len(check.id) for checks in PARTS.values() for check in checks)
    blocks = (
        "\n".join([title, *(f"  {check.id.ljust(width)}  {check.what}" for check in checks)])
        for title, checks in PARTS.items()
    )
    return "\n\n".join(blocks)
