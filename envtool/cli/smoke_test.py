"""envtool smoke-test: climb the ladder, check the reference models in the target, and say whether it can train."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import click

from envtool.cli.show import say, terminal_width
from envtool.cli.this_machine import look_here

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envtool.catalogue import Catalogue
    from envtool.cli.this_machine import ThisMachine
    from envtool.events import Event
    from envtool.smoke import SmokeReport

FORMATS = ("text", "json", "markdown", "junit")
TRAINING = {"quick": 0.0, "usual": 1.0, "full": 10.0}  # factors on the steps of every training
MODEL_LIMIT_S = {"quick": 120.0, "usual": 300.0, "full": 1800.0}
EXAMPLES = """\b
Examples:
  envtool smoke-test
  envtool smoke-test --quick --device cpu
  envtool smoke-test --model lora --model kd --seed 3
  envtool smoke-test --python .venv --format junit > smoke.xml"""


class Options(NamedTuple):
    """The options as they were typed."""

    device: str
    models: tuple[str, ...]
    size: str
    seed: int
    timeout: float | None
    python: str | None
    repeat: int
    listed: bool
    form: str


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
@click.option("--list", "listed", is_flag=True, help="Print the rungs and the models.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print.")
@click.option("--json", "form", flag_value="json", help="As --format json.")
@click.pass_context
def smoke_test(context: click.Context, /, **typed: object) -> None:
    """Prove the GPU stack with reference models.

    It first climbs a ladder from `import torch` to a step of an optimizer, so that a failure says where the stack ends,
    and then checks each model's numbers against their limits.

    Exit codes: 0 all passed, 1 a check failed, crashed or took too long, 3 it could not run.
    """
    from envtool.catalogue import Catalogue  # noqa: PLC0415 - --help needs none of it
    from envtool.report.smoke import known_text, smoke_text  # noqa: PLC0415
    from envtool.smoke import compare  # noqa: PLC0415
    from envtool.smoke.ladder import RUNGS  # noqa: PLC0415
    from envtool.trial import model_names  # noqa: PLC0415

    options = Options(**{**typed, "size": typed["size"] or "usual"})  # type: ignore[arg-type]  # each is what its option says
    if options.listed:
        click.echo(known_text(RUNGS, model_names()))
        return
    unknown = [name for name in options.models if name not in model_names()]
    if unknown:
        raise click.UsageError(f"{unknown[0]!r} is no model here: {', '.join(model_names())} are")
    catalogue = Catalogue()
    this = look_here(options.python, catalogue)
    report = _try(this.executable, options)
    if options.repeat > 1:
        report = compare(report, _try(this.executable, options))
    click.echo(smoke_text(report, options.form, terminal_width()).encode("utf-8", "replace"))
    if not report.has_run:
        say(_remedy(this, catalogue))
        context.exit(3)
    context.exit(0 if report.passed else 1)


def _try(executable: str, options: Options) -> SmokeReport:
    from envtool import trial  # noqa: PLC0415
    from envtool.smoke import fold  # noqa: PLC0415
    from envtool.smoke.ladder import RUNGS  # noqa: PLC0415

    rungs = [rung.name for rung in RUNGS if rung.is_quick or options.size != "quick"]
    models = options.models or trial.model_names()
    limits_s = {rung.name: rung.limit_s for rung in RUNGS}
    limits_s |= dict.fromkeys(models, options.timeout or MODEL_LIMIT_S[options.size])
    work = trial.Work(
        items=(*rungs, *models),
        device=options.device.replace("hip", "cuda"),  # AMD's cards have NVIDIA's name in torch
        seed=options.seed,
        training=TRAINING[options.size],
    )
    began = time.monotonic()
    events = list(_shown(trial.perform(executable, work, limits_s)))
    return fold(events, rungs, models, options.seed, time.monotonic() - began)


def _shown(events: Iterable[Event]) -> Iterator[Event]:
    """The events, and on a terminal a line for each check as it comes."""
    from envtool.events import Measured  # noqa: PLC0415
    from envtool.report.smoke import check_line  # noqa: PLC0415

    is_live = sys.stderr.isatty()
    for event in events:
        if is_live and isinstance(event, Measured):
            colour = None if os.environ.get("NO_COLOR") else "green" if event.passed else "red"
            click.echo(click.style(check_line(event), fg=colour), err=True)
        yield event


def _remedy(this: ThisMachine, catalogue: Catalogue) -> list[tuple[str, str]]:
    """The install command that serves this machine."""
    from envtool.cli.planned import plan_for  # noqa: PLC0415

    planned = plan_for(this, catalogue)
    return (
        [("instead", planned.command)] if planned else [("refused", "envtool install-torch says why nothing runs here")]
    )
