"""A SmokeReport in words: text, JSON, Markdown and JUnit's XML."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from envtool.report.screen import PAPER
from envtool.report.table import table_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from envtool.events import Measured
    from envtool.report.screen import Screen
    from envtool.smoke import ItemReport, SmokeReport
    from envtool.smoke.ladder import Rung

VERDICTS = {True: "passed", False: "FAILED"}
ENDINGS = {"passed": "passed", "failed": "failed", "crashed": "crashed", "timed-out": "timed out", "not-run": "not run"}

STYLES = {
    "passed": "green",
    "not run": "yellow",
    **dict.fromkeys(("FAILED", "failed", "crashed", "timed out"), "bold red"),
}


def smoke_text(report: SmokeReport, form: str, screen: Screen = PAPER) -> str:
    """In one of FORMATS; a text's tables are drawn for that screen."""
    return FORMATS[form](report, screen)


def check_line(check: Measured) -> str:
    """One check while the test runs."""
    who = "" if check.rank is None else f"rank {check.rank}: "
    return f"{_verdict(check):7} {who}{check.item}: {check.name}: {_number(check.measured)}{_bound(check)} {check.unit}"


def summary(report: SmokeReport) -> str:
    """The last line: smoke-test: 3 models passed on NVIDIA H100 80GB HBM3 in 41 s."""
    by_ending = {outcome: [item.title for item in report.models if item.outcome == outcome] for outcome in ENDINGS}
    parts = [_counted(names, ENDINGS[outcome]) for outcome, names in by_ending.items() if names]
    broken = [rung.title for rung in report.rungs if rung.outcome not in ("passed", "not-run")]
    parts += [f"ladder broken at {', '.join(broken)}"] if broken else []
    ranks = f"{len(report.seats)} ranks of " if report.seats else ""
    where = f" on {ranks}{report.stage.device_name}" if report.stage else ""
    return f"smoke-test: {'; '.join(parts)}{where} in {report.seconds:.0f} s"


def _counted(names: Sequence[str], ending: str) -> str:
    if ending == "passed":
        return f"{len(names)} model{'s' if len(names) > 1 else ''} passed"
    return f"{', '.join(names)} {ending}"


def _text(report: SmokeReport, screen: Screen) -> str:
    reached = (model for model in report.models if not model.is_above_the_break)
    models = ("\n".join(_model_lines(model, screen)) for model in reached)
    seats = [_table(seat_rows(report), screen)] if report.seats else []
    return "\n\n".join([_stage_line(report), *seats, _table(_ladder_rows(report), screen), *models, summary(report)])


def _table(rows: Iterator[tuple[str, ...]], screen: Screen) -> str:
    return table_text(rows, screen.width, colour=screen.colour, styles=STYLES)


def _stage_line(report: SmokeReport) -> str:
    if report.stage is None:
        return "torch did not get as far as a device"
    stage = report.stage
    details = ", ".join(f"{name} {value}" for name, value in stage.details)
    return f"torch {stage.torch} on {stage.device}, {stage.device_name}; {details}; seed {report.seed}"


def seat_rows(report: SmokeReport) -> Iterator[tuple[str, ...]]:
    yield "rank", "host", "device", "its name", "torch"
    for seat in report.seats:
        yield str(seat.rank), seat.host, seat.device, seat.device_name, seat.torch


def _ladder_rows(report: SmokeReport) -> Iterator[tuple[str, ...]]:
    yield "rung", "outcome", "what was measured"
    for rung in report.rungs:
        if rung.is_above_the_break:
            continue
        measured = "; ".join(f"{check.name} {_number(check.measured)} {check.unit}" for check in rung.checks)
        yield rung.title, ENDINGS[rung.outcome], "; ".join(filter(None, (rung.why, measured, *rung.remarks)))


def _model_lines(model: ItemReport, screen: Screen) -> Iterator[str]:
    yield f"{model.title}: {ENDINGS[model.outcome]}{spent_words(model)}" + (f": {model.why}" if model.why else "")
    if model.checks:
        yield _table(_check_rows(model), screen)


def spent_words(model: ItemReport) -> str:
    """Behind its ending: in 4.1 s, at most 310 MiB, 210 steps/s."""
    spent = f" in {model.seconds:.1f} s" if model.seconds is not None else ""
    return spent + "".join(f", {words}" for words in (*_memory(model), *_pace(model)))


def _memory(model: ItemReport) -> Iterator[str]:
    """Of the device, and where that is another than the CPU, of the machine."""
    if model.peak_memory_mib is not None:
        yield f"at most {model.peak_memory_mib:.0f} MiB"
    if model.host_memory_mib not in (None, model.peak_memory_mib):
        yield f"{model.host_memory_mib:.0f} MiB beside the device"


def _pace(model: ItemReport) -> Iterator[str]:
    if model.steps_per_second is not None:
        yield f"{model.steps_per_second:.3g} steps/s"
    if model.busy_percent is not None:
        yield f"the device busy {model.busy_percent:.0f} % of the time"


def _check_rows(model: ItemReport) -> Iterator[tuple[str, ...]]:
    """Where there are several ranks, with the one that measured worst."""
    ranks = [() if check.rank is None else (str(check.rank),) for check in model.checks]
    yield "check", "measured", "limit", "unit", "passed", *(("worst rank",) if any(ranks) else ())
    for check, rank in zip(model.checks, ranks, strict=True):
        yield check.name, _number(check.measured), _bound(check).strip(), check.unit, _verdict(check), *rank


def _verdict(check: Measured) -> str:
    return "report" if check.limit is None else VERDICTS[check.passed]


def _bound(check: Measured) -> str:
    return "" if check.limit is None else f" {'<=' if check.better == 'lower' else '>='} {_number(check.limit)}"


def _number(value: float) -> str:
    return f"{value:.3g}"


def _markdown(report: SmokeReport, _: Screen) -> str:
    seats = [_markdown_table(seat_rows(report))] if report.seats else []
    blocks = [_stage_line(report), *seats, _markdown_table(_ladder_rows(report))]
    for model in report.models:
        blocks += [f"### {next(_model_lines(model, PAPER))}"]
        blocks += [_markdown_table(_check_rows(model))] if model.checks else []
    return "\n\n".join([*blocks, summary(report)])


def _markdown_table(rows: Iterator[tuple[str, ...]]) -> str:
    heading, *body = (tuple(cell.replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows)
    lines = [heading, ("---",) * len(heading), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _json(report: SmokeReport, _: Screen) -> str:
    stage = report.stage
    body = {
        "schema": 1,
        "torch": stage and stage.torch,
        "device": stage and stage.device,
        "device_name": stage and stage.device_name,
        "details": dict(stage.details) if stage else {},
        "seed": report.seed,
        "seconds": report.seconds,
        "ranks": [seat._asdict() for seat in report.seats],
        "ladder": [_item_fields(rung) for rung in report.rungs],
        "models": [_item_fields(model) for model in report.models],
    }
    return json.dumps(body)


def _item_fields(item: ItemReport) -> dict[str, object]:
    rate = item.steps_per_second
    return {
        "name": item.name,
        **({"device": item.device} if item.device else {}),
        "outcome": item.outcome,
        "why": item.why,
        "seconds": item.seconds,
        "peak_memory_mib": item.peak_memory_mib,
        "host_memory_mib": item.host_memory_mib,
        "busy_percent": item.busy_percent,
        "checks": [_check_fields(check) for check in item.checks],
        "throughput": None if rate is None else {"value": rate, "unit": "steps/s"},
        "remarks": list(item.remarks),
    }


def _check_fields(check: Measured) -> dict[str, object]:
    fields: dict[str, object] = {
        "name": check.name,
        "measured": _finite(check.measured),
        "limit": check.limit,
        "unit": check.unit,
        "better": check.better,
        "passed": check.passed,
    }
    if check.rank is not None:
        fields |= {"rank": check.rank, "by_rank": {str(rank): _finite(value) for rank, value in check.of_ranks}}
    return fields


def _finite(value: float) -> float | None:
    """JSON knows no NaN and no infinity: such a number is null there."""
    return value if math.isfinite(value) else None


def _junit(report: SmokeReport, _: Screen) -> str:
    from xml.etree.ElementTree import Element, SubElement, indent, tostring  # noqa: PLC0415

    suites = Element("testsuites", name="envtool smoke-test", time=f"{report.seconds:.3f}")
    for item in (*report.rungs, *report.models):
        cases = item.checks or (None,)
        suite = SubElement(suites, "testsuite", name=item.title, tests=str(len(cases)), time=f"{item.seconds or 0:.3f}")
        for check in cases:
            case = SubElement(suite, "testcase", classname=item.title, name=check.name if check else item.title)
            if check and not check.passed:
                SubElement(case, "failure", message=f"{_number(check.measured)}, not{_bound(check)} {check.unit}")
        if item.outcome == "not-run":
            SubElement(case, "skipped", message=item.why or "")
        elif item.outcome != "passed" and all(check.passed for check in item.checks):
            SubElement(case, "error", type=item.outcome, message=item.why or item.outcome)
    indent(suites)
    return tostring(suites, encoding="unicode")


FORMATS: dict[str, Callable[[SmokeReport, Screen], str]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "junit": _junit,
}


def known_text(rungs: Iterable[Rung], of_ranks: Iterable[Rung], models: Iterable[str]) -> str:
    """The rungs and the models, a line each."""
    rows = [("rung", rung.name, rung.what) for rung in rungs]
    rows += [("of --nproc", rung.name, rung.what) for rung in of_ranks]
    return table_text([("kind", "name", "what it proves"), *rows, *(("model", name, "") for name in models)], None)
