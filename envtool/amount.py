"""How much room, in words."""

from __future__ import annotations

UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def amount(taken_bytes: int) -> str:
    """As df -H and pip count: 12.3 GB, 1.25 GB, 640 MB, 0 kB."""
    unit, size = next((row for row in UNITS if taken_bytes >= row[1]), UNITS[-1])
    count = taken_bytes / size
    digits = 0 if unit != "GB" else 1 if count >= 10 else 2  # noqa: PLR2004
    return f"{count:.{digits}f} {unit}"


def mib(count: int) -> str:
    return amount(count * 2**20)
