"""The Python of a Jupyter notebook, a text a cell; magics and shell lines are gone, lines keep their numbers."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING

from envtool.project.statements import NOT_PARSED

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON_CELLS = frozenset({"time", "timeit", "capture", "prun", "debug", "python", "python3"})  # %%time
IPYTHON_EXTENSIONS = frozenset({"autoreload", "storemagic"})  # these come with IPython
CELL_MAGIC = re.compile(r"\s*%%(\w+)[^\n]*")
LOAD = re.compile(r"^([ \t]*)%(?:load|reload)_ext[ \t]+([\w.]+).*$", re.MULTILINE)
TIMED = re.compile(r"^([ \t]*)%(?:time|timeit|prun)(?:[ \t]+-\w+(?:[ \t]*\d+)?)*[ \t]+(?=[^\s-])", re.MULTILINE)
REST = r"(?:.*\\\n)*.*$"  # of the line, and of those that a backslash adds to it
ASSIGNED = re.compile(rf"^([ \t]*[\w, \t.\[\]]+=[ \t]*)(?:!|%(?=[a-zA-Z])){REST}", re.MULTILINE)
MAGIC = re.compile(rf"^([ \t]*)(?:!|%%?(?=[a-zA-Z])|\?){REST}", re.MULTILINE)
HELP = re.compile(r"^([ \t]*)[\w.%*]+\?\??[ \t]*$", re.MULTILINE)


class NotANotebook(ValueError):
    """A file that cannot be read as a notebook."""


def cells(text: str) -> list[str]:
    """None where the notebook speaks another language than Python. Raises NotANotebook."""
    try:
        notebook = json.loads(text)
    except RecursionError:
        raise NotANotebook("is nested too deep to be read") from None
    except ValueError as error:
        raise NotANotebook(f"is not the JSON of a notebook: {error}") from None
    if not isinstance(notebook, dict):
        raise NotANotebook("is JSON, but no notebook")
    if not _is_python(notebook.get("metadata")):
        return []
    return [python for cell in _cells(notebook) if (python := _python_of(cell)).strip()]


def _is_python(metadata: object) -> bool:
    """By the language that the kernel or the file names, else by the kernel's name; Python where neither does."""
    kernel, language = (_member(metadata, key) for key in ("kernelspec", "language_info"))
    named = [_member(kernel, "language"), _member(language, "name"), _member(kernel, "name")]
    said = next((name for name in named if isinstance(name, str) and name), "python").lower()
    return "py" in said or "sage" in said or "conda" in said


def _member(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _cells(notebook: dict[str, object]) -> Iterator[dict[str, object]]:
    sheets = notebook.get("worksheets")  # nbformat 3
    for holder in [notebook, *(sheets if isinstance(sheets, list) else [])]:
        found = _member(holder, "cells")
        for cell in found if isinstance(found, list) else []:
            if _member(cell, "cell_type") == "code":
                yield cell


def _python_of(cell: dict[str, object]) -> str:
    source = cell.get("source", cell.get("input"))
    text = "".join(map(str, source)) if isinstance(source, list) else str(source or "")
    while magic := CELL_MAGIC.match(text):
        if magic[1] not in PYTHON_CELLS:
            return ""
        text = "\n" * magic[0].count("\n") + text[magic.end() :]
    if _parses(text):
        return text
    text = _dedented(text)
    text = LOAD.sub(lambda load: load[1] + ("pass" if load[2] in IPYTHON_EXTENSIONS else f"import {load[2]}"), text)
    text = TIMED.sub(r"\1", text)
    text = ASSIGNED.sub(lambda line: f"{line[1]}None" + "\n" * line[0].count("\n"), text)
    text = MAGIC.sub(lambda line: f"{line[1]}pass" + "\n" * line[0].count("\n"), text)
    return HELP.sub(r"\1pass", text)


def _dedented(text: str) -> str:
    """Without the first line's indentation, as IPython runs it."""
    indent = re.match(r"\s*?([ \t]+)(?=\S)", text)
    return re.sub(rf"^{indent[1]}", "", text, flags=re.MULTILINE) if indent else text


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except NOT_PARSED:
        return False
    return True
