"""What several ranks did, as one report: which of them failed, died, or kept the others waiting."""

from __future__ import annotations

import math
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from envtool.events import Death, Remark, Stage, Start
from envtool.smoke import NOT_REACHED, ItemReport, Seat, SmokeReport, fold
from envtool.smoke.ladder import Rung

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from envtool.events import Event, Measured, Ranked

    Told = Mapping[int, Sequence[Event]]  # by rank

RUNGS = (
    Rung("rendezvous", "every rank is there, with a device of its own", 120),
    Rung("all-reduce", "an all-reduce, against the sum", 120),
    Rung("bandwidth", "how fast an all-reduce is", 120),
)
LAUNCHER = -1  # in the place of a rank
NAMES = tuple(rung.name for rung in RUNGS)
# What a rank says when another is gone.
LOST = re.compile("closed by peer|reset by peer|remote process exited|broken pipe", re.IGNORECASE)
WORST_FIRST = ("crashed", "timed-out", "failed", "not-run", "passed")


def fold_ranks(before: SmokeReport, told: Iterable[Ranked], models: Sequence[str], seconds: float) -> SmokeReport:
    """The report of the rungs that one process climbed first, with what the ranks did after it."""
    every: dict[int, list[Event]] = {}
    for rank, event in told:
        every.setdefault(LAUNCHER if rank is None else rank, []).append(event)
    launcher = every.pop(LAUNCHER, [])
    seats = tuple(_seat(rank, event) for rank, events in every.items() for event in events if isinstance(event, Stage))
    here = {rank: events for rank, events in every.items() if any(isinstance(event, Start) for event in events)}
    strangers = sorted({seat.host for seat in seats if seat.rank not in here})
    items = _items(_blamed(here, strangers), models)
    if not here:
        items = (_rendezvous(before, launcher), *items[1:])
    items = tuple(item.later(before.seconds) for item in _with_reasons(items, _end_of_launcher(launcher)))
    return before._replace(
        rungs=(*before.rungs, *items[: len(NAMES)]),
        models=items[len(NAMES) :],
        seats=tuple(sorted(seats)),
        seconds=before.seconds + seconds,
    )


def _seat(rank: int, stage: Stage) -> Seat:
    return Seat(rank, dict(stage.details).get("host", ""), stage.device, stage.device_name, stage.torch)


def _items(here: Told, models: Sequence[str]) -> tuple[ItemReport, ...]:
    folded = {rank: fold(events, NAMES, models, 0, 0) for rank, events in sorted(here.items())}
    if not folded:
        return tuple(ItemReport(name, "not-run", why=NOT_REACHED) for name in (*NAMES, *models))
    rows = [[(rank, item) for item in (*report.rungs, *report.models)] for rank, report in folded.items()]
    return tuple(_together(same) for same in zip(*rows, strict=True))


def _together(of_ranks: Sequence[tuple[int, ItemReport]]) -> ItemReport:
    """One item of all ranks: as the worst of them ended, each check as the worst of them measured it."""
    outcome = min((item.outcome for _, item in of_ranks), key=WORST_FIRST.index)
    every = [item for _, item in of_ranks]
    return ItemReport(
        every[0].name,
        outcome,
        tuple(_worst(check for item in every for check in item.checks)),
        seconds=_most(item.seconds for item in every),
        peak_memory_mib=_most(item.peak_memory_mib for item in every),
        host_memory_mib=_most(item.host_memory_mib for item in every),
        why=_why([(rank, item.why) for rank, item in of_ranks if item.outcome == outcome and item.why], len(every)),
        began_s=min((item.began_s for item in every if item.began_s is not None), default=None),
        remarks=tuple(dict.fromkeys(remark for item in every for remark in item.remarks)),
    )


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _worst(checks: Iterable[Measured]) -> Iterator[Measured]:
    by_name: dict[str, list[Measured]] = {}
    for check in checks:
        by_name.setdefault(check.name, []).append(check)
    for same in by_name.values():
        worst = max(same, key=_badness)
        yield worst._replace(of_ranks=tuple((check.rank or 0, check.measured) for check in same))


def _badness(check: Measured) -> float:
    if math.isnan(check.measured):
        return math.inf
    return check.measured if check.better == "lower" else -check.measured


def _why(reasons: Sequence[tuple[int, str]], count: int) -> str | None:
    """Each reason once, with the ranks that give it; that another rank is gone, where there is no other reason."""
    by_reason: dict[str, list[int]] = {}
    for rank, reason in [each for each in reasons if not LOST.search(each[1])] or reasons:
        by_reason.setdefault(reason, []).append(rank)
    if set(by_reason) <= {NOT_REACHED}:
        return next(iter(by_reason), None)
    return "; ".join(f"{_who(ranks, count)}: {reason}" for reason, ranks in by_reason.items())


def _who(ranks: Sequence[int], count: int) -> str:
    if len(ranks) == count > 1:
        return "every rank"
    return f"rank{'s' if len(ranks) > 1 else ''} {', '.join(map(str, ranks))}"


def _blamed(here: Told, strangers: Sequence[str]) -> Told:
    """Of those that were late, the ones that only waited for others are none that failed."""
    late = {rank: death for rank, events in here.items() for death in events if _is_late(death)}
    waiting = {rank for rank, death in late.items() if _waits(here[rank], death)}
    if waiting == set(late):
        note = f"; every rank here waits for those of {', '.join(strangers)}" if strangers else ""
        return {rank: [_placed(event, note) for event in events] for rank, events in here.items()}
    return {
        rank: [_as_remark(events, rank) if rank in waiting and _is_late(event) else _placed(event) for event in events]
        for rank, events in here.items()
    }


def _is_late(event: Event) -> bool:
    return isinstance(event, Death) and event.status is None


def _waits(events: Sequence[Event], death: Event) -> bool:
    """In a part that ends only with the others, and there in torch's own code: a process that is stopped shows no line."""
    begun = next(event for event in reversed(events) if isinstance(event, Start))
    frames = death.printed if isinstance(death, Death) else ()
    return begun.waits and bool(frames) and "torch" in _path(frames[0]).parts


def _placed(event: Event, note: str = "") -> Event:
    """A death at the time limit, with the line of code that it was at."""
    if not isinstance(event, Death) or event.status is not None:
        return event
    where = f", at {_path(event.printed[0]).name}" if event.printed else ", and showed no sign of life"
    return event._replace(trouble=f"{event.trouble}{where}{note}")


def _path(frame: str) -> PurePosixPath:
    """Of "folder/file.py:12 in function", whose last part keeps line and function."""
    return PurePosixPath(frame.replace("\\", "/"))


def _as_remark(events: Sequence[Event], rank: int) -> Remark:
    begun = next(event for event in reversed(events) if isinstance(event, Start))
    return Remark(begun.item, f"rank {rank} waited in {begun.part}")


def _rendezvous(before: SmokeReport, launcher: Sequence[Event]) -> ItemReport:
    """Where no rank was started: the ladder was at its end before, or the launcher failed."""
    if launcher:
        outcome = "timed-out" if any(map(_is_late, launcher)) else "crashed"
        return ItemReport(NAMES[0], outcome, why=_end_of_launcher(launcher))
    broken = next((rung for rung in before.rungs if rung.why), None)
    return ItemReport(
        NAMES[0], "not-run", why=f"the ladder ends at {broken.name}: {broken.why}" if broken else NOT_REACHED
    )


def _end_of_launcher(launcher: Sequence[Event]) -> str | None:
    """How it ended, and the last that it said; None where it ended well."""
    death = next((event for event in launcher if isinstance(event, Death)), None)
    return death and ": ".join([f"the launcher {death.trouble}", *death.printed[-1:]])


def _with_reasons(items: Sequence[ItemReport], end_of_launcher: str | None) -> tuple[ItemReport, ...]:
    """Those that were not reached, with what ended the job before them."""
    last = next((item for item in reversed(items) if item.why != NOT_REACHED), None)
    if last is None:
        return tuple(items)
    ended = f"the job ended at {last.name}"
    if last.outcome == "passed" and end_of_launcher:
        ended += f": {end_of_launcher}"
    reason = last.why if last.outcome == "not-run" else ended
    return tuple(item._replace(why=reason) if item.why == NOT_REACHED else item for item in items)
