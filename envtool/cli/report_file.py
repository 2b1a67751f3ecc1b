"""Where --report writes its page: looked at before the run that it is about, which may take an hour."""

from __future__ import annotations

import importlib
import os
from datetime import datetime
from pathlib import Path

import click

from envtool import __version__
from envtool.cli.show import say
from envtool.files import write
from envtool.report.page import MARK, NEEDED

INSTALL = "pip install 'torch-envtool[report]'"
HEAD = 1 << 12  # bytes of a page that its mark stands in


def refuse_report(file: str) -> None:
    """Stop where the page could not be drawn or written, or would replace what is no page of ours."""
    try:
        for package in NEEDED:
            importlib.import_module(package)
    except ImportError as error:
        raise click.UsageError(f"--report draws with {' and '.join(NEEDED)} ({error}): {INSTALL}") from None
    path = Path(file)
    if path.is_dir():
        raise click.UsageError(f"--report {file} is a folder: name a file in it, {path / 'report.html'}")
    if not path.parent.is_dir():
        raise click.UsageError(f"--report {file}: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise click.UsageError(f"--report {file} may not be written: name another file")
    if path.is_file() and not _is_replaceable(path):
        raise click.UsageError(f"--report {file} is there, and is no report of envtool's: name another file")


def _is_replaceable(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(HEAD)
    return not head or MARK.encode() in head


def made_now() -> str:
    """When a page is made, and by what."""
    now = datetime.now().astimezone()
    return f"{now.day} {now:%B %Y, %H:%M %Z}, by envtool {__version__}"


def write_report(file: str, page: str) -> None:
    write(Path(file), page.encode("utf-8", "replace"))
    say([("written", file)])
