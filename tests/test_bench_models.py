"""scripts/bench_models.py: what it counts and compares, and that it runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from model_rivals.contest import Contest, Outcome, Setting, Spread, held, must_agree  # noqa: E402 - a script's

CPU = torch.device("cpu")
KIBIBYTE = torch.zeros(256)


def two_at_a_time() -> None:
    for _ in range(3):
        first = KIBIBYTE + KIBIBYTE
        second = first + KIBIBYTE
        del first, second


def test_the_peak_is_what_was_held_at_once() -> None:
    ways = {"one": lambda: KIBIBYTE + KIBIBYTE, "two": two_at_a_time, "three": lambda: torch.cat([KIBIBYTE] * 3)}
    assert held(Contest("adding", ways), Setting(CPU, 1, 1)).peaks == {"one": 1024, "two": 2048, "three": 3072}


def test_a_ratio_is_taken_round_by_round() -> None:
    outcome = Outcome({"plain": (1.0, 2.0, 4.0), "ours": (3.0, 4.0, 4.0)}, {})
    assert outcome.ratio("ours", "plain") == Spread(1, 2, 3)


def test_a_rival_that_computes_something_else_is_refused() -> None:
    must_agree("adding", {"ours": KIBIBYTE + 1, "theirs": KIBIBYTE + 1.00001})
    with pytest.raises(SystemExit, match=r"adding: theirs is 1.0e\+00 away from ours"):
        must_agree("adding", {"ours": KIBIBYTE + 1, "theirs": KIBIBYTE + 2})


@pytest.mark.slow
def test_it_prints_a_table_and_its_bars() -> None:
    argv = [sys.executable, "scripts/bench_models.py", "--rounds", "1", "--only", "lora", "--only", "kd"]
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "LoRA, training step, 8 x 128" in ran.stdout, ran.stderr
    assert ran.stdout.count("LoRA, merged against a linear layer") == 2
    assert ran.returncode == ("FAILS" in ran.stdout)
