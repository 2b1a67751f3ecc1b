"""A command that is run, watched while it runs, and explained where it fails."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from envtool import run
from envtool.facts import Evidence
from envtool.run.record import Record
from envtool.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from envtool.diagnose import Diagnosis
    from envtool.facts import Machine
    from envtool.run import Ran
    from envtool.run.streaming import Outlets
    from envtool.usage import Usage


class Watched(NamedTuple):
    argv: Sequence[str]
    ran: Ran
    record: Record
    usage: Usage

    @property
    def command(self) -> str:
        """As the shell of this system takes it."""
        from envtool.report.command import command_text  # noqa: PLC0415 - a command that works needs none of it

        return command_text(self.argv, "powershell" if os.name == "nt" else "sh")

    def diagnosis(self, machine: Machine | None = None, *, online: bool = False) -> Diagnosis:
        """What went wrong, with the torch command for the machine, or for this one, where that is what mends it."""
        from envtool.cli.doctor.index import asked_again  # noqa: PLC0415 - a command that works needs none of it
        from envtool.cli.doctor.log import prescribed  # noqa: PLC0415
        from envtool.diagnose import find  # noqa: PLC0415

        printed = self.record.pieces()
        if online and self.ran.status != 0:
            printed = (*printed, *asked_again(printed, os.environ))
        evidence = Evidence(printed, machine, self.ran.status, self.usage, command=self.command)
        return prescribed(find(evidence), machine)


def watched(
    argv: Sequence[str], outlets: Outlets, timeout_s: float | None = None, copy: BinaryIO | None = None
) -> Watched:
    """Runs it to its end; what it prints is passed on as it comes, and written to the copy as well."""
    record = Record(copy)
    watch = Watch(argv, os.environ, lambda: record.total)
    ran = run.stream(argv, timeout_s, outlets=outlets, record=record, beside=watch.beside)
    return Watched(argv, ran, record, watch.usage(ran.status))
