"""The log of an install that is over: what made it fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.cli.machine_file import machine_in
from envtool.cli.this_machine import look_here
from envtool.errors import EnvtoolError, LogUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envtool.diagnose import Diagnosis
    from envtool.facts import Machine

CHUNK = 1 << 18


def diagnose_log(log: str, machine_file: str | None) -> Diagnosis:
    """The log in a file, or with "-" in a pipe, which comes from this machine."""
    from envtool.diagnose import find  # noqa: PLC0415
    from envtool.facts import Evidence  # noqa: PLC0415

    machine = machine_in(machine_file) if machine_file else None
    diagnosis = find(Evidence(_chunks(log), machine))
    is_known = machine is not None or log == "-"
    return prescribed(diagnosis, machine) if is_known else diagnosis


def prescribed(diagnosis: Diagnosis, machine: Machine | None) -> Diagnosis:
    """With the torch command for the machine, or for this one, where a fix is to install torch."""
    from envtool.diagnose import prescribe  # noqa: PLC0415

    command = _torch_command(machine) if diagnosis.needs_torch_command else None
    return prescribe(diagnosis, command) if command else diagnosis


def _chunks(file: str) -> Iterator[bytes]:
    try:
        with open(0 if file == "-" else file, "rb") as log:  # noqa: PTH123 - pathlib is slow to import
            while chunk := log.read(CHUNK):
                yield chunk
    except OSError as error:
        raise LogUnreadable(
            f"{file} cannot be read ({error.strerror}): give the file that holds what the installer printed"
        ) from None


def _torch_command(machine: Machine | None) -> str | None:
    """What install-torch would print for the machine, or for this one; None where it names nothing."""
    from envtool import cards  # noqa: PLC0415
    from envtool.catalogue import Catalogue  # noqa: PLC0415
    from envtool.plan import InstallPlan, Request, argv, choose  # noqa: PLC0415
    from envtool.report.command import command_text, public  # noqa: PLC0415

    catalogue = Catalogue()
    try:
        seen = cards.complete(machine or look_here(None, catalogue).machine, catalogue)
    except EnvtoolError:  # the log was read, and what it says stands without the command
        return None
    answer = choose((seen,), Request(), catalogue)
    shell = "powershell" if seen.os.system == "Windows" else "sh"
    return command_text(argv(public(answer)), shell) if isinstance(answer, InstallPlan) else None
