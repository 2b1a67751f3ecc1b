"""Tries the target's torch as the options of smoke-test ask: on one device, on each, or by several ranks."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, NamedTuple

import click

from envtool.cli.live import live

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envtool.events import Event, Ranked
    from envtool.smoke import SmokeReport
    from envtool.smoke.job import Job
    from envtool.smoke.ladder import Rung
    from envtool.trial import Work

TRAINING = {"quick": 0.0, "usual": 1.0, "full": 10.0}  # factors on the steps of every training
MODEL_LIMIT_S = {"quick": 120.0, "usual": 300.0, "full": 1800.0}


class Options(NamedTuple):
    """The options as they were typed."""

    device: str
    models: tuple[str, ...]
    size: str
    seed: int
    dtype: str
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


def tried(executable: str, options: Options, backend: str | None, job: Job | None) -> SmokeReport:
    """What the target showed; `backend` is that of the build which this machine would get."""
    from envtool.smoke.device import device_for, every_device, joined  # noqa: PLC0415

    device = device_for("auto" if options.device == "all" else options.device, backend, os.environ)
    if job:
        return _on_ranks(executable, options._replace(device=device), job)
    if options.device != "all":
        return _on_device(executable, options._replace(device=device))
    devices = every_device(device, _seen(executable))
    return joined({each: _on_device(executable, options._replace(device=each)) for each in devices})


def _seen(executable: str) -> dict[str, int]:
    """The devices of each kind that torch sees; none of a torch that is broken, which the ladder then shows."""
    from envtool import target  # noqa: PLC0415
    from envtool.errors import TargetUnusable  # noqa: PLC0415

    try:
        counts: dict[str, int] = json.loads(target.ask(executable, target.TORCH_LIMIT_S, "devices.py"))
    except TargetUnusable:
        return {}
    return counts


def _on_device(executable: str, options: Options) -> SmokeReport:
    from envtool.smoke import compare  # noqa: PLC0415

    report = _once(executable, options, demo=bool(options.report))
    return report if options.repeat == 1 else compare(report, _once(executable, options, demo=False))


def _once(executable: str, options: Options, *, demo: bool) -> SmokeReport:
    from envtool import trial  # noqa: PLC0415
    from envtool.smoke import fold  # noqa: PLC0415
    from envtool.smoke.ladder import RUNGS  # noqa: PLC0415

    rungs = [rung.name for rung in RUNGS if rung.is_quick or options.size != "quick"]
    models = options.models or trial.model_names()
    work, limits_s = _work(options, (*rungs, *models)), _limits_s(options, RUNGS, models)
    began = time.monotonic()
    events = list(_shown(trial.perform(executable, work._replace(demo=demo), limits_s)))
    return fold(events, rungs, models, options.seed, time.monotonic() - began)


def _on_ranks(executable: str, options: Options, job: Job) -> SmokeReport:
    """One process sees that torch works at all; then as many as are asked for."""
    from envtool import launch, trial  # noqa: PLC0415
    from envtool.smoke import fold  # noqa: PLC0415
    from envtool.smoke.ladder import EARLIEST, RUNGS  # noqa: PLC0415
    from envtool.smoke.ranks import NAMES, fold_ranks  # noqa: PLC0415
    from envtool.smoke.ranks import RUNGS as RUNGS_OF_RANKS  # noqa: PLC0415

    launcher = _launcher(job)
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
            for each in launch.perform(executable, work, launcher, job.ranks, limits_s):
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

    return Work(tuple(items), options.device, options.seed, TRAINING[options.size], options.dtype)


def _limits_s(options: Options, rungs: Iterable[Rung], models: Iterable[str]) -> dict[str, float]:
    of_models = dict.fromkeys(models, options.timeout or MODEL_LIMIT_S[options.size])
    return {rung.name: rung.limit_s for rung in rungs} | of_models


def _shown(events: Iterable[Event]) -> Iterator[Event]:
    """The events, each shown as it comes."""
    with live() as show:
        for event in events:
            show(event)
            yield event
