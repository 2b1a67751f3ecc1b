"""envtool smoke-test: climb the ladder, check the reference models in the target, and say whether it can train."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from envtool.cli.show import result, say, screen
from envtool.cli.this_machine import look_here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envtool.cli.this_machine import ThisMachine
    from envtool.cli.trying import Options
    from envtool.conditions import Planned
    from envtool.facts import Target
    from envtool.smoke import SmokeReport

DTYPES = ("float32", "bfloat16", "float16", "float64")
FORMATS = ("text", "json", "markdown", "junit")
EXAMPLES = """\b
Examples:
  envtool smoke-test
  envtool smoke-test --quick --device cpu
  envtool smoke-test --model lora --model kd --seed 3
  envtool smoke-test --python .venv --format junit > smoke.xml
  envtool smoke-test --report smoke.html
  envtool smoke-test --nproc 4"""


@click.command("smoke-test", epilog=EXAMPLES)
@click.option(
    "--device", metavar="NAME", default="auto", show_default=True, help="cpu, cuda, cuda:1, hip, mps, xpu, all."
)
@click.option("--model", "models", metavar="NAME", multiple=True, help="Repeat it for several.  [default: all]")
@click.option("--quick", "size", flag_value="quick", help="Properties alone, no training.")
@click.option("--full", "size", flag_value="full", help="Train ten times as long.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--dtype",
    type=click.Choice(DTYPES),
    default="float32",
    show_default=True,
    help="Train in it, the halves by autocast.",
)
@click.option("--timeout", type=click.FloatRange(min=1), metavar="SECONDS", help="For each model.")
@click.option("--python", metavar="PATH", help="The interpreter to try.  [default: that of the active environment]")
@click.option(
    "--repeat", type=click.IntRange(1, 2), default=1, show_default=True, help="2: run twice, and compare bit for bit."
)
@click.option(
    "--nproc", type=click.IntRange(min=1), metavar="N", help="Several ranks on this node, in place of one process."
)
@click.option(
    "--nnodes", type=click.IntRange(min=1), metavar="N", help="Nodes that take part.  [default: the cluster's]"
)
@click.option("--node-rank", type=click.IntRange(min=0), metavar="N", help="Which of them this is, from 0.")
@click.option("--rdzv-endpoint", metavar="HOST:PORT", help="Where nodes meet: the first of them.")
@click.option("--list", "listed", is_flag=True, help="Print the rungs and the models.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print.")
@click.option("--json", "form", flag_value="json", help="As --format json.")
@click.option("--report", metavar="FILE", help="Also draw what was found, as a page for a browser.")
@click.pass_context
def smoke_test(context: click.Context, /, **typed: object) -> None:
    """Prove the GPU stack with reference models.

    It first climbs a ladder from `import torch` to a step of an optimizer, so that a failure says where the stack ends,
    and then checks each model's numbers against their limits. With --nproc it starts torch's launcher instead: as many
    ranks reduce together, and learn each model together.

    Exit codes: 0 all passed, 1 a check failed, crashed or took too long, 3 it could not run.
    """
    from envtool.catalogue import Catalogue  # noqa: PLC0415 - --help needs none of it
    from envtool.cli.planned import plan_for  # noqa: PLC0415
    from envtool.cli.trying import Options, tried  # noqa: PLC0415
    from envtool.report.screen import Screen  # noqa: PLC0415
    from envtool.report.smoke import known_text, smoke_text  # noqa: PLC0415
    from envtool.smoke import ladder, ranks  # noqa: PLC0415
    from envtool.smoke.job import job_of  # noqa: PLC0415
    from envtool.trial import model_names  # noqa: PLC0415

    options = Options(**{**typed, "size": typed["size"] or "usual"})  # type: ignore[arg-type]  # each is what its option says
    if options.listed:
        click.echo(known_text(ladder.RUNGS, ranks.RUNGS, model_names()))
        return
    unknown = [name for name in options.models if name not in model_names()]
    if unknown:
        raise click.UsageError(f"{unknown[0]!r} is no model here: {', '.join(model_names())} are")
    job = job_of(options.nproc, options.nnodes, options.node_rank, options.rdzv_endpoint, os.environ)
    _refuse_together(options, is_job=job is not None)
    if options.report:
        from envtool.cli.report_file import refuse_report  # noqa: PLC0415

        refuse_report(options.report)
    catalogue = Catalogue()
    this = look_here(options.python, catalogue)
    planned = plan_for(this, catalogue)
    report = tried(this.executable, options, planned and planned.backend, job)
    result(smoke_text(report, options.form, Screen(*screen())))
    remedy = _remedy(report, this.target, planned)
    if options.report:
        _draw(options.report, report, this, remedy)
    say(remedy)
    context.exit(0 if report.passed else 1 if report.has_run else 3)


def _refuse_together(options: Options, *, is_job: bool) -> None:
    """What would be ignored in silence."""
    lone = {
        "--repeat": options.repeat > 1,
        "--device all": options.device == "all",
        "--dtype": options.dtype != "float32",
    }
    if is_job and any(lone.values()):
        name = next(name for name, is_asked in lone.items() if is_asked)
        raise click.UsageError(f"{name} is for one process: leave out --nproc")
    if lone["--dtype"] and options.size == "quick":
        raise click.UsageError("--dtype is for the trainings, which --quick leaves out")


def _draw(file: str, report: SmokeReport, this: ThisMachine, remedy: Sequence[tuple[str, str]]) -> None:
    from envtool.cli.report_file import made_now, write_report  # noqa: PLC0415 - only --report needs it
    from envtool.report.smoke_page import smoke_page  # noqa: PLC0415
    from envtool.report.words import machine_facts  # noqa: PLC0415
    from envtool.smoke import ladder, ranks  # noqa: PLC0415

    what_they_prove = {rung.name: rung.what for rung in (*ladder.RUNGS, *ranks.RUNGS)}
    write_report(file, smoke_page(report, what_they_prove, machine_facts(this.machine), remedy, made_now()))


def _remedy(report: SmokeReport, target: Target, planned: Planned | None) -> list[tuple[str, str]]:
    """The install command that serves this machine, where the test says that what is installed does not."""
    is_broken = {rung.name for rung in report.rungs if rung.outcome not in ("passed", "not-run")}
    if not is_broken or (report.has_run and not is_broken & {"companions", "device"}):
        return []
    if planned is None:
        return [("refused", "envtool install-torch says why nothing runs here")]
    installed = next((package.version for package in target.packages if package.name == "torch"), "")
    is_met = planned.torch in (installed, installed.partition("+")[0])  # pip would take it for the same
    again = " --force-reinstall" if is_met and not report.has_run else ""
    otherwise = [("or", "--device cpu tries the CPU")] if "device" in is_broken and not report.has_run else []
    return [("instead", planned.command + again), *otherwise]
