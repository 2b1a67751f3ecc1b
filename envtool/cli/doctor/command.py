"""A command that doctor runs: its output passes through as it comes, and what went wrong is named."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

from envtool.cli.show import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envtool.cli.doctor import Running
    from envtool.cli.watched import Watched
    from envtool.diagnose import Diagnosis


def run_command(argv: Sequence[str], wishes: Running) -> int:
    """0 where the command ended well, else 1. As text the report goes to stderr, and the command's stdout stays its own."""
    from envtool.cli.doctor.saving import saved  # noqa: PLC0415 - --help needs none of it
    from envtool.cli.watched import watched  # noqa: PLC0415
    from envtool.report.doctor import diagnosis_text  # noqa: PLC0415
    from envtool.run.streaming import ALL_TO_STDERR, AS_ITS_OWN  # noqa: PLC0415

    if shutil.which(argv[0]) is None:
        raise click.UsageError(f"{argv[0]} could not be started: there is no such program")
    if wishes.page:
        from envtool.cli.report_file import refuse_report  # noqa: PLC0415

        refuse_report(wishes.page)
    is_text = wishes.form == "text"
    with saved(wishes.folder) as saving:
        seen = watched(argv, AS_ITS_OWN if is_text else ALL_TO_STDERR, wishes.timeout_s, saving.log)
        diagnosis = seen.diagnosis(online=wishes.online)
        _say_how_it_ended(argv[0], seen)
        has_failed = seen.ran.status != 0
        if has_failed or not is_text:
            text = diagnosis_text(diagnosis, wishes.form, seen.usage)
            click.echo(text.encode("utf-8", "replace"), err=is_text)
        saving.keep(seen, diagnosis)
    if wishes.page:
        _draw(wishes.page, seen, diagnosis)
    return 1 if has_failed else 0


def _say_how_it_ended(program: str, seen: Watched) -> None:
    from envtool.report.usage import usage_line  # noqa: PLC0415 - --help needs none of it

    ended = _ending(program, seen)
    say([("works" if seen.ran.status == 0 else "failed", ended), ("used", usage_line(seen.usage))])


def _ending(program: str, seen: Watched) -> str:
    from envtool.target import status_words  # noqa: PLC0415 - --help needs none of it

    return seen.ran.trouble or f"{program} {status_words(seen.ran.status or 0)}"


def _draw(file: str, seen: Watched, diagnosis: Diagnosis) -> None:
    from pathlib import Path  # noqa: PLC0415 - only --report needs it

    from envtool.cli.report_file import made_now, write_report  # noqa: PLC0415
    from envtool.diagnose.turning_points import turning_points  # noqa: PLC0415
    from envtool.report.command_page import Ran, command_page  # noqa: PLC0415

    ran = Ran(seen.command, _ending(Path(seen.argv[0]).name, seen), has_failed=seen.ran.status != 0)
    samples = seen.usage.samples
    points = turning_points(seen.record.pieces(), seen.record.total, samples, has_failed=ran.has_failed)
    write_report(file, command_page(ran, seen.usage, diagnosis, points, made_now()))
