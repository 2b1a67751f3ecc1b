"""Reads one project: every source file there is, what it imports, and what of that pipreqs counts as third-party."""

from __future__ import annotations

import gc
import os
import warnings
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from envtool.errors import RequestInvalid
from envtool.facts import Imports, Use
from envtool.project import shadow
from envtool.project.local import Own
from envtool.project.reading import batches
from envtool.project.walk import Walk, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from envtool.project.source import Source


def read(
    root: Path,
    *,
    exclude: Sequence[str] = (),
    source_encoding: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Imports:
    """What the project in the folder `root` imports from others, and a remark on whatever was not read as it should be.

    `exclude` holds patterns as .gitignore does; `progress` is told of the files read, and of how many there are.
    Raises RequestInvalid.
    """
    _check(root, source_encoding)
    walk = Walk(os.fsencode(root), exclude)
    files = walk.files()
    sources: list[Source] = []
    with _undisturbed():
        for batch in batches(walk, files, source_encoding):
            sources += batch
            if progress:
                progress(len(sources), len(files))
        uses = _uses(walk, sources)
        imported: dict[str, set[str]] = {}
        for use in uses:
            imported.setdefault(use.file.rpartition("/")[0], set()).add(use.module.partition(".")[0])
        names = shadow.third_party(imported.values())
    remarks = chain(walk.remarks, *(one.remarks for one in sources))
    return Imports(str(root), uses, names, tuple(sorted(remarks, key=lambda remark: (remark.file, remark.line or 0))))


def _check(root: Path, encoding: str | None) -> None:
    if not root.is_dir():
        raise RequestInvalid(f"{root} is no folder: name the one that holds the project")
    try:
        "".encode(encoding or "utf-8")
    except (LookupError, ValueError):
        raise RequestInvalid(f"--source-encoding {encoding}: Python has no such encoding: gbk, cp1252 ...") from None


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No garbage collection, which syntax trees have no need of, and no warnings of what sources and pipreqs hold."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if was_enabled:
            gc.enable()


def _uses(walk: Walk, sources: Sequence[Source]) -> tuple[Use, ...]:
    own = Own(walk, {folder for one in sources for folder in one.folders})
    uses = []
    for one in sources:
        firsts = {found.module.partition(".")[0] for found in one.imported if own.finds(found.module, one.path)}
        uses += [
            Use(found.module, shown(one.path), found.line, found.optional, one.python_2)
            for found in one.imported
            if found.module.partition(".")[0] not in firsts
        ]
    return tuple(uses)
