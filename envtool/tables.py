"""Reads a table of `data/`: a comment line, the columns, then one row a line; "-" is an empty cell.

A row that does not hold what it should is refused by file and line.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO, TypeVar

from envtool.errors import CatalogueBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = os.path.join(os.path.dirname(__file__), "data")
EMPTY = "-"
_Row = TypeVar("_Row")


def rows(directory: str, name: str, columns: int, read: Callable[[list[str]], _Row]) -> Iterator[_Row]:
    """Each row as `read` makes it from its cells; a ValueError there names what is wrong. Raises CatalogueBroken."""
    with open_table(directory, name) as lines:
        for number, line in enumerate(lines, 1):
            if line.startswith("#") or number <= 2:  # noqa: PLR2004 - a comment, then the header
                continue
            cells = line.rstrip("\n").split("\t")
            try:
                if len(cells) != columns:
                    raise ValueError(f"{len(cells)} cells where {columns} belong")  # noqa: TRY301 - named below
                yield read(cells)
            except ValueError as error:
                raise CatalogueBroken(f"{directory}/{name}, line {number}: {error}") from None


def open_table(directory: str, name: str) -> TextIO:
    try:
        return open(os.path.join(directory, name), encoding="utf-8")
    except OSError as error:
        raise CatalogueBroken(f"{directory}/{name} cannot be read ({error.strerror}): reinstall envtool") from None


def cell(text: str) -> str | None:
    return None if text == EMPTY else text


def words(text: str) -> tuple[str, ...]:
    return () if text == EMPTY else tuple(text.split(" "))
