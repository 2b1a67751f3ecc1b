"""What lies in a folder of packages: its modules, the distributions recorded there, and those that are not whole."""

from __future__ import annotations

import csv
import os
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envtool.conditions.interpreter import Broken, Clash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SUFFIXES = (".py", ".so", ".pyd")
HEAD_BYTES = 65536  # of METADATA: its headers, without the description
# What careless distributions install, and projects have as well: nothing imports it by this name.
RUBBISH = frozenset({"tests", "test", "testing", "docs", "doc", "examples", "scripts", "tools", "benchmarks", "setup"})


class _Owner(NamedTuple):
    path: str  # from the folder
    digest: str
    distribution: str


def modules_in(folder: str | Path) -> Mapping[str, str]:
    """By name, the file or package of each module that an import finds in the folder."""
    found: dict[str, str] = {}
    for entry in listed(folder):
        path = os.path.join(folder, entry)  # noqa: PTH118 - a folder holds hundreds
        name = entry.partition(".")[0]
        is_module = entry.endswith(SUFFIXES) or os.path.isfile(os.path.join(path, "__init__.py"))  # noqa: PTH113, PTH118
        if is_module and name.isidentifier():
            found.setdefault(name, path)
    return found


def listed(folder: str | Path) -> list[str]:
    """The names in a folder, sorted; none where it is not there or may not be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries)
    except OSError:
        return []


def distributions_in(folder: str | Path) -> tuple[str, ...]:
    """As their metadata's folders are called: numpy-1.26.4."""
    names = (re.fullmatch(r"([^~].*)\.(?:dist|egg)-info", entry) for entry in listed(folder))
    return tuple(found[1] for found in names if found)


def broken_in(folder: str) -> Iterator[Broken]:
    versions: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for entry in listed(folder):
        path = str(Path(folder, entry))
        stem, is_info, _ = entry.partition(".dist-info")
        name, _, version = stem.partition("-")
        if entry.startswith("~"):
            yield Broken(path, "left-over", stem.lstrip("~").partition("-")[0].removesuffix(".py"))
        elif is_info and not _has_metadata(path):
            yield Broken(path, "no-metadata", name, version)
        elif is_info:
            versions[re.sub(r"[-_.]+", "-", name).lower()].append((path, version))
    for name, recorded in versions.items():
        for path, version in recorded if len(recorded) > 1 else ():
            yield Broken(path, "twice", name, version)


def _has_metadata(info: str) -> bool:
    try:
        with Path(info, "METADATA").open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return all(re.search(rb"^%b:[ \t]*\S" % key, head, re.MULTILINE | re.IGNORECASE) for key in (b"name", b"version"))


def clashes_in(folder: str) -> tuple[Clash, ...]:
    """One for each module and pair of distributions whose files differ and lie, but for case, in one place."""
    owners: dict[str, list[_Owner]] = defaultdict(list)
    for name in listed(folder):
        if name.endswith(".dist-info") and not name.startswith("~"):
            for path, digest in _recorded(Path(folder, name, "RECORD")):
                owners[path.casefold()].append(_Owner(path, digest, name.removesuffix(".dist-info")))
    found = (clash for shared in owners.values() if len(shared) > 1 for clash in _between(shared))
    return tuple(_with_disk(clash, folder) for clash in dict.fromkeys(found))


def _between(owners: Iterable[_Owner]) -> Iterator[Clash]:
    first, *others = sorted(owners, key=lambda owner: owner.distribution)
    for other in others:
        are_two = _project(first.distribution) != _project(other.distribution)
        if are_two and (first.path != other.path or first.digest != other.digest):
            modules = (_module(first.path), _module(other.path))
            yield Clash(*modules, (first.distribution, other.distribution))


def _with_disk(clash: Clash, folder: str) -> Clash:
    return clash if clash.module == clash.other_module else clash._replace(told_apart=_tells_case_apart(folder))


def _tells_case_apart(folder: str) -> bool | None:
    """Whether the folder's disk does; None where no name in it shows."""
    names = listed(folder)
    for name in names:
        if (other := name.swapcase()) not in (name, *names):
            return not Path(folder, other).exists()
    return None


def _recorded(record: Path) -> list[tuple[str, str]]:
    """Path and digest of each module's file: its scripts, data and compiled code are nothing to import."""
    try:
        rows = list(csv.reader(record.read_text("utf-8").splitlines()))
    except (OSError, ValueError, csv.Error):
        return []
    return [(row[0], row[1]) for row in rows if len(row) > 1 and _is_importable(row[0])]


def _is_importable(path: str) -> bool:
    return path.endswith(SUFFIXES) and not path.startswith(("..", "/")) and _module(path).lower() not in RUBBISH


def _module(path: str) -> str:
    return path.partition("/")[0].partition(".")[0]


def _project(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution.rpartition("-")[0]).lower()
