"""What the checks found, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from envtool.checkup.check import STATUSES
from envtool.report.machine import machine_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from envtool.checkup import Checked
    from envtool.checkup.check import Check
    from envtool.facts import Machine


def checkup_text(machine: Machine, found: Sequence[Checked], form: str) -> str:
    """In one of FORMATS."""
    return FORMATS[form](machine, found)


def _text(machine: Machine, found: Sequence[Checked]) -> str:  # noqa: ARG001 - as the other formats
    width = max(len(checked.check.id) for checked in found)
    rows = []
    for checked in found:
        rows.append(f"{checked.verdict.status.ljust(8)}{checked.check.id.ljust(width)}  {checked.verdict.seen}")
        rows += [" " * (10 + width) + advice for advice in checked.verdict.do]
    return "\n".join([*rows, "", _summary(found)])


def _summary(found: Sequence[Checked]) -> str:
    counts = ((status, sum(checked.verdict.status == status for checked in found)) for status in STATUSES)
    return f"{len(found)} checks: " + ", ".join(f"{count} {status}" for status, count in counts if count)


def _markdown(machine: Machine, found: Sequence[Checked]) -> str:  # noqa: ARG001 - as the other formats
    rows = [
        f"| {checked.verdict.status} | `{checked.check.id}` | {_cell(checked.verdict.seen)} | "
        f"{_cell('; '.join(checked.verdict.do))} |"
        for checked in found
    ]
    return "\n".join(["| status | check | seen | to do |", "|---|---|---|---|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


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


FORMATS: dict[str, Callable[[Machine, Sequence[Checked]], str]] = {"text": _text, "json": _json, "markdown": _markdown}


def checks_text(checks: Iterable[Check]) -> str:
    """Every check in a line."""
    known = list(checks)
    width = max(len(check.id) for check in known)
    return "\n".join(f"{check.id.ljust(width)}  {check.what}" for check in known)
