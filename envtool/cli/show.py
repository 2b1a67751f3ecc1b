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


def terminal_width() -> int | None:
    """The columns of the terminal that shows our stderr; None where that is none, or where no colour is wanted."""
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR"):
        return None
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return None
