"""What --save keeps of a command: its log, what was seen while it ran, and the report."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from envtool.cli.show import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from envtool.cli.watched import Watched
    from envtool.diagnose import Diagnosis

LOG, SAMPLES, REPORT = "log.txt", "samples.tsv", "report.json"


class Saving(NamedTuple):
    folder: Path | None  # None: nothing is kept
    log: BinaryIO | None

    def keep(self, seen: Watched, diagnosis: Diagnosis) -> None:
        """Raises FileUnwritable; a log that a full disk cut short is told of, and the rest is kept."""
        if self.folder is None:
            return
        from envtool import files  # noqa: PLC0415 - only what is asked for
        from envtool.report.doctor import diagnosis_text  # noqa: PLC0415
        from envtool.report.usage import samples_table  # noqa: PLC0415

        files.write(self.folder / SAMPLES, samples_table(seen.usage).encode())
        files.write(self.folder / REPORT, diagnosis_text(diagnosis, "json", seen.usage).encode("utf-8", "replace"))
        if seen.record.copy_trouble:
            say([("note", f"{self.folder / LOG} is not whole: {seen.record.copy_trouble}")])
        say([("written", f"{self.folder}: {LOG}, {SAMPLES}, {REPORT}")])


@contextmanager
def saved(folder: str | None) -> Iterator[Saving]:
    """Where the log is written to while the command runs. Refuses a folder that has something in it."""
    if folder is None:
        yield Saving(None, None)
        return
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        if any(place.iterdir()):
            raise click.UsageError(f"{place} is not empty: name a new folder for --save")
        log = (place / LOG).open("wb", buffering=0)
    except OSError as error:
        raise click.UsageError(
            f"{place} cannot be written to ({error.strerror}): name another folder for --save"
        ) from None
    with log:
        yield Saving(place, log)
