"""Reads the imports of a text that Python cannot parse: Python 2, a merge left half done, a line that breaks off.

Each outermost statement that still parses is read by `ast` as ever; of the others, the lines that import.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.project import statements
from envtool.project.outline import blocks, tells, without_literals
from envtool.project.statements import Imported

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MARKERS = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?=\s|$)[^\n]*", re.MULTILINE)  # of a merge
CONTINUED = "\\\n"
JOINT = "\0\0"  # stands for it: the line goes on, and counts
_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_ALIASED = rf"{_NAME}(?:[ \t\0]+as[ \t\0]+\w+)?"
IMPORT = re.compile(
    rf"(?:^|[;:])[ \t]*(?:import[ \t\0]+(?P<modules>{_ALIASED}(?:[ \t\0]*,[ \t\0]*{_ALIASED})*)[ \t]*(?=$|;)"
    rf"|from[ \t\0]+(?P<origin>{_NAME})[ \t\0]*\bimport\b[ \t\0]*(?P<taken>\([^)]*|[^\n;]*))",
    re.MULTILINE,
)
CALL = re.compile(rf"(?:\bimport_module|\b__import__)\(\s*[\"']({_NAME})[\"']")
PYTHON_2 = re.compile(
    r"^[ \t]*(?:print[ \t]+(?!(?:in|is|and|or|if|else|not|for)\b)[\w\"`\[{]|print[ \t]*>>|exec[ \t]+[\w\"]"
    r"|except\b[^\n:]*,[ \t]*\w+[ \t]*:|raise[ \t]+[\w.]+[ \t]*,)"
    r"|(?<![\w.])0[0-7]*[1-7][0-7]*(?![\w.])|<>|\b\d+[lL]\b",
    re.MULTILINE,
)
HANDLER = re.compile(r"except\s*:|except\b.*\b(?:ImportError|ModuleNotFoundError)\b")
CONDITION = re.compile(r"if\b.*\b(?:TYPE_CHECKING|platform|version_info)\b")


def is_python_2(text: str) -> bool:
    """Whether a text that does not parse looks like Python 2."""
    return PYTHON_2.search(without_literals(text)) is not None


def imported(text: str) -> Iterator[Imported]:
    for first, block in blocks(MARKERS.sub("", text)):
        if not tells(block):
            continue
        try:
            found = statements.imported(statements.parse(block, whole=True))
        except statements.NOT_PARSED:
            found = list(_by_line(block))
        yield from (one._replace(line=first - 1 + one.line) for one in found)


def _by_line(block: str) -> Iterator[Imported]:
    code = without_literals(block)
    lines = code.split("\n")
    joined = code.replace(CONTINUED, JOINT)
    for found in IMPORT.finditer(joined):
        before = joined[: found.start("origin" if found["origin"] else "modules")]
        line = 1 + before.count("\n") + before.count(JOINT)
        optional = _is_guarded(lines, line - 1)
        yield from (Imported(module, line, optional) for module in _modules(found))
    for call in CALL.finditer(block):
        yield Imported(call[1], 1 + block.count("\n", 0, call.start()), optional=False)


def _modules(found: re.Match[str]) -> Iterator[str]:
    listed = re.sub(r"[\0()]", " ", found["modules"] or found["taken"])
    names = [item.split()[0] for item in listed.split(",") if item.strip()]
    if found["origin"]:
        yield from statements.taken_from(found["origin"], names)
    else:
        yield from names


def _is_guarded(lines: Sequence[str], at: int) -> bool:
    """Whether the line stands in a try that lets ImportError pass, in such a handler, or under a condition."""
    width = _width(lines[at])
    for above in range(at - 1, -1, -1):
        line = lines[above].strip()
        if not line or _width(lines[above]) >= width:
            continue
        width = _width(lines[above])
        if HANDLER.match(line) or CONDITION.match(line) or (line.startswith("try") and _is_caught(lines[at:], width)):
            return True
        if not width:
            break
    return False


def _is_caught(below: Sequence[str], width: int) -> bool:
    """Whether the next line that is as far to the left as the try catches ImportError."""
    after = next((line for line in below if line.strip() and _width(line) <= width), "")
    return HANDLER.match(after.strip()) is not None


def _width(line: str) -> int:
    expanded = line.expandtabs()
    return len(expanded) - len(expanded.lstrip())
