"""What a model file offers, and the values that it answers in.

A model file has
    CHECKS              its check functions in order, each (device, budget) -> iterator of Check
    checks(device, budget) -> iterator of Check, all of them, one after another
    demo(device, budget) -> Demo, what a report can draw
    lesson(rows) -> Lesson, what several ranks can learn together; it may be absent

A check function is named for what it proves, `round_trip`; whoever runs it says that name first, so that a crash, which
yields nothing more, is placed.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    CheckFunction = Callable[[torch.device, "Budget"], Iterator["Check"]]


class Check(NamedTuple):
    """One number that was measured, beside the limit that it must keep."""

    name: str  # "round trip, float32, depth 16"
    measured: float
    limit: float | None  # None: reported, not judged
    unit: str  # "max abs error", "dB", "%"
    better: str = "lower"  # or "higher"

    @property
    def passed(self) -> bool:
        """NaN passes no limit."""
        if self.limit is None:
            return True
        return self.measured <= self.limit if self.better == "lower" else self.measured >= self.limit


class Budget(NamedTuple):
    """How much to do: in steps, not in seconds, so that every machine computes the same."""

    training: float = 1.0  # factor on the steps of every training; 0: properties only
    seed: int = 0
    dtype: torch.dtype = torch.float32  # of the trainings: see `trains_in_its_dtype`

    def steps(self, usual: int) -> int:
        return round(usual * self.training)


HALVES = (torch.bfloat16, torch.float16)
QUICK, USUAL, FULL = Budget(training=0), Budget(), Budget(training=10)


class Taught(nn.Module):
    """A net and its loss as one module: called with a batch, it gives the loss, a mean over the rows."""

    def __init__(self, net: nn.Module, loss: Callable[..., Tensor]) -> None:
        super().__init__()
        self.net, self.loss = net, loss  # of the net and the batch

    def forward(self, *batch: Tensor) -> Tensor:
        return self.loss(self.net, *batch)


class Lesson(NamedTuple):
    """What ranks learn together, each from some of the rows; on the CPU, in float32."""

    taught: Taught
    batch: tuple[Tensor, ...]  # each (rows, ...)


class Picture(NamedTuple):
    title: str
    pixels: Tensor  # (H, W) grey or (3, H, W) RGB, float in [0, 1], on the CPU
    note: str = ""  # "27.3 dB"


class Curve(NamedTuple):
    title: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    x_label: str
    y_label: str  # with its unit


class Bar(NamedTuple):
    """One of several values to compare: a method beside its baselines."""

    group: str  # "digits turned by 90 degrees: accuracy, %"
    label: str
    value: float
    is_baseline: bool = True  # False: the method itself


class Demo(NamedTuple):
    pictures: tuple[Picture, ...] = ()
    curves: tuple[Curve, ...] = ()
    bars: tuple[Bar, ...] = ()
    remarks: tuple[str, ...] = ()  # what a person should know before they believe the figures


def equal(name: str, measured: Tensor, expected: Tensor) -> Check:
    """Bit for bit, but for the sign of zero."""
    return Check(name, (measured != expected).sum().item(), 0, "values that differ")


def computes(device: torch.device, dtype: torch.dtype) -> bool:
    """MPS has no double precision, and a CPU no half precision before torch 2.2."""
    try:
        torch.ones(2, 2, device=device, dtype=dtype).mm(torch.ones(2, 2, device=device, dtype=dtype))
    except (RuntimeError, TypeError):
        return False
    return True


def autocasts(device: torch.device, dtype: torch.dtype) -> bool:
    """A type that autocast does not offer there it refuses or, in some versions, warns of and ignores."""
    ones = torch.ones(2, 2, device=device)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with torch.autocast(device.type, dtype):
                return ones.mm(ones).dtype is dtype
    except (RuntimeError, TypeError, UserWarning):
        return False


def trains_in(device: torch.device, dtype: torch.dtype) -> bool:
    return autocasts(device, dtype) if dtype in HALVES else computes(device, dtype)


def trains_in_its_dtype(training: Any) -> Any:  # noqa: ANN401 - any function of a device, a budget and more
    """The training in the dtype of its budget: weights and data in float32 or float64, the halves by autocast.

    Without autocast's cache, which would keep the casts of weights from step to step.
    """

    @functools.wraps(training)
    def in_its_dtype(device: torch.device, budget: Budget, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 - likewise
        is_half = budget.dtype in HALVES
        lowered = (
            torch.autocast(device.type, budget.dtype, cache_enabled=False) if is_half else contextlib.nullcontext()
        )
        with lowered, _default_dtype(torch.float32 if is_half else budget.dtype):
            return training(device, budget, *rest, **named)

    return in_its_dtype


@contextlib.contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextlib.contextmanager
def tf32(*, allowed: bool) -> Iterator[None]:
    """Whether a convolution on a GPU may round float32 to TF32's ten bits, as it may unless told otherwise."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def performed(functions: Sequence[CheckFunction], device: torch.device, budget: Budget) -> Iterator[Check]:
    """Each function's checks, from the same random state whatever ran before, and with float32 as it is meant."""
    for function in functions:
        torch.manual_seed(budget.seed)
        with tf32(allowed=False):
            yield from function(device, budget)
