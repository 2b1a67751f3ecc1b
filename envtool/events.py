"""What a smoke-test says while it runs, as values: one a line of JSON from `_in_target/smoke_runner.py`, and how it ended.

    {"event": "machine", "torch": "2.13.0+cpu", "device": "cpu", "device_name": "...", ...}
    {"event": "start", "item": "inn", "part": "round_trip"}         part: null where the item has none
    {"event": "check", "item": "inn", "name": ..., "measured": ..., "limit": ..., "unit": ..., "better": ...}
    {"event": "remark", "item": "compile", "text": "..."}
    {"event": "skip", "item": "compile", "text": "no compiler"}
    {"event": "demo", "item": "inn", ...}                           see demo.py
    {"event": "end", "item": "inn", "error": null, "seconds": 4.1, "peak_memory_mib": 310.0, "host_memory_mib": 910.0,
     "steps_per_second": 210.0}

An item is a rung of the ladder or a model. A process that dies says no end: whoever watched it adds a Death.

Where several ranks run (`_in_target/ranks_runner.py`), each line has its "rank", and a start says with "waits" that its part
ends only where every rank takes part in it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from envtool.demo import Demo, parse_demo

if TYPE_CHECKING:
    from collections.abc import Callable

    from envtool.usage import Memory


class Stage(NamedTuple):
    """The stack as torch sees it."""

    torch: str
    device: str  # as torch calls it: cpu, cuda:0
    device_name: str
    details: tuple[tuple[str, str], ...] = ()  # what else is worth showing: cuDNN, threads ...


class Start(NamedTuple):
    item: str
    part: str | None
    at_s: float | None = None  # seconds since the test began
    waits: bool = False  # whether the part ends only with the other ranks


class Measured(NamedTuple):
    item: str
    name: str
    measured: float
    limit: float | None  # None: reported, not judged
    unit: str
    better: str  # lower, higher
    rank: int | None = None  # whose it is, where there are several
    of_ranks: tuple[tuple[int, float], ...] = ()  # what each measured, where this is the worst of theirs

    @property
    def passed(self) -> bool:
        """Computed here and nowhere else; NaN passes no limit."""
        if self.limit is None:
            return True
        return self.measured <= self.limit if self.better == "lower" else self.measured >= self.limit


class Remark(NamedTuple):
    item: str
    text: str


class Skip(NamedTuple):
    item: str
    text: str  # why


class End(NamedTuple):
    item: str
    error: str | None  # the exception that ended it
    seconds: float
    peak_memory_mib: float | None = None  # of the device: where that is the CPU, as host_memory_mib
    steps_per_second: float | None = None  # of an optimizer; None where nothing was trained
    host_memory_mib: float | None = None  # of the process
    busy_percent: float | None = None  # of the time, the device; None where nobody tells


class Death(NamedTuple):
    """A process that ended without saying so."""

    status: int | None  # negative: the signal; None: it was killed at the time limit
    trouble: str | None  # "did not end within 60 s"
    printed: tuple[str, ...] = ()  # its last words
    memory: Memory | None = None  # what it and all it started took


Event = Stage | Start | Measured | Remark | Skip | Demo | End | Death


class Ranked(NamedTuple):
    """What one of several ranks said."""

    rank: int | None  # None: it is of the launcher that starts them
    event: Event


def parse_event(line: str) -> Event | None:
    """The event in a line; None for a line that is cut off or of another version."""
    try:
        said = json.loads(line)
        return _READ[said["event"]](said)
    except (ValueError, TypeError, KeyError):
        return None


def parse_ranked(line: str) -> Ranked | None:
    """The event in a line of a rank; None as in `parse_event`."""
    event = parse_event(line)
    if event is None:
        return None
    rank = json.loads(line).get("rank")
    if not isinstance(rank, int):
        return None
    return Ranked(rank, event._replace(rank=rank) if isinstance(event, Measured) else event)


def _stage(said: dict[str, object]) -> Stage:
    own = ("event", "rank", "torch", "device", "device_name")
    details = tuple((name, str(value)) for name, value in said.items() if name not in own and value is not None)
    return Stage(str(said["torch"]), str(said["device"]), str(said["device_name"]), details)


def _start(said: dict[str, object]) -> Start:
    return Start(str(said["item"]), str(said["part"]) if said["part"] else None, waits=bool(said.get("waits")))


def _measured(said: dict[str, object]) -> Measured:
    item, name, unit, better = (str(said[key]) for key in ("item", "name", "unit", "better"))
    return Measured(item, name, _number(said["measured"]), _number_or_none(said["limit"]), unit, better)


def _end(said: dict[str, object]) -> End:
    names = ("peak_memory_mib", "steps_per_second", "host_memory_mib")
    known = (_number_or_none(said.get(name)) for name in names)
    return End(str(said["item"]), str(said["error"]) if said["error"] else None, _number(said["seconds"]), *known)


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _number_or_none(value: object) -> float | None:
    return None if value is None else _number(value)


_READ: dict[str, Callable[[dict[str, object]], Event]] = {
    "machine": _stage,
    "start": _start,
    "check": _measured,
    "remark": lambda said: Remark(str(said["item"]), str(said["text"])),
    "skip": lambda said: Skip(str(said["item"]), str(said["text"])),
    "demo": parse_demo,
    "end": _end,
}
