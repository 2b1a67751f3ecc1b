"""What is known of imports: `data/import_names.tsv` and its kin as typed rows, each read when it is first asked for.

Where nothing is known, the distribution has most likely the name of the import, or the one that pipreqs says.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from envtool import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CERTAINTIES = ("certain", "likely", "disputed")
TRAPS = ("local", "absent", "namesake", "namespace")
_GENERATED = ("_pb2", "_pb2_grpc")  # written by protoc, from a .proto file
_Row = TypeVar("_Row")


class Known(NamedTuple):
    """What is known of an import.

    certain, likely   `name` is the distribution to install
    disputed          several projects install this import: `name` is the likeliest, the note says what tells them apart
    local             what many projects call a module of their own: it is missing here
    absent            on no index: built from source, or there with a program alone
    namesake          the distribution of that name is something else
    namespace         shared by many distributions, and none is known to hold what is imported
    python-2          left the standard library with Python 2, and the file that imports it is none of that
    """

    module: str  # the part of the import that this holds for: google.cloud.storage
    name: str | None  # the distribution; None where none may be named
    state: str
    note: str | None = None
    alternatives: tuple[str, ...] = ()  # distributions that install the same import


class Backport(NamedTuple):
    """The distribution that an import needs on Pythons of some versions; on the others the standard library has it."""

    name: str
    marker: str  # python_version < "3.11"
    note: str | None


class Module(NamedTuple):
    """A module of the standard library."""

    in_python_2: bool
    first: str | None  # the first Python 3 that has it; None: Python 2 alone
    last: str | None  # the last one; None: it is still there


class ImportNames:
    """The files of `directory`, each read once, when first asked for."""

    def __init__(self, directory: str = tables.DATA) -> None:
        self._directory = directory

    def distribution_of(self, module: str) -> Known | None:
        """What the longest known part of a dotted import says; None where nothing is known of it."""
        part = module
        while part:
            if part in self._known:
                return self._known[part]
            part = part.rpartition(".")[0]
        first = module.partition(".")[0]
        if first.endswith(_GENERATED):
            return Known(first, None, "local", "written by protoc from a .proto file, and missing here")
        if first in self._standard and not self.is_standard(first):
            return Known(first, None, "python-2", "left the standard library with Python 2; no index has it")
        return None

    def is_standard(self, module: str, *, python_2: bool = False) -> bool:
        """Whether some Python from 3.6 on has it; for a file that is Python 2, whether 2.7 or any of those has it."""
        found = self._standard.get(module.partition(".")[0])
        return found is not None and (python_2 or found.first is not None)

    def backport_of(self, module: str) -> Backport | None:
        """By what is imported: tomli, and cgi as well, which left the standard library."""
        part = module
        while part and part not in self._backports:
            part = part.rpartition(".")[0]
        return self._backports.get(part)

    @cached_property
    def _known(self) -> Mapping[str, Known]:
        known = [*self._rows("import_names.tsv", 6, _name), *self._rows("import_traps.tsv", 4, _trap)]
        return {found.module: found for found in known}

    @cached_property
    def _standard(self) -> Mapping[str, Module]:
        return dict(self._rows("stdlib.tsv", 5, _module))

    @cached_property
    def _backports(self) -> Mapping[str, Backport]:
        return dict(self._rows("backports.tsv", 5, _backport))

    def _rows(self, name: str, columns: int, read: Callable[[list[str]], _Row]) -> Iterator[_Row]:
        return tables.rows(self._directory, name, columns, read)


def _name(cells: list[str]) -> Known:
    module, name, alternatives, certainty, note, _ = cells
    return Known(module, name, _one_of(certainty, CERTAINTIES), tables.cell(note), tables.words(alternatives))


def _trap(cells: list[str]) -> Known:
    module, kind, note, _ = cells
    return Known(module, None, _one_of(kind, TRAPS), tables.cell(note))


def _module(cells: list[str]) -> tuple[str, Module]:
    module, python_2, first, last, _ = cells
    return module, Module(python_2 == "yes", tables.cell(first), None if last == "now" else tables.cell(last))


def _backport(cells: list[str]) -> tuple[str, Backport]:
    module, name, marker, note, _ = cells
    if not marker.startswith("python_version "):
        raise ValueError(f"marker {marker!r} does not compare python_version")
    return module, Backport(name, marker, tables.cell(note))


def _one_of(text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise ValueError(f"{text!r} is none of {', '.join(allowed)}")
    return text
