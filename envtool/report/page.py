"""A page for a browser in one file: style and pictures inside, no script, and nothing that is fetched."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markupsafe import Markup

NEEDED = ("jinja2", "matplotlib")  # the extra `report`
WIDEST = 1e7  # from which on a whole number has its power of ten as well
MARK = '<meta name="generator" content="envtool"/>'  # by which a page of ours is known


def rendered(template: str, values: Mapping[str, object]) -> str:
    """The template filled in; whatever is no Markup is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - of the extra

    environment = Environment(
        loader=PackageLoader("envtool.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    environment.globals["mark"] = _markup(MARK)
    return environment.get_template(template).render(values)


def number(value: float) -> Markup:
    """Three digits, and a power of ten where there is one; whole numbers as they are."""
    if float(value).is_integer() and abs(value) < WIDEST:
        return _markup(f"{value:,.0f}".replace("-", "\N{MINUS SIGN}"))
    text = f"{value:.3g}"
    digits, _, power = text.partition("e")
    if not power or not math.isfinite(value):
        return _markup(text.replace("-", "\N{MINUS SIGN}"))
    shown = f"{digits} \N{MULTIPLICATION SIGN} 10<sup>{int(power)}</sup>"
    return _markup(shown.replace("-", "\N{MINUS SIGN}"))


def _markup(text: str) -> Markup:
    from markupsafe import Markup  # noqa: PLC0415 - of the extra

    return Markup(text)  # noqa: S704 - called on texts made here alone
