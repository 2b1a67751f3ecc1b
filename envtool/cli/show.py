"""Words and results, in colour on a terminal only."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TextIO

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
ORDINARY_WIDTH = 80
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
    return None if os.environ.get("NO_COLOR") else _columns(sys.stderr)


def screen() -> tuple[int | None, bool]:
    """The columns of the terminal that shows our stdout, None where that is none; and whether it may have colour."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return _columns(sys.stdout), sys.stdout.isatty() and not is_plain


def _columns(stream: TextIO) -> int | None:
    """A terminal that does not know its own width is taken for an ordinary one."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or ORDINARY_WIDTH
    except OSError:
        return None


def result(text: str) -> None:
    """On stdout: in UTF-8, or on a terminal in what it shows, whatever that is."""
    if not sys.stdout.isatty():
        click.echo(text.encode("utf-8", "replace"))
        return
    encoding = sys.stdout.encoding or "ascii"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding))
