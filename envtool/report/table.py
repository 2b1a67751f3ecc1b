"""Rows under a heading, as text."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


NO_STYLES: Mapping[str, str] = MappingProxyType({})


def table_text(
    rows: Iterable[tuple[str, ...]],
    terminal_width: int | None,
    *,
    colour: bool = True,
    styles: Mapping[str, str] = NO_STYLES,
) -> str:
    """Drawn to fit a terminal of that width; plain columns where it is None. `styles` are of cells, by what they say."""
    heading, *body = rows
    if terminal_width is None:
        return _columns(heading, body)
    return _drawn(
        heading, [[(cell, styles.get(cell, "")) for cell in row] for row in body], terminal_width, colour=colour
    )


def _columns(heading: tuple[str, ...], body: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in (heading, *body)) for column in range(len(heading))]
    lines = (zip(row, widths, strict=True) for row in (heading, *body))
    return "\n".join("  ".join(cell.ljust(width) for cell, width in line).rstrip() for line in lines)


def _drawn(heading: tuple[str, ...], body: list[list[tuple[str, str]]], width: int, *, colour: bool) -> str:
    from io import StringIO  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415 - slow to import, and for terminals only
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(*heading, box=None, pad_edge=False, header_style="bold")
    for row in body:
        table.add_row(*(Text(cell, style) for cell, style in row))  # words in brackets are no markup
    paper = StringIO()
    Console(file=paper, width=width, force_terminal=colour).print(table)
    return paper.getvalue().rstrip("\n")
