"""envtool doctor: the environment before an install, the install while it runs, or the log of one that is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from envtool.cli.doctor.checks import Wishes

FORMATS = ("text", "json", "markdown")
EXIT_CODES = {"succeeded": 0, "failed": 1, "unknown": 3}
EXAMPLES = """\b
Examples:
  envtool doctor
  envtool doctor disk-space torch-gpu
  envtool doctor disk-space --fix
  envtool doctor -- pip install flash-attn
  envtool doctor --report install.html -- pip install flash-attn
  envtool doctor --log install.log
  pip install flash-attn 2>&1 | envtool doctor --log -
  envtool doctor --explain no-wheel-for-python"""


class Running(NamedTuple):
    """How a command is to be run."""

    form: str
    timeout_s: float | None
    folder: str | None  # to save log, samples and report in
    page: str | None  # to draw what was seen in
    online: bool  # whether an index may be asked again


COMMAND = "envtool.doctor.command"  # where the context keeps what stands after --


class _Doctor(click.Command):
    """A command that keeps apart what stands before -- and after it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            at = args.index("--")
            args, ctx.meta[COMMAND] = args[:at], args[at + 1 :]
        return super().parse_args(ctx, args)


@click.command("doctor", cls=_Doctor, epilog=EXAMPLES, options_metavar="[OPTIONS]")
@click.argument("checks", nargs=-1, metavar="[CHECK]... [-- COMMAND...]")
@click.option("--log", metavar="FILE", help="What an installer printed; - for a pipe.")
@click.option("--machine", metavar="FILE", help="The machine that the log is of, for the torch command that mends it.")
@click.option("--python", metavar="PATH", help="The interpreter to look at.  [default: that of the active environment]")
@click.option("--online", is_flag=True, help="Also try index, mirror and proxy; else nothing leaves this machine.")
@click.option("--fix", is_flag=True, help="Offer to free room: caches, with the tools that own them, one by one.")
@click.option("-y", "--yes", is_flag=True, help="--fix does not ask.")
@click.option("--timeout", type=click.FloatRange(min=1), metavar="SECONDS", help="End the COMMAND after so long.")
@click.option("--save", "folder", metavar="DIR", help="Keep the COMMAND's log, what was seen, and the report.")
@click.option("--report", "page", metavar="FILE", help="Draw what the COMMAND used, as a page for a browser.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print.")
@click.option("--json", "form", flag_value="json", help="As --format json.")
@click.option("--list-checks", is_flag=True, help="Print every check.")
@click.option("--list", "listed", is_flag=True, help="Print every cause of failure that is known.")
@click.option("--explain", metavar="ID", help="Print all that is known of one cause.")
@click.pass_context
def doctor(
    context: click.Context,
    /,
    *,
    checks: tuple[str, ...],
    log: str | None,
    machine: str | None,
    python: str | None,
    online: bool,
    fix: bool,
    yes: bool,
    timeout: float | None,
    folder: str | None,
    page: str | None,
    form: str,
    list_checks: bool,
    listed: bool,
    explain: str | None,
) -> None:
    """Check the environment, or name the root cause of a failed install.

    Without a log or a command it checks the environment: all of it, or the CHECKs that are named. After -- it runs a
    command, and says what went wrong.

    Exit codes: 0 no error was found, 1 one was, and here is what mends it, 3 the log gives no answer.
    """
    if fix or yes:
        from envtool.cli.doctor.fix import check_answers  # noqa: PLC0415 - --help needs none of it

        check_answers(fix=fix, yes=yes, checks_alone=log is None and COMMAND not in context.meta)
    if page and COMMAND not in context.meta:
        raise click.UsageError("--report draws what a command used: envtool doctor --report FILE -- pip install x")
    if list_checks or listed or explain is not None:
        click.echo(_known(explain, causes=listed))
    elif COMMAND in context.meta:
        wishes = Running(form, timeout, folder, page, online)
        context.exit(_run(context.meta[COMMAND], wishes, apart=log is None and not checks))
    elif log is not None:
        context.exit(_judge_log(log, machine, form))
    else:
        from envtool.cli.doctor.checks import Wishes  # noqa: PLC0415 - --help needs none of it

        context.exit(_examine(Wishes(checks, python, online), form, fix=fix, yes=yes))


def _run(argv: list[str], wishes: Running, *, apart: bool) -> int:
    from envtool.cli.doctor.command import run_command  # noqa: PLC0415

    if not argv:
        raise click.UsageError("no command after --: envtool doctor -- pip install x")
    if not apart:
        raise click.UsageError("a command, a log and CHECKs are each a question of their own: give one of them")
    return run_command(argv, wishes)


def _known(explain: str | None, *, causes: bool) -> str:
    from envtool.report.checkup import checks_text  # noqa: PLC0415
    from envtool.report.doctor import cause_text, causes_text  # noqa: PLC0415
    from envtool.rules import CAUSES  # noqa: PLC0415

    if explain is None:
        return causes_text(CAUSES.values()) if causes else checks_text()
    if explain not in CAUSES:
        raise click.UsageError(f"{explain!r} is no cause that is known: --list shows them")
    return cause_text(CAUSES[explain])


def _judge_log(log: str, machine: str | None, form: str) -> int:
    from envtool.cli.doctor.log import diagnose_log  # noqa: PLC0415
    from envtool.report.doctor import diagnosis_text  # noqa: PLC0415

    diagnosis = diagnose_log(log, machine)
    click.echo(diagnosis_text(diagnosis, form).encode("utf-8", "replace"))
    return EXIT_CODES[diagnosis.outcome]


def _examine(wishes: Wishes, form: str, *, fix: bool, yes: bool) -> int:
    from envtool.cli.doctor.checks import examination  # noqa: PLC0415
    from envtool.cli.show import result, screen  # noqa: PLC0415
    from envtool.report.checkup import checkup_text  # noqa: PLC0415
    from envtool.report.screen import Screen  # noqa: PLC0415

    seen, found = examination(wishes)
    if fix:
        from envtool.cli.doctor.fix import free_room  # noqa: PLC0415

        if free_room(seen, wishes.checks, yes=yes):
            seen, found = examination(wishes)
    result(checkup_text(seen.here.machine, found, form, Screen(*screen())))
    return 1 if any(check.verdict.status == "error" for check in found) else 0
