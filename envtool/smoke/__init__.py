"""What a smoke-test showed: events -> SmokeReport. Pure: it looks at nothing but what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envtool.demo import Demo
from envtool.events import Death, End, Measured, Remark, Skip, Stage, Start
from envtool.smoke.ladder import EARLIEST
from envtool.smoke.trouble import of_death, of_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envtool.events import Event

__all__ = ("OUTCOMES", "ItemReport", "Seat", "SmokeReport", "compare", "fold")

OUTCOMES = ("passed", "failed", "crashed", "timed-out", "not-run")
NOT_REACHED = "it was not reached"
ENDS_AT = "the ladder ends at"


class ItemReport(NamedTuple):
    """A rung of the ladder or a model."""

    name: str
    outcome: str  # one of OUTCOMES
    checks: tuple[Measured, ...] = ()
    seconds: float | None = None
    peak_memory_mib: float | None = None
    host_memory_mib: float | None = None
    steps_per_second: float | None = None
    busy_percent: float | None = None  # of the time, the device
    why: str | None = None  # where it did not pass: the check that was running, the signal or the exception
    remarks: tuple[str, ...] = ()
    demo: Demo | None = None
    began_s: float | None = None  # since the test began
    device: str | None = None  # where several are tried

    @property
    def title(self) -> str:
        return f"{self.name} on {self.device}" if self.device else self.name

    def later(self, seconds: float) -> ItemReport:
        """The same, of a test that began earlier."""
        return self if self.began_s is None else self._replace(began_s=self.began_s + seconds)

    @property
    def is_above_the_break(self) -> bool:
        """Whether an earlier rung, which it stands on, is the reason that it was not run."""
        return self.outcome == "not-run" and (self.why or "").startswith(ENDS_AT)


class Seat(NamedTuple):
    """Where one of several ranks ran, and on what."""

    rank: int
    host: str
    device: str
    device_name: str
    torch: str


class SmokeReport(NamedTuple):
    stage: Stage | None  # None: torch did not get as far
    seed: int
    rungs: tuple[ItemReport, ...]
    models: tuple[ItemReport, ...]
    seconds: float
    seats: tuple[Seat, ...] = ()  # where several ranks ran

    @property
    def has_run(self) -> bool:
        """Whether anything beyond the first rungs came to a result."""
        broken = (rung for rung in self.rungs if rung.name not in EARLIEST and rung.outcome != "passed")
        return any(item.outcome != "not-run" for item in (*broken, *self.models))

    @property
    def passed(self) -> bool:
        """Whether every model passed, and every rung that has something to prove here."""
        rungs = (rung.outcome in ("passed", "not-run") for rung in self.rungs)
        return self.has_run and all(rungs) and all(model.outcome == "passed" for model in self.models)


def fold(
    events: Iterable[Event], rungs: Sequence[str], models: Sequence[str], seed: int, seconds: float
) -> SmokeReport:
    """One report of all that was said, an item for each that was asked for."""
    stage = None
    of_item: dict[str, list[Event]] = {name: [] for name in (*rungs, *models)}
    running = None
    for event in events:
        match event:
            case Stage():
                stage = event
            case Death():
                if running:
                    of_item[running].append(event)
                running = None
            case _:
                of_item.setdefault(event.item, []).append(event)
                running = None if isinstance(event, End | Skip) else event.item
    climbed = tuple(_item(name, of_item[name]) for name in rungs)
    broken = next((rung for rung in climbed if rung.name in EARLIEST and rung.why), None)
    ends_at = f"{ENDS_AT} {broken.name}" if broken else NOT_REACHED
    return SmokeReport(
        stage,
        seed,
        rungs=tuple(_with_reason(rung, ends_at) for rung in climbed),
        models=tuple(
            _with_reason(_item(name, of_item[name]), f"{ends_at}: {broken.why}" if broken else ends_at)
            for name in models
        ),
        seconds=seconds,
    )


def compare(first: SmokeReport, again: SmokeReport) -> SmokeReport:
    """The first report, each of its models with one check more: that a second run gave the same, bit for bit."""
    seconds = {model.name: model for model in again.models}
    models = tuple(
        model._replace(checks=(*model.checks, _sameness(model, seconds[model.name]))) for model in first.models
    )
    return first._replace(
        models=tuple(_judged(model) for model in models),
        seconds=first.seconds + again.seconds,
    )


def _sameness(model: ItemReport, again: ItemReport) -> Measured:
    one, two = ({check.name: check.measured.hex() for check in item.checks} for item in (model, again))
    differing = sum(one.get(name) != two.get(name) for name in {*one, *two})
    return Measured(model.name, "second run, bit for bit", float(differing), 0.0, "checks that differ", "lower")


def _judged(model: ItemReport) -> ItemReport:
    if model.outcome != "passed" or model.checks[-1].passed:
        return model
    return model._replace(outcome="failed", why=model.checks[-1].name)


def _with_reason(item: ItemReport, why: str) -> ItemReport:
    """The item; where it was not reached, with why."""
    return item._replace(why=why) if item.why == NOT_REACHED else item


def _item(name: str, events: Sequence[Event]) -> ItemReport:
    checks = tuple(event for event in events if isinstance(event, Measured))
    end = next((event for event in events if isinstance(event, End)), None)
    outcome, why = _outcome(events, checks, end)
    return ItemReport(
        name,
        outcome,
        checks,
        seconds=end and end.seconds,
        peak_memory_mib=end and end.peak_memory_mib,
        host_memory_mib=end and end.host_memory_mib,
        steps_per_second=end and end.steps_per_second,
        busy_percent=end and end.busy_percent,
        why=why,
        remarks=tuple(event.text for event in events if isinstance(event, Remark)),
        demo=next((event for event in events if isinstance(event, Demo)), None),
        began_s=next((event.at_s for event in events if isinstance(event, Start)), None),
    )


def _outcome(events: Sequence[Event], checks: Sequence[Measured], end: End | None) -> tuple[str, str | None]:
    parts = [event.part for event in events if isinstance(event, Start) and event.part]
    during = f"during {parts[-1].replace('_', ' ')}: " if parts else ""
    match next((event for event in events if isinstance(event, Death | Skip)), None):
        case Skip(text=text):
            return "not-run", text
        case Death(status=None, trouble=trouble):
            return "timed-out", f"{during}{trouble}"
        case Death() as death:
            return "crashed", during + of_death(death)
    if end is None:
        return "not-run", NOT_REACHED
    if end.error:
        return "failed", during + of_error(end.error)
    failed = [check.name for check in checks if not check.passed]
    return ("failed", ", ".join(failed)) if failed else ("passed", None)
