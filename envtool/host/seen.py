"""What one look gave, and the files it was read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from envtool.facts import Driver, Gpu


class Seen(NamedTuple):
    """One maker's cards. `gpus` is None where they could not be learnt, and then a note says why."""

    driver: Driver | None = None
    gpus: tuple[Gpu, ...] | None = None
    integrated: tuple[Gpu, ...] = ()  # graphics inside the processor, which count where there is no card
    notes: tuple[str, ...] = ()


class Unasked(NamedTuple):
    """A source that has nothing to say here: it is not there (no note), or of no use (the note says why)."""

    note: str | None = None


def text(path: Path) -> str | None:
    """What the file holds, stripped; None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip(" \t\r\n\0")
    except OSError:
        return None
