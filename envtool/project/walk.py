"""The source files of a project, and what each of its folders holds that can be imported.

Paths are texts from the project's root, with "/" between, "" for the root itself. Their bytes are UTF-8 in every locale;
what is no UTF-8 is kept by surrogates, so that a path leads back to its file.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from envtool.errors import RequestInvalid
from envtool.facts import Remark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pathspec import GitIgnoreSpec

SOURCES = (".py", ".pyw", ".ipynb")
MODULES = (".py", ".pyw", ".pyx")
COMPILED = (".so", ".pyd")  # nms.cpython-312-x86_64-linux-gnu.so
NEVER = frozenset({".git", ".hg", ".svn", ".bzr", "node_modules", "bower_components", "site-packages", "dist-packages"})
CACHES = frozenset({"__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache"})
TOOLS = frozenset({".tox", ".nox", ".eggs", ".direnv", ".pixi", "__pypackages__"})
BUILT = (".egg-info", ".dist-info", ".egg")
ENVIRONMENT = frozenset({"pyvenv.cfg", "conda-meta"})


class Listing(NamedTuple):
    """What one folder holds."""

    modules: frozenset[str] = frozenset()  # names, of files alone
    folders: frozenset[str] = frozenset()
    sources: tuple[str, ...] = ()  # file names
    marks: frozenset[str] = frozenset()  # of files that say what the folder is: pyvenv.cfg, setup.py, .gitignore


class SourceFile(NamedTuple):
    path: str
    size: int


class Walk:
    """Walks a project once; its folders can be asked for afterwards, those that were left out as well."""

    MARKS = frozenset({*ENVIRONMENT, ".gitignore", "setup.py", "pyproject.toml", "CMakeCache.txt"})

    def __init__(self, root: bytes, exclude: Sequence[str]) -> None:
        self.root = root
        self.remarks: list[Remark] = []
        self.folders: list[str] = []  # those that were walked
        self._listings: dict[str, Listing] = {}
        self._excluded = _excluding(exclude)
        self._seen: set[tuple[int, int]] = set()

    def files(self) -> list[SourceFile]:
        found = []
        ahead: list[tuple[str, list[tuple[str, GitIgnoreSpec]]]] = [("", [])]
        while ahead:
            folder, ignoring = ahead.pop()
            if not self._is_new(folder):
                continue
            self.folders.append(folder)
            here = self.listing(folder)
            if ".gitignore" in here.marks:
                ignoring = [*ignoring, *self._ignoring(folder)]
            paths = [joined(folder, name) for name in here.sources]
            found += [file for path in paths if not self._is_left_out(path, ignoring) for file in self._file(path)]
            inside = [joined(folder, name) for name in sorted(here.folders, reverse=True)]
            ahead += [(path, ignoring) for path in inside if self._is_walked(path, ignoring)]
        return sorted(found)

    def listing(self, folder: str) -> Listing:
        if folder not in self._listings:
            self._listings[folder] = self._scan(folder)
        return self._listings[folder]

    def has(self, folder: str) -> bool:
        return folder in self._listings or (not folder.startswith("..") and os.path.isdir(self.raw(folder)))

    def raw(self, path: str) -> bytes:
        return os.path.join(self.root, path.encode("utf-8", "surrogateescape")) if path else self.root

    def _scan(self, folder: str) -> Listing:
        modules, folders, sources, marks = set(), set(), [], set()
        try:
            with os.scandir(self.raw(folder)) as entries:
                for entry in entries:
                    name = entry.name.decode("utf-8", "surrogateescape")
                    if entry.is_dir():
                        folders.add(name)
                    elif name.endswith(MODULES):
                        modules.add(name.rpartition(".")[0])
                    elif name.endswith(COMPILED):
                        modules.add(name.partition(".")[0])
                    if name.endswith(SOURCES):
                        sources.append(name)
                    if name in self.MARKS:
                        marks.add(name)
        except OSError as error:
            self._remark(folder or ".", "unreadable", f"cannot be listed: {error.strerror}")
        return Listing(frozenset(modules), frozenset(folders), tuple(sorted(sources)), frozenset(marks))

    def _is_walked(self, path: str, ignoring: list[tuple[str, GitIgnoreSpec]]) -> bool:
        return not self._is_left_out(f"{path}/", ignoring) and not self._is_foreign(path)

    def _file(self, path: str) -> Iterator[SourceFile]:
        try:
            status = os.stat(self.raw(path))
        except OSError as error:
            self._remark(path, "unreadable", f"cannot be read: {error.strerror}")
            return
        if stat.S_ISREG(status.st_mode):
            yield SourceFile(path, status.st_size)
        else:
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
            self._remark(path, "not-a-file", f"is {what}, whatever its name")

    def _is_new(self, path: str) -> bool:
        """Whether the folder was not walked yet, by whatever path. One that links lead to is left to its own path."""
        place = self.raw(path)
        try:
            status = os.stat(place)
        except OSError:
            return False  # listed, gone meanwhile
        key = (status.st_dev, status.st_ino)
        if key in self._seen or (path and os.path.islink(place) and _are_nested(place, self.root)):
            return False
        self._seen.add(key)
        return True

    def _is_foreign(self, path: str) -> bool:
        """An environment, a version control's folder, what a build put there."""
        name = path.rpartition("/")[2]
        if name in NEVER | CACHES | TOOLS or name.endswith(BUILT):
            return True
        inside = self.listing(path)
        if inside.marks & ENVIRONMENT or "conda-meta" in inside.folders:
            return True
        built = [name for name in inside.folders if name == "lib" or name.startswith(("lib.", "bdist.", "temp."))]
        return name == "build" and bool(built or "CMakeCache.txt" in inside.marks) and "__init__" not in inside.modules

    def _is_left_out(self, path: str, ignoring: list[tuple[str, GitIgnoreSpec]]) -> bool:
        """`path` ends in "/" where it is a folder. The innermost .gitignore that speaks of it decides."""
        if self._excluded and self._excluded.match_file(path):
            return True
        for folder, spec in reversed(ignoring):
            said = spec.check_file(path[len(folder) + 1 :] if folder else path).include
            if said is not None:
                return said
        return False

    def _ignoring(self, folder: str) -> list[tuple[str, GitIgnoreSpec]]:
        from pathspec import GitIgnoreSpec  # noqa: PLC0415 - not every project needs it

        path = joined(folder, ".gitignore")
        try:
            with open(self.raw(path), encoding="utf-8", errors="surrogateescape") as file:
                return [(folder, GitIgnoreSpec.from_lines(file))]
        except (OSError, ValueError) as error:
            self._remark(path, "unreadable", f"is left aside: {error}")
            return []

    def _remark(self, path: str, kind: str, message: str) -> None:
        self.remarks.append(Remark(shown(path), None, kind, message))


def joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def shown(path: str) -> str:
    """The path as it can be printed."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _are_nested(one: bytes, other: bytes) -> bool:
    """Whether one of two folders lies in the other."""
    paths = [os.path.join(os.path.realpath(folder), b"") for folder in (one, other)]
    return paths[0].startswith(paths[1]) or paths[1].startswith(paths[0])


def _excluding(patterns: Sequence[str]) -> GitIgnoreSpec | None:
    if not patterns:
        return None
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - as above

    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise RequestInvalid(f"--exclude: {error}; it takes patterns as .gitignore does: tests/, *_old.py") from None
