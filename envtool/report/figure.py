"""Curves as SVG to stand inside a page, which gives them its colours and its font."""

from __future__ import annotations

import io
import re
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup
    from matplotlib.axes import Axes

INCHES = (4.6, 2.5)
MANY = 100  # points: what is drawn then is their running mean, over the points themselves
WINDOW = 20
WIDE_SPAN = 50  # of a line's greatest value to its least, from which on the scale is logarithmic
CLOSE = 0.05  # of the width, which a label takes
# Stand-ins, for matplotlib knows no colour of a page.
COLOURS = {
    "#010101": "currentColor",
    "#020202": "var(--muted)",
    "#030303": "var(--line)",
    "#040404": "var(--accent)",
    "#050505": "var(--bad)",
}
INK, MUTED, LINE, ACCENT, BAD = COLOURS
STROKES = ((ACCENT, "-"), (INK, "--"), (MUTED, ":"), (MUTED, "-."))
STYLE: dict[Any, object] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "envtool",  # the same curves give the same file
    "font.size": 9.5,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "figure.constrained_layout.use": True,
}


class Frame(NamedTuple):
    """The axes, and what stands in them beside the lines."""

    x_label: str
    y_label: str
    x_range: tuple[float, float] | None = None  # None: what the lines need
    from_zero: bool = False  # whether the scale of y begins there
    marks: tuple[tuple[float, bool], ...] = ()  # places on x, numbered from 1, and whether it is of trouble
    is_smoothed: bool = False  # a line of many points as its running mean, over the points themselves


class Line(NamedTuple):
    title: str
    x: Sequence[float]
    y: Sequence[float]


def curves_svg(name: str, lines: Sequence[Line], frame: Frame) -> Markup:
    """The lines in one pair of axes; `name` is the picture's own among those of the page."""
    import matplotlib as mpl  # noqa: PLC0415 - of the extra
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context():
        mpl.rcdefaults()  # whatever a matplotlibrc says
        mpl.rcParams.update(STYLE)
        figure = Figure(figsize=INCHES)
        axes = figure.add_subplot()
        for line, (colour, stroke) in zip(lines, cycle(STROKES), strict=False):
            _draw(axes, line, colour, stroke, is_smoothed=frame.is_smoothed and len(line.x) > MANY)
        _arrange(axes, frame, is_log=not frame.from_zero and any(_spans_decades(line.y) for line in lines))
        if len(lines) > 1:
            axes.legend()
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return _for_page(drawn.getvalue(), name)


def _arrange(axes: Axes, frame: Frame, *, is_log: bool) -> None:
    axes.set_xlabel(_plain(frame.x_label))
    axes.set_ylabel(_plain(frame.y_label))
    if is_log:
        axes.set_yscale("log")
    if frame.x_range:
        axes.set_xlim(*frame.x_range)
    if frame.from_zero:
        axes.set_ylim(bottom=0)
    for place, is_bad in frame.marks:
        axes.axvline(place, color=BAD if is_bad else MUTED, linewidth=0.8, linestyle=":")
    for place, label in mark_labels(
        [place for place, _ in frame.marks], CLOSE * (axes.get_xlim()[1] - axes.get_xlim()[0])
    ):
        axes.annotate(label, (place, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom", size=7)


def mark_labels(places: Sequence[float], close: float) -> list[tuple[float, str]]:
    """One label for marks that stand closer than that: 1, or 2-4."""
    groups: list[list[int]] = []
    for number, place in enumerate(places):
        if groups and place - places[groups[-1][0]] < close:
            groups[-1].append(number)
        else:
            groups.append([number])
    return [
        (places[group[0]], "-".join(str(number + 1) for number in sorted({group[0], group[-1]}))) for group in groups
    ]


def _draw(axes: Axes, line: Line, colour: str, stroke: str, *, is_smoothed: bool) -> None:
    if not is_smoothed:
        axes.plot(line.x, line.y, color=colour, linestyle=stroke, label=_plain(line.title))
        return
    axes.plot(line.x, line.y, color=colour, linewidth=0.6, alpha=0.35)
    axes.plot(line.x[WINDOW - 1 :], running_mean(line.y), color=colour, linestyle=stroke, label=_plain(line.title))


def _plain(text: str) -> str:
    """So that matplotlib finds no formula in it."""
    return text.replace("$", r"\$")


def _spans_decades(values: Sequence[float]) -> bool:
    return min(values) > 0 and max(values) > WIDE_SPAN * min(values)


def running_mean(values: Sequence[float]) -> list[float]:
    """Of each WINDOW values that follow one another."""
    return [sum(values[end - WINDOW : end]) / WINDOW for end in range(WINDOW, len(values) + 1)]


def _for_page(svg: str, name: str) -> Markup:
    """Without what a file of its own needs, its ids apart from those of other pictures, in the page's colours."""
    from markupsafe import Markup  # noqa: PLC0415 - of the extra

    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg)
    svg = re.sub(r'(?<= id=")|(?<=href="#)|(?<=url\(#)', f"{name}-", svg).replace("xlink:href", "href")
    svg = re.sub(r'<svg[^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 aria-hidden="true">', svg, count=1)
    for stand_in, colour in COLOURS.items():
        svg = svg.replace(stand_in, colour)
    return Markup(svg)  # noqa: S704 - matplotlib has escaped the texts
