"""One source file: its bytes, its text, what it imports. Whatever is wrong with it becomes a remark."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from envtool.facts import Remark
from envtool.project import loose, notebook, search_path, statements
from envtool.project.decode import decode
from envtool.project.walk import shown

if TYPE_CHECKING:
    from envtool.project.statements import Imported

LARGE = 1 << 20  # bytes: beyond, only the outline is parsed
HUGE = 1 << 25  # bytes: beyond, that is worth a remark
LARGEST = 1 << 28  # bytes: nobody wrote that
# What a program runs without: its tests, and what builds it.
ASIDE = re.compile(r"(?:.*/)?(?:tests?/.*|test_[^/]*|[^/]*_test\.py|conftest\.py|setup\.py|noxfile\.py|docs?/conf\.py)")


class Source(NamedTuple):
    path: str
    imported: tuple[Imported, ...] = ()
    folders: tuple[str, ...] = ()  # that it puts on sys.path by literals, from the project's root
    python_2: bool = False
    remarks: tuple[Remark, ...] = ()


def read(path: str, place: bytes, encoding: str | None, *, whole: bool) -> Source:
    """`place` is where the file lies. With `whole`, all of it is parsed, unless it is large."""
    try:
        with open(place, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        return Source(path, remarks=(_remark(path, "unreadable", f"cannot be read: {error.strerror}"),))
    if len(data) > LARGEST:
        return Source(path, remarks=(_remark(path, "large-file", f"has more than {LARGEST >> 20} MiB: left out"),))
    if b"import" not in data and b"\0" not in data:
        return Source(path)
    decoded = decode(data, encoding)
    remarks = [_remark(path, kind, message) for kind, message in decoded.doubts]
    if len(data) > HUGE:
        said = f"has {len(data) >> 20} MiB: only the statements that import were parsed"
        remarks.append(_remark(path, "large-file", said))
    texts = [decoded.text]
    if path.endswith(".ipynb"):
        try:
            texts = notebook.cells(decoded.text)
        except notebook.NotANotebook as error:
            return Source(path, remarks=(*remarks, _remark(path, "no-notebook", str(error))))
    return _read_texts(path, texts, remarks, whole=whole and len(data) <= LARGE)


def _read_texts(path: str, texts: list[str], remarks: list[Remark], *, whole: bool) -> Source:
    """The cells of a notebook are counted on, as if they were one file."""
    imported: list[Imported] = []
    folders: list[str] = []
    python_2 = False
    above = 0
    for text in texts:
        try:
            parsed = statements.parse(text, whole=whole)
        except statements.NOT_PARSED as error:
            found = list(loose.imported(text))
            is_old = loose.is_python_2(text)
            python_2 |= is_old
            remarks.append(_fault(path, error, above, is_old=is_old))
        else:
            found = statements.imported(parsed)
            folders += search_path.literal_folders(parsed.tree, path) if "sys.path" in text else ()
        imported += (one._replace(line=above + one.line) for one in found)
        above += text.count("\n") + 1
    return Source(
        path, _once(imported, aside=ASIDE.fullmatch(path) is not None), tuple(folders), python_2, tuple(remarks)
    )


def _once(imported: list[Imported], *, aside: bool) -> tuple[Imported, ...]:
    """Each module where it stands first; optional where all its imports are."""
    by_module: dict[str, Imported] = {}
    for one in sorted(imported, key=lambda one: one.line):
        known = by_module.setdefault(one.module, one)
        if known.optional and not one.optional:
            by_module[one.module] = known._replace(optional=False)
    found = by_module.values()
    return tuple(one._replace(optional=True) for one in found) if aside else tuple(found)


def _fault(path: str, error: Exception, above: int, *, is_old: bool) -> Remark:
    line = error.lineno if isinstance(error, SyntaxError) else None
    why = error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
    this = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    message = f"is Python 2 ({why}), read as that" if is_old else f"does not parse in {this} ({why}): read line by line"
    kind = "python-2" if is_old else "syntax-error"
    return Remark(shown(path), line and above + line, kind, message)


def _remark(path: str, kind: str, message: str) -> Remark:
    return Remark(shown(path), None, kind, message)
