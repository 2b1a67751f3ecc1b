"""Tries a target's torch: starts the smoke runner there, and passes on its events as they come.

An item that dies or hangs ends its process; the items behind it run in a fresh one.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envtool.events import Death, End, Stage, Start, parse_event
from envtool.host.utilization import sampled
from envtool.run.beside import running
from envtool.target import IN_TARGET, status_words
from envtool.watch.memory import MemoryLooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TextIO

    from envtool.events import Event

SCRIPTS = ("smoke_runner.py", "ladder.py", "cores.py", "pace.py")
MODELS = Path(__file__).parent.parent / "reference_models"
# Files of that folder that are no model.
SERVING = (
    "__init__",
    "__main__",
    "adapted",
    "contract",
    "data",
    "digits_mlp",
    "digits_vit",
    "hiding",
    "invertible",
    "metrics",
    "peak",
)
POLL_S = 0.05
MEMORY_EACH = 5  # polls between two looks at what is taken
# Threads that wait without spinning: where other programs keep the cores busy, a training takes a tenth of the time.
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
LINES_SHOWN = 8  # of what a dead process printed


class Work(NamedTuple):
    """What a runner is to do."""

    items: tuple[str, ...]  # rungs and models, in order
    device: str = "auto"
    seed: int = 0
    training: float = 1.0  # a factor on the steps of every training
    dtype: str = "float32"  # of every training, as torch calls it
    demo: bool = False  # whether a report will draw


def model_names() -> tuple[str, ...]:
    """By listing the folder: importing it is for the target."""
    return tuple(sorted(file.stem for file in MODELS.glob("*.py") if file.stem not in SERVING))


def perform(executable: str, work: Work, limits_s: Mapping[str, float]) -> Iterator[Event]:
    """The events of every item, in order; a Death stands where an item ended its process."""
    if work.device == "cpu":
        yield from _all_processes(executable, work, limits_s)
        return
    with sampled(os.environ) as busy:
        card, began_s = None, 0.0
        for event in _all_processes(executable, work, limits_s):
            if isinstance(event, Stage):
                card = dict(event.details).get("uuid")
            elif isinstance(event, Start) and event.part is None:
                began_s = time.monotonic()
            elif isinstance(event, End) and card:
                event = event._replace(busy_percent=busy.since(began_s, card))  # noqa: PLW2901 - the same, with more
            yield event


def _all_processes(executable: str, work: Work, limits_s: Mapping[str, float]) -> Iterator[Event]:
    """One, and after each death a fresh one for what is left."""
    left, began_s = work.items, time.monotonic()
    while left:
        begun, has_stage, died = 0, False, False  # begun: how many of those that are left
        for event in _one_process(executable, work._replace(items=left), limits_s):
            item = getattr(event, "item", None)
            if item is not None and item not in left:  # every process climbs the first rungs anew
                continue
            begun = max(begun, left.index(item) + 1 if item else 0)
            has_stage = has_stage or isinstance(event, Stage)
            died = isinstance(event, Death)
            yield event._replace(at_s=time.monotonic() - began_s) if isinstance(event, Start) else event
        if not died or not begun or not has_stage:  # what stands before the stage would end a fresh process as well
            return
        left = left[begun:]


def _one_process(executable: str, work: Work, limits_s: Mapping[str, float]) -> Iterator[Event]:
    with tempfile.TemporaryDirectory(prefix="envtool-", ignore_cleanup_errors=True) as folder:
        copy, *_ = [shutil.copy(IN_TARGET / name, folder) for name in SCRIPTS]
        told, orders, printed = (Path(folder, name) for name in ("EVENTS.jsonl", "WORK.json", "PRINTED"))
        orders.write_text(json.dumps({**work._asdict(), "models": str(MODELS)}), "utf-8")
        told.touch()
        looks = MemoryLooks()
        with (
            printed.open("wb") as out,
            running([executable, copy, str(told), str(orders)], out, {**PATIENT, **os.environ}, folder) as process,
            told.open(encoding="utf-8", errors="replace") as events,
        ):
            looks.begin(process.pid)
            yield from _followed(events, process.status, limits_s, looks)
            ended = process.status()
        memory = looks.end()
        if ended:
            yield Death(ended, status_words(ended), last_words(printed), memory)


def _followed(
    events: TextIO, status: Callable[[], int | None], limits_s: Mapping[str, float], looks: MemoryLooks
) -> Iterator[Event]:
    """What is told until the process ends, or until one item takes longer than it may."""
    line, limit_s, until = "", None, math.inf
    for polls in count():
        is_over = status() is not None  # asked first, for what it told last is then in the file
        while piece := events.readline():
            line += piece
            if not line.endswith("\n"):
                break
            event, line = parse_event(line), ""
            if isinstance(event, Start) and event.item in limits_s and event.part is None:
                limit_s = limits_s[event.item]
                until = time.monotonic() + limit_s
            if event:
                yield event
        if is_over:
            return
        if time.monotonic() > until:
            yield Death(None, f"did not end within {limit_s:g} s")
            return
        if polls % MEMORY_EACH == 0:
            looks.look(0.0)
        time.sleep(POLL_S)


def last_words(printed: Path) -> tuple[str, ...]:
    lines = printed.read_text("utf-8", "replace").splitlines()
    return tuple(line for line in lines if line.strip())[-LINES_SHOWN:]
