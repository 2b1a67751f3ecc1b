"""The folders that a source puts on sys.path by literals, its own place included: os.path.join(here, "..", "lib")."""

from __future__ import annotations

import ast
import posixpath
from contextlib import suppress
from itertools import islice, product
from typing import TYPE_CHECKING

from envtool.project.guards import word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = "/"  # stands for the project's root, where the program is taken to be started
HERE = frozenset({"getcwd", "cwd"})
SAME = frozenset({"abspath", "realpath", "normpath", "resolve", "absolute", "Path", "str", "fspath", "as_posix"})
JOINING = frozenset({"join", "joinpath"})
MOST = 20  # readings of one expression


def literal_folders(tree: ast.Module, file: str) -> Iterator[str]:
    """From the project's root, "" for the root itself; a relative one may be meant from the file's own folder too."""
    reader = _Reader(tree, ROOT + file)
    for added in _added(tree):
        folders: list[str] = []
        with suppress(RecursionError):  # an expression that no hand wrote
            folders = reader.paths(added)
        for folder, start in product(folders, (ROOT, reader.here)):
            yield posixpath.normpath(posixpath.join(start, folder)).strip("/")


def _added(tree: ast.Module) -> Iterator[ast.expr]:
    """What is given to sys.path.insert and its kin, or assigned to sys.path or a part of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_sys_path(node.func.value):
            yield from node.args
        elif isinstance(node, (ast.Assign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(_is_sys_path(target) for target in targets):
                yield node.value


def _is_sys_path(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        node = node.value
    return isinstance(node, ast.Attribute) and node.attr == "path" and word(node.value) == "sys"


class _Reader:
    """Reads expressions for paths, by the assignments and the calls of the same file."""

    def __init__(self, tree: ast.Module, file: str) -> None:
        self.here = posixpath.dirname(file)
        self._values: dict[str, list[ast.expr | str]] = {"__file__": [file]}
        self._read: dict[str, list[str]] = {}
        given: dict[str | None, list[ast.expr]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                self._may_be(node.targets, [node.value])
            elif isinstance(node, ast.For):
                self._may_be([node.target], [node.iter])
            elif isinstance(node, ast.Call):
                given.setdefault(word(node.func), []).extend(node.args)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [ast.Name(argument.arg) for argument in node.args.args]
                self._may_be(names, given.get(node.name, []))  # any argument may be any that some call gives

    def _may_be(self, targets: Sequence[ast.expr], values: Sequence[ast.expr]) -> None:
        for target in targets:
            if isinstance(target, ast.Name):
                self._values.setdefault(target.id, []).extend(values)

    def paths(self, node: ast.expr | str) -> list[str]:
        """Each path that the expression may stand for; none where no literal says."""
        found: list[str] = []
        match node:
            case str(path) | ast.Constant(value=str(path)):
                found = [path]
            case ast.Name(id=name):
                found = self._named(name)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                found = self._all(items)
            case ast.BinOp(left=left, op=ast.Div() | ast.Add() as joint, right=right):
                found = self._joined([left, right], plainly=isinstance(joint, ast.Add))
            case ast.Attribute(value=path_of, attr="parent"):
                found = _ancestors(self.paths(path_of), 1)
            case ast.Subscript(
                value=ast.Attribute(value=path_of, attr="parents"), slice=ast.Constant(value=int(above))
            ):
                found = _ancestors(self.paths(path_of), above + 1)
            case ast.Call():
                found = self._of_call(node)
        return found[:MOST]

    def _named(self, name: str) -> list[str]:
        """What a name may stand for; it is read once, and within itself stands for nothing."""
        if name not in self._read:
            self._read[name] = []
            self._read[name] = self._all(self._values.get(name, []))[:MOST]
        return self._read[name]

    def _all(self, nodes: Sequence[ast.expr | str]) -> list[str]:
        return [path for node in nodes for path in self.paths(node)]

    def _of_call(self, call: ast.Call) -> list[str]:
        name = word(call.func)
        method_of = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        if name in HERE:
            return [ROOT]
        if name == "dirname":
            return _ancestors(self._all(call.args), 1)
        if name in SAME:
            return self._all(call.args or method_of)
        if name in JOINING:
            return self._joined([*(method_of if name == "joinpath" else []), *call.args], plainly=False)
        return []

    def _joined(self, nodes: Sequence[ast.expr], *, plainly: bool) -> list[str]:
        """Where nothing is known of the first part, it is taken for the file's own folder."""
        first, *others = (self.paths(node) for node in nodes)
        return [
            "".join(parts) if plainly else posixpath.join(*parts)
            for parts in islice(product(first or [self.here], *others), MOST)
        ]


def _ancestors(paths: Sequence[str], up: int) -> list[str]:
    return [posixpath.normpath(posixpath.join(path, "../" * up)) for path in paths]
