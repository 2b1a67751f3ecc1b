"""Words on stderr, in colour on a terminal only."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

COLOURS = {"chosen": "green", "refused": "red", "note": "yellow", "instead": "green", "works": "green", "failed": "red"}
LABEL_WIDTH = 8


def say(lines: Iterable[tuple[str, str]]) -> None:
    """One line each, its label in front of the first of a kind."""
    colour = False if os.environ.get("NO_COLOR") else None
    previous = ""
    for label, text in lines:
        shown = "" if label == previous else label
        click.echo(click.style(shown.ljust(LABEL_WIDTH), fg=COLOURS.get(label, "cyan")) + text, err=True, color=colour)
        previous = label


def table(rows: Iterable[tuple[str, ...]]) -> None:
    """Rows under a heading: drawn on a terminal, plain columns elsewhere."""
    heading, *body = rows
    if sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415 - slow to import
        from rich.table import Table  # noqa: PLC0415

        drawn = Table(*heading, box=None)
        for row in body:
            drawn.add_row(*row)
        Console(stderr=True).print(drawn)
        return
    widths = [max(len(row[column]) for row in (heading, *body)) for column in range(len(heading))]
    for row in (heading, *body):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), err=True)
