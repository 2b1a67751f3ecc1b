"""What every model file offers, whichever are in the folder."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

import reference_models
from envtool import trial
from reference_models.contract import QUICK, USUAL, Check

if TYPE_CHECKING:
    from types import ModuleType

FOLDER = Path(reference_models.__file__).parent
NAMES = reference_models.names()
CPU = torch.device("cpu")


@pytest.fixture(params=NAMES)
def model(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(f"reference_models.{request.param}")


def test_they_are_listed_without_torch() -> None:
    code = "import sys, reference_models; print(reference_models.names(), 'torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parent, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == f"{NAMES} False"


def test_envtool_lists_the_same() -> None:
    assert trial.model_names() == NAMES
    assert NAMES == ("inn", "kd", "lora")


def test_the_files_can_be_read_in_one_go() -> None:
    lengths = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in FOLDER.glob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 250} == {}


def test_a_model_file_names_its_paper(model: ModuleType) -> None:
    assert model.__doc__
    assert re.search(r"\b20\d\d\b", model.__doc__.splitlines()[0] + model.__doc__.splitlines()[1])


def test_the_checks_are_well_formed_and_pass_without_training(model: ModuleType) -> None:
    found = list(model.checks(CPU, QUICK))
    assert len({check.name for check in found}) == len(found) >= 5
    for check in found:
        assert isinstance(check, Check)
        assert check.unit
        assert check.better in ("lower", "higher")
        assert check.passed, check


def test_twice_the_same_bit_for_bit(model: ModuleType) -> None:
    first, again = ([check.measured.hex() for check in map(_as_float, model.checks(CPU, QUICK))] for _ in range(2))
    assert first == again


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_every_seed_passes(model: ModuleType, seed: int) -> None:
    found = list(model.checks(CPU, USUAL._replace(seed=seed)))
    assert [check for check in found if not check.passed] == []
    assert len(found) > len(list(model.checks(CPU, QUICK)))


@pytest.mark.slow
def test_what_a_report_can_draw(model: ModuleType) -> None:
    demo = model.demo(CPU, USUAL)
    assert demo.pictures or demo.bars or demo.curves
    assert demo.remarks
    for picture in demo.pictures:
        assert picture.pixels.dim() == 2 or picture.pixels.shape[0] == 3
        assert 0 <= float(picture.pixels.min()) <= float(picture.pixels.max()) <= 1
    for curve in demo.curves:
        assert len(curve.x) == len(curve.y) > 1


def test_a_lesson_is_the_mean_over_its_rows(model: ModuleType) -> None:
    """Of halves of equal size, as ranks have them."""
    torch.manual_seed(0)
    taught, batch = model.lesson(rows=8)
    halves = [taught(*(each[start::2] for each in batch)) for start in (0, 1)]
    assert torch.stack(halves).mean().item() == pytest.approx(taught(*batch).item(), rel=1e-5)
    assert halves[0].item() != pytest.approx(halves[1].item(), rel=1e-5)


def test_nothing_newer_than_the_oldest_python() -> None:
    for file in FOLDER.glob("*.py"):
        ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_a_check_that_is_not_a_number_fails() -> None:
    assert not Check("", float("nan"), 1, "").passed
    assert not Check("", float("nan"), 1, "", "higher").passed


def test_the_table_of_a_run_and_its_exit_code() -> None:
    argv = [sys.executable, "-m", "reference_models", "kd", "--device", "cpu", "--quick"]
    ran = subprocess.run(argv, cwd=FOLDER.parent, capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    assert "kd on cpu, seed 0" in ran.stdout
    assert "FAILED" not in ran.stdout


def test_a_model_that_is_not_there() -> None:
    argv = [sys.executable, "-m", "reference_models", "gan"]
    ran = subprocess.run(argv, cwd=FOLDER.parent, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "gan is no model here" in ran.stderr


def _as_float(check: Check) -> Check:
    return check._replace(measured=float(check.measured))
