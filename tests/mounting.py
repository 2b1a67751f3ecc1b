"""Faults of disks, really made: file systems that are small, read-only or noexec, and users who may not write."""

from __future__ import annotations

import os
import pickle
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOBODY = 65534
_T = TypeVar("_T")


@contextmanager
def mounted(point: Path, options: str, source: str = "tmpfs", kind: str = "tmpfs") -> Iterator[Path]:
    """A file system at a folder of its own; skips where this user may not mount one."""
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("only root mounts file systems")
    point.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", kind, "-o", options, source, str(point)]
    made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    if made.returncode != 0:
        pytest.skip(f"this system mounts no {kind} with {options}: {made.stderr.strip()}")
    try:
        yield point
    finally:
        subprocess.run(["umount", "--lazy", str(point)], check=True, timeout=30)


def remount(point: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(point)], check=True, timeout=30)


def forked(before: Callable[[], object], ask: Callable[[], _T]) -> _T:
    """What `ask` gives in a process of its own, after `before`."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            before()
            os.write(sink, pickle.dumps(ask()))
        finally:
            os._exit(0)
    os.close(sink)
    with os.fdopen(source, "rb") as answer:
        pickled = answer.read()
    os.waitpid(child, 0)
    assert pickled, "the process had a fault of its own"
    return pickle.loads(pickled)  # type: ignore[no-any-return]  # as `ask` made it


def as_nobody(ask: Callable[[], _T]) -> _T:
    """What `ask` gives to a user who is not root."""

    def become() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)

    return forked(become, ask)
