"""What a command used while it ran, in words, as JSON, and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.amount import amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envtool.usage import Disk, Usage

LEAST_WORTH = 10**6  # bytes of a disk that are worth a word


def usage_line(usage: Usage) -> str:
    """At most, while it ran: 41.2 s, 812 MB of memory, 1.25 GB of / (temporary files, environment)."""
    return ", ".join(_parts(usage))


def _parts(usage: Usage) -> Iterator[str]:
    yield f"{usage.seconds:.1f} s"
    if usage.memory:
        yield f"{amount(usage.memory.peak_bytes)} of memory at most"
    for disk in usage.disks:
        if taken(disk) >= LEAST_WORTH:
            yield f"{amount(taken(disk))} of {disk.mount} ({', '.join(disk.holds)})"


def taken(disk: Disk) -> int:
    """The most that was gone of what was free at the start, whoever took it."""
    return disk.at_start.bytes - disk.least.bytes


def usage_fields(usage: Usage) -> dict[str, object]:
    return {
        "seconds": usage.seconds,
        "status": usage.status,
        "disks": [
            {
                "mount": disk.mount,
                "holds": disk.holds,
                "size": disk.size._asdict(),
                "at_start": disk.at_start._asdict(),
                "least": disk.least._asdict(),
                "least_bytes_at_s": disk.least_bytes_at_s,
                "least_inodes_at_s": disk.least_inodes_at_s,
            }
            for disk in usage.disks
        ],
        "memory": usage.memory and usage.memory._asdict(),
    }


def samples_table(usage: Usage) -> str:
    """Tab-separated, a line for each moment; all but the time is in bytes."""
    names = ("at_s", "printed", "memory", "available", *(f"free {disk.mount}" for disk in usage.disks))
    rows = (
        (f"{sample.at_s:.3f}", sample.printed_bytes, sample.memory_bytes, sample.available_bytes, *sample.free_bytes)
        for sample in usage.samples
    )
    return "".join("\t".join(map(str, row)) + "\n" for row in (names, *rows))
