"""A command that doctor runs: its output passes through as it comes, and what went wrong is named."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from envtool.cli.show import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envtool.diagnose import Diagnosis
    from envtool.run.record import Record


def run_command(argv: Sequence[str], form: str, timeout_s: float | None) -> int:
    """0 where the command ended well, else 1. As text the report goes to stderr, and the command's stdout stays its own."""
    from envtool.report.doctor import diagnosis_text  # noqa: PLC0415 - --help needs none of it
    from envtool.run.record import Record  # noqa: PLC0415
    from envtool.run.streaming import ALL_TO_STDERR, AS_ITS_OWN, stream  # noqa: PLC0415
    from envtool.target import status_words  # noqa: PLC0415

    record = Record()
    ran = stream(argv, timeout_s, outlets=AS_ITS_OWN if form == "text" else ALL_TO_STDERR, record=record)
    if ran.status is None and ran.trouble and "could not be started" in ran.trouble:
        raise click.UsageError(ran.trouble)
    diagnosis = diagnosed(record, ran.status, argv)
    if form != "text":
        click.echo(diagnosis_text(diagnosis, form).encode("utf-8", "replace"))
    if ran.status == 0:
        say([("works", f"{argv[0]} {status_words(0)}")])
        return 0
    say([("failed", ran.trouble or f"{argv[0]} {status_words(ran.status or 0)}")])
    if form == "text":
        click.echo(diagnosis_text(diagnosis, form).encode("utf-8", "replace"), err=True)
    return 1


def diagnosed(record: Record, status: int | None, argv: Sequence[str]) -> Diagnosis:
    """What a command printed on this machine, judged."""
    from envtool.cli.doctor.log import prescribed  # noqa: PLC0415
    from envtool.diagnose import find  # noqa: PLC0415
    from envtool.facts import Evidence  # noqa: PLC0415
    from envtool.report.command import command_text  # noqa: PLC0415

    ran = command_text(argv, "powershell" if os.name == "nt" else "sh")
    return prescribed(find(Evidence(record.pieces(), status=status, command=ran)), None)
