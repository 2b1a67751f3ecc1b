"""What a syntax tree imports, by its statements alone: an expression imports by a call of a known name or not at all."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from envtool.project import guards
from envtool.project.outline import outline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CALLS = ("import_module", "__import__")
DEEPEST = 3  # parts of a name, google.cloud.storage: what is taken from a deeper one tells no distribution
NOT_PARSED = (SyntaxError, ValueError, RecursionError, MemoryError)


class Imported(NamedTuple):
    module: str  # dotted, with what `from` takes of it, for that may be a module too
    line: int
    optional: bool


class Parsed(NamedTuple):
    tree: ast.Module
    text: str  # what was parsed, line for line


def parse(text: str, *, whole: bool) -> Parsed:
    """With `whole`, all of the text; without, its outline, so that a fault elsewhere goes unnoticed.

    Raises one of NOT_PARSED.
    """
    if not whole:
        try:
            return Parsed(ast.parse(shorter := outline(text)), shorter)
        except NOT_PARSED:
            pass  # pieces need not parse: the text decides
    return Parsed(ast.parse(text), text)


def imported(parsed: Parsed) -> list[Imported]:
    """Block by block; what has no line that speaks of an import is passed by."""
    telling = [number for number, line in enumerate(parsed.text.split("\n"), 1) if "import" in line]
    calls = any(name in parsed.text for name in CALLS)
    found: list[Imported] = []
    ahead: list[guards.Block] = [(parsed.tree.body, False)]
    while ahead:
        block, optional = ahead.pop()
        for statement in block:
            if bisect_left(telling, statement.lineno) == bisect_right(telling, statement.end_lineno or 0):
                continue
            if isinstance(statement, ast.Import):
                names: Iterable[str] = [alias.name for alias in statement.names]
            elif isinstance(statement, ast.ImportFrom):
                names = _of_from(statement)
            else:
                ahead += guards.inner_blocks(statement, optional=optional)
                names = _called(statement) if calls else ()
            found += [Imported(name, statement.lineno, optional) for name in names]
    return found


def _of_from(statement: ast.ImportFrom) -> Iterable[str]:
    if statement.level or not statement.module:
        return ()
    return taken_from(statement.module, [alias.name for alias in statement.names])


def taken_from(module: str, names: Iterable[str]) -> Iterator[str]:
    """What `from module import names` may import."""
    is_deep = module.count(".") + 1 >= DEEPEST
    for name in names:
        yield module if is_deep or name == "*" else f"{module}.{name}"


def _called(statement: ast.stmt) -> Iterator[str]:
    """importlib.import_module("x") and __import__("x") in the expressions of a statement."""
    ahead: list[ast.AST] = [statement]
    while ahead:
        for child in ast.iter_child_nodes(ahead.pop()):
            if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
                continue  # a block of its own
            ahead.append(child)
            if isinstance(child, ast.Call) and child.args and guards.word(child.func) in CALLS:
                first = child.args[0]
                if isinstance(first, ast.Constant) and _is_module(first.value):
                    yield str(first.value)


def _is_module(value: object) -> bool:
    return isinstance(value, str) and all(part.isidentifier() for part in value.split("."))
