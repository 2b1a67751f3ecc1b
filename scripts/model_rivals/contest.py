"""Ways to do one thing, timed in turn, so that whatever else the machine does hits all alike."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    Way = Callable[[], object]

LEAST_S = 0.02  # a round repeats what is shorter


class Contest(NamedTuple):
    title: str
    ways: Mapping[str, Way]  # the first is what the others are compared with


class Setting(NamedTuple):
    device: torch.device
    threads: int
    rounds: int

    @property
    def clock(self) -> Callable[[], float]:
        """Of one thread the CPU's time, which leaves out what other programs had."""
        return time.process_time if self.device.type == "cpu" and self.threads == 1 else time.perf_counter

    @property
    def seconds(self) -> str:
        return "CPU seconds" if self.clock is time.process_time else "seconds on the wall"


class Spread(NamedTuple):
    least: float
    median: float
    most: float


class Outcome(NamedTuple):
    seconds: Mapping[str, tuple[float, ...]]  # of each way by round
    peaks: Mapping[str, int]  # bytes

    def ratio(self, way: str, to: str) -> Spread:
        """Of the seconds, round by round."""
        each = [mine / theirs for mine, theirs in zip(self.seconds[way], self.seconds[to], strict=True)]
        return Spread(min(each), statistics.median(each), max(each))


def held(contest: Contest, setting: Setting) -> Outcome:
    for way in contest.ways.values():
        way()
    count = _repeats(next(iter(contest.ways.values())), setting)
    seconds: dict[str, list[float]] = {name: [] for name in contest.ways}
    for turn in range(setting.rounds):
        for name in _beginning_with(turn, list(contest.ways)):
            seconds[name].append(_seconds(contest.ways[name], count, setting) / count)
    weigh = _peak_on_cpu if setting.device.type == "cpu" else _peak_on_cuda
    peaks = {name: weigh(way) for name, way in contest.ways.items()}
    return Outcome({name: tuple(each) for name, each in seconds.items()}, peaks)


def _beginning_with(turn: int, names: list[str]) -> list[str]:
    """No way always follows the same one, whose tensors may be in the cache or push others out of it."""
    first = turn % len(names)
    return names[first:] + names[:first]


def _repeats(way: Way, setting: Setting) -> int:
    count = 1
    while _seconds(way, count, setting) < LEAST_S:
        count *= 2
    return count


def _seconds(way: Way, count: int, setting: Setting) -> float:
    _wait(setting.device)
    began = setting.clock()
    for _ in range(count):
        way()
    _wait(setting.device)
    return setting.clock() - began


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def _peak_on_cpu(way: Way) -> int:
    """The most bytes that torch held at once, above what it held before: the sum of what its profiler saw come and go."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        way()
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "trace.json")
        profile.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    held = most = 0
    for event in sorted((each for each in events if each["name"] == "[memory]"), key=lambda each: each["ts"]):
        held += event["args"]["Bytes"]
        most = max(most, held)
    return most


def _peak_on_cuda(way: Way) -> int:
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    way()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before


def must_agree(title: str, found: Mapping[str, Tensor], limit: float = 1e-4) -> None:
    """A way that computes something else is out of the contest: relative L2 distance from the first."""
    first, *others = found
    for name in others:
        apart = (torch.linalg.vector_norm(found[name] - found[first]) / torch.linalg.vector_norm(found[first])).item()
        if not apart <= limit:
            raise SystemExit(f"{title}: {name} is {apart:.1e} away from {first}: they do not compute the same")
