"""Reads the files of a project, by one process where they are few, by all cores where they are many."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, NamedTuple

from envtool.errors import EnvtoolError
from envtool.project import source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envtool.project.source import Source
    from envtool.project.walk import SourceFile, Walk

LARGE = 8 << 20  # bytes of source: beyond, all cores read, and what holds no import is not parsed
BATCH = 32  # files


class Batch(NamedTuple):
    files: tuple[tuple[str, bytes], ...]  # path in the project, and where that is
    encoding: str | None
    whole: bool


def batches(walk: Walk, files: Sequence[SourceFile], encoding: str | None) -> Iterator[list[Source]]:
    """What the files import, batch by batch, in their order."""
    is_large = sum(file.size for file in files) > LARGE
    ahead = [
        Batch(tuple((file.path, walk.raw(file.path)) for file in files[at : at + BATCH]), encoding, whole=not is_large)
        for at in range(0, len(files), BATCH)
    ]
    return _by_all_cores(ahead) if is_large and (os.cpu_count() or 1) > 1 else map(_read, ahead)


def _by_all_cores(ahead: Sequence[Batch]) -> Iterator[list[Source]]:
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(mp_context=context, initializer=_settle) as pool:
        try:
            yield from pool.map(_read, ahead)
        except BrokenProcessPool:
            raise EnvtoolError(
                "a process that read the project's sources was ended from outside, most likely for lack of memory:"
                " leave out large files with --exclude"
            ) from None


def _settle() -> None:
    """Ctrl-C is the main process's business; a syntax tree needs no garbage collection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    gc.disable()


def _read(batch: Batch) -> list[Source]:
    return [source.read(path, place, batch.encoding, whole=batch.whole) for path, place in batch.files]
