"""Logs in a few lines, written for the rules after what the tools print: by cause, the ways in which it shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from envtool.diagnose import Diagnosis, find
from envtool.facts import Evidence

if TYPE_CHECKING:
    from envtool.facts import Machine

DISK_FULL = "OSError: [Errno 28] No space left on device"
BETWEEN = "\n=====\n"
SIGNS = {
    file.stem: tuple(file.read_text(encoding="utf-8").split(BETWEEN))
    for file in sorted((Path(__file__).parent / "signs").glob("*.txt"))
}


def diagnosed(
    log: str | bytes, machine: Machine | None = None, status: int | None = None, command: str | None = None
) -> Diagnosis:
    content = log.encode() if isinstance(log, str) else log
    return find(Evidence((content,), machine, status, command=command))


def causes(log: str | bytes, status: int | None = None) -> list[str]:
    return [finding.id for finding in diagnosed(log, status=status).findings if finding.severity == "error"]
