"""envtool smoke-test: climb the ladder, check the reference models in the target, and say whether it can train."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

import click

from envtool.cli.live import live
from envtool.cli.show import result, say, screen
from envtool.cli.this_machine import look_here

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from envtool.cli.this_machine import ThisMachine
    from envtool.conditions import Planned
    from envtool.events import Event, Ranked
    from envtool.facts import Target
    from envtool.smoke import SmokeReport
    from envtool.smoke.job import Job
    from envtool.smoke.ladder import Rung
    from envtool.trial import Work

FORMATS = ("text", "json", "markdown", "junit")
TRAINING = {"quick": 0.0, "usual": 1.0, "full": 10.0}  # factors on the steps of every training
MODEL_LIMIT_S = {"quick": 120.0, "usual": 300.0, "full": 1800.0}
EXAMPLES = """\b
Examples:
  envtool smoke-test
  envtool smoke-test --quick --device cpu
  envtool smoke-test --model lora --model kd --seed 3
  envtool smoke-test --python .venv --format junit > smoke.xml
  envtool smoke-test --report smoke.html
  envtool smoke-test --nproc 4"""


class Options(NamedTuple):
    """The options as they were typed."""

    device: str
    models: tuple[str, ...]
    size: str
    seed: int
    timeout: float | None
    python: str | None
    repeat: int
    nproc: int | None
    nnodes: int | None
    node_rank: int | None
    rdzv_endpoint: str | None
    listed: bool
    form: str
    report: str | None


@click.command("smoke-test", epilog=EXAMPLES)
@click.option("--device", metavar="NAME", default="auto", show_default=True, help="cpu, cuda, cuda:1, hip, mps, xpu.")
@click.option("--model", "models", metavar="NAME", multiple=True, help="Repeat it for several.  [default: all]")
@click.option("--quick", "size", flag_value="quick", help="Properties alone, no training.")
@click.option("--full", "size", flag_value="full", help="Train ten times as long.")
@click.option("--seed", type=int, default=0, show_default=True)
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
    from envtool.report.screen import Screen  # noqa: PLC0415
    from envtool.report.smoke import known_text, smoke_text  # noqa: PLC0415
    from envtool.smoke import compare  # noqa: PLC0415
    from envtool.smoke.device import device_for  # noqa: PLC0415
    from envtool.smoke.job import job_of  # noqa: PLC0415
    from envtool.smoke.ladder import RUNGS  # noqa: PLC0415
    from envtool.trial import model_names  # noqa: PLC0415

    options = Options(**{**typed, "size": typed["size"] or "usual"})  # type: ignore[arg-type]  # each is what its option says
    if options.listed:
        click.echo(known_text(RUNGS, model_names()))
        return
    unknown = [name for name in options.models if name not in model_names()]
    if unknown:
        raise click.UsageError(f"{unknown[0]!r} is no model here: {', '.join(model_names())} are")
    job = job_of(options.nproc, options.nnodes, options.node_rank, options.rdzv_endpoint, os.environ)
    if job and options.repeat > 1:
        raise click.UsageError("--repeat compares runs of one process: leave out --nproc")
    if options.report:
        from envtool.cli.report_file import refuse_report  # noqa: PLC0415

        refuse_report(options.report)
    catalogue = Catalogue()
    this = look_here(options.python, catalogue)
    planned = plan_for(this, catalogue)
    options = options._replace(device=device_for(options.device, planned and planned.backend, os.environ))
    report = (
        _try_ranks(this.executable, options, job) if job else _try(this.executable, options, demo=bool(options.report))
    )
    if options.repeat > 1:
        report = compare(report, _try(this.executable, options, demo=False))
    result(smoke_text(report, options.form, Screen(*screen())))
    remedy = _remedy(report, this.target, planned)
    if options.report:
        _draw(options.report, report, this, remedy)
    say(remedy)
    context.exit(0 if report.passed else 1 if report.has_run else 3)


def _draw(file: str, report: SmokeReport, this: ThisMachine, remedy: Sequence[tuple[str, str]]) -> None:
    from envtool.cli.report_file import made_now, write_report  # noqa: PLC0415 - only --report needs it
    from envtool.report.smoke_page import smoke_page  # noqa: PLC0415
    from envtool.report.words import machine_facts  # noqa: PLC0415
    from envtool.smoke import ladder, ranks  # noqa: PLC0415

    what_they_prove = {rung.name: rung.what for rung in (*ladder.RUNGS, *ranks.RUNGS)}
    write_report(file, smoke_page(report, what_they_prove, machine_facts(this.machine), remedy, made_now()))


def _try(executable: str, options: Options, *, demo: bool) -> SmokeReport:
    from envtool import trial  # noqa: PLC0415
    from envtool.smoke import fold  # noqa: PLC0415
    from envtool.smoke.ladder import RUNGS  # noqa: PLC0415

    rungs = [rung.name for rung in RUNGS if rung.is_quick or options.size != "quick"]
    models = options.models or trial.model_names()
    work, limits_s = _work(options, (*rungs, *models)), _limits_s(options, RUNGS, models)
    work = work._replace(demo=demo)
    began = time.monotonic()
    events = list(_shown(trial.perform(executable, work, limits_s)))
    return fold(events, rungs, models, options.seed, time.monotonic() - began)


def _try_ranks(executable: str, options: Options, job: Job) -> SmokeReport:
    """One process sees that torch works at all; then as many as are asked for."""
    from envtool import launch, trial  # noqa: PLC0415
    from envtool.smoke import fold  # noqa: PLC0415
    from envtool.smoke.ladder import EARLIEST, RUNGS  # noqa: PLC0415
    from envtool.smoke.ranks import NAMES, fold_ranks  # noqa: PLC0415
    from envtool.smoke.ranks import RUNGS as RUNGS_OF_RANKS  # noqa: PLC0415

    models = options.models or trial.model_names()
    limits_s = _limits_s(options, (*RUNGS, *RUNGS_OF_RANKS), models)
    shortest = min(limits_s[name] for name in (*NAMES, *models))
    limits_s |= dict.fromkeys(NAMES, shortest)  # none shorter than one before it: the rank that hangs is late first
    began = time.monotonic()
    first = list(trial.perform(executable, _work(options, EARLIEST), limits_s))
    launched = time.monotonic()
    before = fold(first, EARLIEST, (), options.seed, launched - began)
    told: list[Ranked] = []
    if all(rung.outcome == "passed" for rung in before.rungs):
        work = _work(options, (*NAMES, *models))
        with live() as show:
            for each in launch.perform(executable, work, _launcher(job), job.ranks, limits_s):
                told += [each]
                show(each.event)
    return fold_ranks(before, told, models, time.monotonic() - launched)


def _launcher(job: Job) -> tuple[str, ...]:
    from envtool.launch import way_to  # noqa: PLC0415
    from envtool.smoke.job import launcher_options  # noqa: PLC0415

    if job.endpoint is None or job.node is not None:
        return launcher_options(job)
    try:
        address, is_first = way_to(job.endpoint)
    except OSError as error:
        raise click.UsageError(f"--rdzv-endpoint {job.endpoint} leads nowhere: {error.strerror}") from None
    return launcher_options(job, address, is_first=is_first)


def _work(options: Options, items: Iterable[str]) -> Work:
    from envtool.trial import Work  # noqa: PLC0415

    return Work(tuple(items), options.device, options.seed, TRAINING[options.size])


def _limits_s(options: Options, rungs: Iterable[Rung], models: Iterable[str]) -> dict[str, float]:
    of_models = dict.fromkeys(models, options.timeout or MODEL_LIMIT_S[options.size])
    return {rung.name: rung.limit_s for rung in rungs} | of_models


def _shown(events: Iterable[Event]) -> Iterator[Event]:
    """The events, each shown as it comes."""
    with live() as show:
        for event in events:
            show(event)
            yield event


def _remedy(report: SmokeReport, target: Target, planned: Planned | None) -> list[tuple[str, str]]:
    """The install command that serves this machine, where the test says that what is installed does not."""
    is_broken = {rung.name for rung in report.rungs if rung.outcome not in ("passed", "not-run")}
    if report.has_run and "companions" not in is_broken:
        return []
    if planned is None:
        return [("refused", "envtool install-torch says why nothing runs here")]
    installed = next((package.version for package in target.packages if package.name == "torch"), "")
    is_met = planned.torch in (installed, installed.partition("+")[0])  # pip would take it for the same
    again = " --force-reinstall" if is_met and not report.has_run else ""
    otherwise = [("or", "--device cpu tries the CPU")] if "device" in is_broken else []
    return [("instead", planned.command + again), *otherwise]
