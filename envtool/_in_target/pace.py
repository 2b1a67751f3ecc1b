"""How fast a model trains, in steps of its optimizers.

Stand-alone, Python 3.6 grammar.
"""

import importlib
import time
from contextlib import contextmanager
from typing import Any, Iterator, List, Optional  # noqa: F401 - for a comment that is a type

LEAST_STEPS = 20  # a shorter training is none to time


class Training:
    """By one optimizer, timed from its first step to its last."""

    def __init__(self) -> None:
        self.first = self.last = time.perf_counter()
        self.steps = 0

    def step(self) -> None:
        self.last = time.perf_counter()
        self.steps += 1


class Pace:
    def __init__(self) -> None:
        self.trainings = []  # type: List[Training]

    def step(self, optimizer: Any, *_: Any) -> None:
        if not hasattr(optimizer, "timed_training"):
            optimizer.timed_training = Training()
            self.trainings.append(optimizer.timed_training)
        optimizer.timed_training.step()

    def steps_per_second(self) -> Optional[float]:
        """Of all trainings together, what lies between them left out; None where there was none."""
        timed = [training for training in self.trainings if training.steps >= LEAST_STEPS]
        seconds = sum(training.last - training.first for training in timed)
        return sum(training.steps - 1 for training in timed) / seconds if seconds else None


@contextmanager
def paced() -> Iterator[Pace]:
    """Counts while the block runs; before torch 2.0, which has no hook for it, nothing."""
    pace = Pace()
    register = getattr(importlib.import_module("torch.optim.optimizer"), "register_optimizer_step_post_hook", None)
    hook = register(pace.step) if register else None
    try:
        yield pace
    finally:
        if hook:
            hook.remove()
