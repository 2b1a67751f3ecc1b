"""A source text without what holds no import: far less to parse, and nothing that a parser needs for the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Strings and comments. What nothing ends, ends with its line, and with three quotes as the text does.
LITERAL = re.compile(
    r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(?:"""|\Z)'
    r"|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(?:'''|\Z)"
    r'|"[^\n"\\]*(?:\\.[^\n"\\]*)*"?'
    r"|'[^\n'\\]*(?:\\.[^\n'\\]*)*'?"
    r"|#[^\n]*",
    re.DOTALL,
)
FIRST_OF_STATEMENT = re.compile(r"\n(?=[^\s)\]}#\\])(?!else\b|elif\b|except\b|finally\b)")
TELLING = ("import", "sys.path")  # the words without which a statement is left out; import_module is one of them


def outline(text: str) -> str:
    """The outermost statements that may import something; of the others their empty lines."""
    return "".join(block if tells(block) else "\n" * block.count("\n") for _, block in blocks(text))


def tells(block: str) -> bool:
    return any(word in block for word in TELLING)


def blocks(text: str) -> Iterator[tuple[int, str]]:
    """The outermost statements, each with the number of its first line; strings of several lines are empty.

    A line that begins in the first column begins a statement. Where it does not (inside brackets, after a backslash),
    the pieces do not parse.
    """
    code = LITERAL.sub(_on_one_line, text)
    begin, line = 0, 1
    for found in FIRST_OF_STATEMENT.finditer(code):
        block = code[begin : found.end()]
        yield line, block
        line += block.count("\n")
        begin = found.end()
    yield line, code[begin:]


def without_literals(text: str) -> str:
    """The same lines without comments, and with empty strings."""
    return LITERAL.sub(lambda found: ('""', "")[found[0][0] == "#"] + "\n" * found[0].count("\n"), text)


def _on_one_line(found: re.Match[str]) -> str:
    literal = found[0]
    return literal if "\n" not in literal else '""' + "\\\n" * literal.count("\n") + " "
