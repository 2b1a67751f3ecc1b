"""What a terminal shows while a smoke-test runs: one line that says what is being tried and for how long, and each failure."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress, TaskID

    from envtool.events import Event


@contextmanager
def live() -> Iterator[Callable[[Event], None]]:
    """What takes each event as it comes. The line is on stderr, and gone at the end; off a terminal there is none."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import, and for terminals only
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = SpinnerColumn("line"), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        line = _Line(progress, progress.add_task("starting the target's Python", total=None))
        yield line.show


class _Line:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self.progress, self.task = progress, task
        self.checks = 0

    def show(self, event: Event) -> None:
        from envtool.events import Measured, Start  # noqa: PLC0415
        from envtool.report.smoke import check_line  # noqa: PLC0415

        if isinstance(event, Start):
            what = f"{event.item}: {event.part.replace('_', ' ')}" if event.part else event.item
            self.progress.update(self.task, description=f"{what}, after {self.checks} checks"[: self._room()])
        elif isinstance(event, Measured):
            self.checks += 1
            if not event.passed:
                self.progress.console.print(check_line(event), style="red", markup=False, highlight=False)

    def _room(self) -> int:
        """Columns for words: the spinner and the time stand beside them."""
        return max(10, self.progress.console.width - len("/ 0:00:00") - 2)
