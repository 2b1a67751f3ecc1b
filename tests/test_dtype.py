"""In which dtype the trainings run, and what is said where a device has it not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

from envtool import trial
from envtool.cli import commands
from envtool.smoke import SmokeReport, fold
from envtool.smoke.ladder import EARLIEST
from reference_models.contract import Budget, trains_in, trains_in_its_dtype
from reference_models.data import digits, photographs

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")


@trains_in_its_dtype
def product(_device: torch.device, _budget: Budget) -> tuple[Tensor, Tensor]:
    weight = torch.ones(2, 2)
    return weight, weight @ weight


@pytest.mark.parametrize(
    ("dtype", "of_weights", "of_products"),
    [
        (torch.float32, torch.float32, torch.float32),
        (torch.float64, torch.float64, torch.float64),
        (torch.bfloat16, torch.float32, torch.bfloat16),
    ],
)
def test_weights_and_products(dtype: torch.dtype, of_weights: torch.dtype, of_products: torch.dtype) -> None:
    weight, found = product(CPU, Budget(dtype=dtype))
    assert (weight.dtype, found.dtype) == (of_weights, of_products)
    assert torch.get_default_dtype() is torch.float32
    assert torch.ones(2, 2).mm(torch.ones(2, 2)).dtype is torch.float32


def test_an_exception_leaves_nothing_behind() -> None:
    @trains_in_its_dtype
    def failing(_device: torch.device, _budget: Budget) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        failing(CPU, Budget(dtype=torch.float64))
    assert torch.get_default_dtype() is torch.float32


def test_autocast_sees_each_step() -> None:
    """With its cache, it would go on with the weights of the first."""

    @trains_in_its_dtype
    def stepped(_device: torch.device, _budget: Budget) -> list[Tensor]:
        layer, x = nn.Linear(4, 4), torch.ones(1, 4)
        before = layer(x)
        with torch.no_grad():
            layer.weight.add_(1)
        return [before, layer(x)]

    before, after = stepped(CPU, Budget(dtype=torch.bfloat16))
    assert not torch.equal(before, after)


def test_the_data_have_the_weights_dtype() -> None:
    @trains_in_its_dtype
    def data(_device: torch.device, _budget: Budget) -> list[Tensor]:
        return [digits().images, photographs("coffee")]

    for budget, expected in ((Budget(), torch.float32), (Budget(dtype=torch.float64), torch.float64)):
        assert [each.dtype for each in data(CPU, budget)] == [expected] * 2


def test_this_cpu_trains_in() -> None:
    assert trains_in(CPU, torch.float64)
    assert not trains_in(torch.device("meta"), torch.bfloat16)  # a device without autocast


def tried(dtype: str, training: float) -> SmokeReport:
    work = trial.Work((*EARLIEST, "kd"), "cpu", training=training, dtype=dtype)
    events = trial.perform(sys.executable, work, {"kd": 600.0})
    return fold(list(events), EARLIEST, ("kd",), 0, 0.0)


def test_a_device_that_has_it_not_is_told_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import torch\ntorch.Tensor.mm = lambda *_: torch.zeros(2, 2)\n"  # an autocast that lowers nothing
    (tmp_path / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = tried("bfloat16", training=0.0)
    why = f"torch {torch.__version__} does not train in bfloat16 on cpu: it does in float32, float64"
    assert (found.models[0].outcome, found.models[0].why) == ("not-run", why)
    assert not found.has_run


@pytest.mark.slow
def test_distillation_trains_in_bfloat16_on_this_cpu() -> None:
    found = tried("bfloat16", training=1.0)
    assert found.passed, found.models
    assert found.stage
    assert ("dtype", "bfloat16") in found.stage.details


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--dtype", "bfloat16", "--quick"), "--dtype is for the trainings, which --quick leaves out"),
        (("--dtype", "bfloat16", "--nproc", "2"), "--dtype is for one process: leave out --nproc"),
        (("--device", "all", "--nproc", "2"), "--device all is for one process: leave out --nproc"),
        (("--repeat", "2", "--nproc", "2"), "--repeat is for one process: leave out --nproc"),
        (("--node-rank", "1"), "add --nproc"),
        (("--dtype", "int8"), "'int8' is not one of"),
    ],
)
def test_what_would_be_ignored_is_refused(arguments: tuple[str, ...], fault: str) -> None:
    ran = CliRunner().invoke(commands, ["smoke-test", *arguments])
    assert ran.exit_code == 2 or getattr(ran.exception, "exit_code", None) == 2
    assert fault in ran.output + str(ran.exception)
