"""Which blocks of a statement may fail to import, or need not be run, without harm to the program."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Block = tuple["Sequence[ast.stmt]", bool]  # with whether what it imports is optional

TRY: tuple[type[ast.Try], ...] = (ast.Try, getattr(ast, "TryStar", ast.Try))  # except* came with 3.11
IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})
ANY_ERROR = frozenset({"Exception", "BaseException"})
FEW = 5  # statements: a longer block that lets any error pass is not about its imports
NEVER_RUN = frozenset({"TYPE_CHECKING"})
# As in sys.platform, platform.system(), sys.version_info, six.PY2, is_torch_available, HAS_CUPY.
ELSEWHERE = re.compile(
    r"platform|version_info|hexversion|PY2|PY3|find_spec|_?(is|has|have)_\w+_(available|installed)|_?HA(S|VE)_\w+"
    r"|\w+_AVAILABLE"
)
ENDING = frozenset({"exit", "_exit"})  # sys.exit, os._exit, exit


def inner_blocks(statement: ast.stmt, *, optional: bool) -> Iterator[Block]:
    if isinstance(statement, ast.If):
        yield from _of_condition(statement, optional)
    elif isinstance(statement, TRY):
        yield from _of_try(statement, optional)
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        yield statement.body, optional or any(_suppresses_import_errors(item) for item in statement.items)
    elif isinstance(statement, ast.Match):
        yield from ((case.body, optional) for case in statement.cases)
    else:
        for name in ("body", "orelse"):
            block = getattr(statement, name, None)
            if block:
                yield block, optional


def _of_condition(statement: ast.If, optional: bool) -> Iterator[Block]:
    test = statement.test
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    words = {found for node in ast.walk(test) if (found := word(node))}
    if words & NEVER_RUN or (isinstance(test, ast.Constant) and not test.value):
        yield statement.body, optional or not negated
        yield statement.orelse, optional or negated
    else:
        depends = any(ELSEWHERE.fullmatch(found) for found in words) or "os.name" in words
        yield statement.body, optional or depends
        yield statement.orelse, optional or depends


def word(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute):
        is_os_name = node.attr == "name" and isinstance(node.value, ast.Name) and node.value.id == "os"
        return "os.name" if is_os_name else node.attr
    return node.id if isinstance(node, ast.Name) else None


def _of_try(statement: ast.Try, optional: bool) -> Iterator[Block]:
    """What a handler of ImportError lets pass is optional, and so is what it imports instead."""
    broad = len(statement.body) <= FEW
    catching = [handler for handler in statement.handlers if _catches_import_errors(handler.type, broad=broad)]
    forgiving = any(not _ends_the_program(handler.body) for handler in catching)
    yield statement.body, optional or forgiving
    yield statement.orelse, optional or forgiving
    yield statement.finalbody, optional
    for handler in statement.handlers:
        yield handler.body, optional or handler in catching


def _catches_import_errors(caught: ast.expr | None, *, broad: bool) -> bool:
    """`broad`: any error will do."""
    if caught is None:
        return broad
    words = {word(node) for node in ast.walk(caught)}
    return bool(words & IMPORT_ERRORS or (broad and words & ANY_ERROR))


def _ends_the_program(body: Sequence[ast.stmt]) -> bool:
    last = body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return word(last.value.func) in ENDING
    return isinstance(last, ast.Raise)


def _suppresses_import_errors(item: ast.withitem) -> bool:
    call = item.context_expr
    return (
        isinstance(call, ast.Call)
        and word(call.func) == "suppress"
        and any(_catches_import_errors(caught, broad=False) for caught in call.args)
    )
