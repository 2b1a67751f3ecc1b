"""envtool doctor: read the log of an install, and say what made it fail."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from envtool.cli.machine_file import machine_in
from envtool.errors import EnvtoolError, LogUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envtool.diagnose import Diagnosis
    from envtool.facts import Machine

FORMATS = ("text", "json", "markdown")
CHUNK = 1 << 18
EXIT_CODES = {"succeeded": 0, "failed": 1, "unknown": 3}
EXAMPLES = """\b
Examples:
  envtool doctor --log install.log
  pip install flash-attn 2>&1 | envtool doctor --log -
  envtool doctor --log install.log --format markdown
  envtool doctor --list
  envtool doctor --explain no-wheel-for-python"""


@click.command("doctor", epilog=EXAMPLES)
@click.option("--log", metavar="FILE", help="What the installer printed; - for a pipe.")
@click.option("--machine", metavar="FILE", help="The machine it ran on, for the torch command that mends it.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print.")
@click.option("--json", "form", flag_value="json", help="As --format json.")
@click.option("--list", "listed", is_flag=True, help="Print every cause that is known.")
@click.option("--explain", metavar="ID", help="Print all that is known of one cause.")
@click.pass_context
def doctor(
    context: click.Context, /, *, log: str | None, machine: str | None, form: str, listed: bool, explain: str | None
) -> None:
    """Name the root cause of a failed install, from its log.

    Exit codes: 0 the install worked, 1 it failed and here is why, 3 the log gives no answer.
    """
    from envtool.report.doctor import cause_text, causes_text, diagnosis_text  # noqa: PLC0415
    from envtool.rules import CAUSES  # noqa: PLC0415 - --help needs none of it

    if listed:
        click.echo(causes_text(CAUSES.values()))
        return
    if explain is not None:
        if explain not in CAUSES:
            raise click.UsageError(f"{explain!r} is no cause that is known: --list shows them")
        click.echo(cause_text(CAUSES[explain]))
        return
    if log is None:
        raise click.UsageError(
            "no log to read: give --log FILE, or - for a pipe: pip install x 2>&1 | envtool doctor --log -"
        )
    diagnosis = _diagnose(log, machine)
    click.echo(diagnosis_text(diagnosis, form).encode("utf-8", "replace"))
    context.exit(EXIT_CODES[diagnosis.outcome])


def _diagnose(log: str, machine_file: str | None) -> Diagnosis:
    from envtool.diagnose import find, prescribe  # noqa: PLC0415
    from envtool.facts import Evidence  # noqa: PLC0415

    machine = machine_in(machine_file) if machine_file else None
    diagnosis = find(Evidence(_chunks(log), machine))
    is_known = machine is not None or log == "-"  # a pipe comes from this machine, a file from anywhere
    command = _torch_command(machine) if is_known and diagnosis.needs_torch_command else None
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
        seen = cards.complete(machine or _this_machine(), catalogue)
    except EnvtoolError:  # the log was read, and what it says stands without the command
        return None
    answer = choose((seen,), Request(), catalogue)
    shell = "powershell" if seen.os.system == "Windows" else "sh"
    return command_text(argv(public(answer)), shell) if isinstance(answer, InstallPlan) else None


def _this_machine() -> Machine:
    from pathlib import Path  # noqa: PLC0415

    from envtool import host, target  # noqa: PLC0415
    from envtool.facts import machine_of  # noqa: PLC0415

    chosen = target.choose(None, os.environ, Path.cwd(), sys.executable)
    return machine_of(host.look(), target.inspect(chosen.executable))
