"""A SmokeReport as a page for a browser."""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, NamedTuple

from envtool.report.figure import MANY, Frame, Line, curves_svg
from envtool.report.gauge import gauge
from envtool.report.page import rendered
from envtool.report.smoke import ENDINGS, seat_rows, spent_words, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from markupsafe import Markup

    from envtool.demo import Bar, Curve, Demo, Picture
    from envtool.events import Measured
    from envtool.report.gauge import Gauge
    from envtool.smoke import ItemReport, SmokeReport

PIXELATED_BELOW = 32  # pixels of width
PNG_SIZE = slice(16, 24)  # width and height, four bytes each


class Row(NamedTuple):
    check: Measured
    gauge: Gauge | None


class Item(NamedTuple):
    """A rung or a model."""

    report: ItemReport
    anchor: str  # its id in the page
    ending: str
    spent: str  # time and memory
    rows: tuple[Row, ...]
    what: str  # it proves


class Chart(NamedTuple):
    title: str
    svg: Markup
    words: str  # for who cannot see it
    is_smoothed: bool


class Shown(NamedTuple):
    """A picture."""

    picture: Picture
    source: str
    width: int
    height: int
    is_pixelated: bool


class Compared(NamedTuple):
    """Bars of one group, each with its length in per cent of the longest."""

    title: str
    bars: tuple[tuple[Bar, float], ...]


class Span(NamedTuple):
    """An item in the timeline; places are per cent of the whole."""

    item: ItemReport
    seconds: float
    left: float
    width: float


class Section(NamedTuple):
    """A model's."""

    item: Item
    title: str
    about: str
    pictures: tuple[Shown, ...]
    compared: tuple[Compared, ...]
    charts: tuple[Chart, ...]
    remarks: tuple[str, ...]


def smoke_page(
    report: SmokeReport,
    what_rungs_prove: Mapping[str, str],
    machine: Sequence[tuple[str, str]],
    remedy: Sequence[tuple[str, str]],
    made: str,
) -> str:
    """Of the machine and of what mends it, a label and a text each; `made` says when and by which envtool."""
    items = (*report.rungs, *report.models)
    values = {
        "title": summary(report).partition(": ")[2],
        "passed": report.passed,
        "facts": [*_facts(report), *machine],
        "broken": [_item(item) for item in items if item.outcome not in ("passed", "not-run")],
        "remedy": remedy,
        "seats": list(seat_rows(report))[1:],
        "rungs": [_item(rung, what_rungs_prove[rung.name]) for rung in report.rungs],
        "sections": [_section(model) for model in report.models],
        "spans": tuple(_spans(items, report.seconds)),
        "seconds": report.seconds,
        "made": made,
    }
    return rendered("smoke.html", values)


def _facts(report: SmokeReport) -> Iterator[tuple[str, str]]:
    if report.stage:
        yield "Device", f"{report.stage.device_name} ({report.stage.device})"
        yield "torch", report.stage.torch
        yield from ((NAMES.get(name, name.capitalize()), value) for name, value in report.stage.details)
    yield "Seed", str(report.seed)


NAMES = {"cuda": "CUDA", "hip": "HIP", "cudnn": "cuDNN", "uuid": "UUID"}


def _item(item: ItemReport, what: str = "") -> Item:
    rows = tuple(Row(check, gauge(check)) for check in item.checks)
    return Item(item, item.title.replace(" ", "-"), ENDINGS[item.outcome], spent_words(item), rows, what)


def _section(model: ItemReport) -> Section:
    demo = model.demo
    title, _, about = demo.about.partition(": ") if demo else (model.name, "", "")
    item = _item(model)
    return Section(
        item=item,
        title=f"{title} on {model.device}" if model.device else title,
        about=about,
        pictures=tuple(_shown(picture) for picture in demo.pictures) if demo else (),
        compared=tuple(_compared(demo.bars)) if demo else (),
        charts=tuple(_charts(demo, item.anchor)) if demo else (),
        remarks=(*model.remarks, *(demo.remarks if demo else ())),
    )


def _shown(picture: Picture) -> Shown:
    size = picture.png[PNG_SIZE]
    width, height = (int.from_bytes(size[half : half + 4], "big") for half in (0, 4))
    source = f"data:image/png;base64,{base64.b64encode(picture.png).decode('ascii')}"
    return Shown(picture, source, width, height, is_pixelated=width < PIXELATED_BELOW)


def _compared(bars: Iterable[Bar]) -> Iterator[Compared]:
    groups: dict[str, list[Bar]] = {}
    for bar in bars:
        groups.setdefault(bar.group, []).append(bar)
    for title, group in groups.items():
        most = max((bar.value for bar in group if math.isfinite(bar.value)), default=0.0)
        yield Compared(title, tuple((bar, _share(bar.value, most)) for bar in group))


def _share(value: float, whole: float) -> float:
    """In per cent; 0 of what is no number."""
    return max(0.0, 100 * value / whole) if whole > 0 and math.isfinite(value) else 0.0


def _charts(demo: Demo, anchor: str) -> Iterator[Chart]:
    """One for the curves that share their axes."""
    groups: dict[tuple[str, str], list[Curve]] = {}
    for curve in demo.curves:
        if curve.y:
            groups.setdefault((curve.x_label, curve.y_label), []).append(curve)
    own = {bar.label for bar in demo.bars if not bar.is_baseline}
    for number, ((x_label, y_label), curves) in enumerate(groups.items()):
        curves.sort(key=lambda curve: curve.title not in own)  # the first has the page's colour
        lines = [Line(curve.title, curve.x, curve.y) for curve in curves]
        title = curves[0].title if len(curves) == 1 else f"{y_label.partition(',')[0]} by {x_label.partition(',')[0]}"
        svg = curves_svg(f"{anchor}-{number}", lines, Frame(x_label, y_label, is_smoothed=True))
        yield Chart(title, svg, _words(curves), any(len(curve.x) > MANY for curve in curves))


def _words(curves: Iterable[Curve]) -> str:
    return "; ".join(
        f"{curve.title}: from {curve.y[0]:.3g} at {curve.x_label} {curve.x[0]:g} to {curve.y[-1]:.3g} at {curve.x[-1]:g}"
        for curve in curves
    )


def _spans(items: Sequence[ItemReport], seconds: float) -> Iterator[Span]:
    """One for each that began; what died lasted until the next began."""
    begun = [(item.began_s, item) for item in items if item.began_s is not None]
    ends = [*(began for began, _ in begun), seconds][1:]
    for (began, item), end in zip(begun, ends, strict=True):
        lasted = item.seconds if item.seconds is not None else end - began
        yield Span(item, lasted, _share(began, seconds), _share(lasted, seconds))
