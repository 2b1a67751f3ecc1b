"""What the target's Python has, and what reaches into it from outside."""

from __future__ import annotations

from typing import NamedTuple


class PipOnPath(NamedTuple):
    """The `pip` that a shell starts, and what it says of itself."""

    file: str
    package: str | None = None  # the folder that it is imported from; None: it said nothing that is known
    python: str | None = None  # the version that it is run by: 3.11
    trouble: str | None = None  # why it said nothing


class Visitor(NamedTuple):
    """A folder that is searched for modules and is none of the target's own."""

    folder: str
    origin: str  # PYTHONPATH, or user site
    is_there: bool
    hides_standard: tuple[str, ...] = ()
    hides_installed: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()  # as their metadata's folders are called


class Shadow(NamedTuple):
    """A file or package in the current folder that an import from there finds first."""

    file: str
    module: str
    hidden: str  # the folder of the module that is hidden; "" where that is the standard library


class Clash(NamedTuple):
    """Two distributions that installed different files under one name, or under names that differ by case alone."""

    module: str  # of the first: cv2
    other_module: str  # of the second: cv2, or CV2
    distributions: tuple[str, str]
    told_apart: bool | None = None  # whether their disk tells these names apart; None: not known, or they are the same


class Broken(NamedTuple):
    """An entry of site-packages that is no whole distribution."""

    folder: str
    fault: str  # left-over: of a removal that was cut short; no-metadata; twice: recorded in several versions
    name: str  # of the distribution, as far as it can be told
    version: str = ""


class Own(NamedTuple):
    """What the target says of its library, and what lies in its folders."""

    unusable: tuple[tuple[str, str], ...]  # modules of the standard library that fail, and what they say
    ensurepip: str | None  # the version of pip that it would install; None: it is missing
    needed_by_pip: tuple[str, ...]  # modules of the standard library
    visitors: tuple[Visitor, ...]
    shadows: tuple[Shadow, ...]
    clashes: tuple[Clash, ...]
    broken: tuple[Broken, ...]


class InterpreterState(NamedTuple):
    is_conda: bool
    uv: str | None  # where it is
    pip_on_path: PipOnPath | None  # None: there is none
    own: Own | str  # or why it could not be asked
