"""Rows under a heading, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def table_text(rows: Iterable[tuple[str, ...]], terminal_width: int | None) -> str:
    """Drawn to fit a terminal of that width; plain columns where it is None."""
    heading, *body = rows
    return _columns(heading, body) if terminal_width is None else _drawn(heading, body, terminal_width)


def _columns(heading: tuple[str, ...], body: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in (heading, *body)) for column in range(len(heading))]
    lines = (zip(row, widths, strict=True) for row in (heading, *body))
    return "\n".join("  ".join(cell.ljust(width) for cell, width in line).rstrip() for line in lines)


def _drawn(heading: tuple[str, ...], body: list[tuple[str, ...]], width: int) -> str:
    from io import StringIO  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415 - slow to import, and for terminals only
    from rich.table import Table  # noqa: PLC0415

    table = Table(*heading, box=None, pad_edge=False, header_style="bold")
    for row in body:
        table.add_row(*row)
    paper = StringIO()
    Console(file=paper, width=width, force_terminal=True).print(table)
    return paper.getvalue().rstrip("\n")
