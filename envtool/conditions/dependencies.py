"""Whether what is installed has what it needs."""

from __future__ import annotations

from typing import NamedTuple


class Conflict(NamedTuple):
    """A need of an installed package that is not met."""

    package: str
    version: str | None  # None: the tool that was asked does not say it
    needs: str  # a requirement: numpy<2; "Python>=3.12" where it is the Python; "" where it is for another platform
    found: str | None  # the version that is installed instead; None: nothing


class Dependencies(NamedTuple):
    tool: str  # that was asked: pip, uv
    conflicts: tuple[Conflict, ...] | None  # None: it gave no answer
    trouble: str | None = None
