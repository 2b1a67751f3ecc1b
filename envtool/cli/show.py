"""Words on stderr, in colour on a terminal only."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

COLOURS = {
    "chosen": "green",
    "instead": "green",
    "works": "green",
    "written": "green",
    "kept": "green",
    "fits": "green",
    "note": "yellow",
    "refused": "red",
    "failed": "red",
    "drifted": "red",
}
LABEL_WIDTH = 8
PATIENCE_S = 1.0  # what ends sooner needs no progress line


def say(lines: Iterable[tuple[str, str]]) -> None:
    """One line each, its label in front of the first of a kind."""
    colour = False if os.environ.get("NO_COLOR") else None
    previous = ""
    for label, text in lines:
        shown = "" if label == previous else label
        click.echo(click.style(shown.ljust(LABEL_WIDTH), fg=COLOURS.get(label, "cyan")) + text, err=True, color=colour)
        previous = label


def progress(what: str) -> Callable[[int, int], None] | None:
    """Shows on a terminal how many of how many are done, in a line that goes away at the end; None where there is none."""
    if not sys.stderr.isatty():
        return None
    began = time.monotonic()

    def show(done: int, total: int) -> None:
        if time.monotonic() - began > PATIENCE_S:
            click.echo(f"\r{done} of {total} {what}" if done < total else "\r\033[K", nl=False, err=True)

    return show


def terminal_width() -> int | None:
    """The columns of the terminal that shows our stderr; None where that is none, or where no colour is wanted."""
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR"):
        return None
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return None
