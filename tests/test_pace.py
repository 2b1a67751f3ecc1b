"""`_in_target/pace.py`: what it counts as a training, and what it leaves out."""

from __future__ import annotations

import importlib.util

import pytest
import torch

from envtool.target import IN_TARGET

spec = importlib.util.spec_from_file_location("pace", IN_TARGET / "pace.py")
assert spec
assert spec.loader
pace = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pace)


def train(steps: int) -> None:
    weight = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for _ in range(steps):
        weight.square().sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def test_every_optimizer_is_a_training_of_its_own() -> None:
    with pace.paced() as measured:
        train(30)
        train(25)
        train(3)
    train(40)  # behind it
    assert [training.steps for training in measured.trainings] == [30, 25, 3]
    first, second, _ = measured.trainings
    spent = (first.last - first.first) + (second.last - second.first)
    assert measured.steps_per_second() == pytest.approx((29 + 24) / spent)


def test_nothing_long_enough_to_time() -> None:
    with pace.paced() as measured:
        train(pace.LEAST_STEPS - 1)
    assert measured.steps_per_second() is None
