"""Real ranks on this machine: that they agree, and that one which dies, hangs or errs is named."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from namespaces import two_nodes

from envtool import launch, trial
from envtool.cli import commands
from envtool.smoke import SmokeReport, fold
from envtool.smoke.job import Job, launcher_options
from envtool.smoke.ladder import EARLIEST
from envtool.smoke.ranks import NAMES, fold_ranks

if TYPE_CHECKING:
    from pathlib import Path

MODELS = trial.model_names()


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def tried(ranks: int, *models: str, **limits_s: float) -> SmokeReport:
    before = fold(trial.perform(sys.executable, trial.Work(EARLIEST, "cpu"), {}), EARLIEST, (), 0, 0.0)
    limits = dict.fromkeys((*NAMES, *models), 120.0) | {name.replace("_", "-"): s for name, s in limits_s.items()}
    work = trial.Work((*NAMES, *models), "cpu")
    told = list(launch.perform(sys.executable, work, launcher_options(Job(ranks)), ranks, limits))
    return fold_ranks(before, told, models, 0.0)


@pytest.mark.slow
def test_two_ranks_learn_every_model_as_one_does() -> None:
    found = tried(2, *MODELS)
    assert found.passed, found
    assert {model.name: len(model.checks) for model in found.models} == dict.fromkeys(MODELS, 6)
    assert [(seat.rank, seat.device) for seat in found.seats] == [(0, "cpu"), (1, "cpu")]
    assert all(len(check.of_ranks) == 2 for model in found.models for check in model.checks)


@pytest.mark.slow
def test_four_ranks() -> None:
    found = tried(4, "kd", "lora")
    assert found.passed, found
    assert len(found.seats) == 4


HEAD = """
import os
if os.environ.get("RANK") == "1":
    import signal, time, torch, torch.distributed
    right = torch.distributed.all_reduce

    def wrong(block, *arguments):
        right(block, *arguments)
        block[-1:] += 1

"""
SABOTAGE = {
    "killed": (
        "torch.distributed.all_reduce = lambda *_: os.kill(os.getpid(), signal.SIGKILL)",
        ("crashed", "rank 1: during all-reduce of 1 float32: was ended by SIGKILL"),
    ),
    "asleep": (
        "torch.distributed.all_reduce = lambda *_: time.sleep(600)",
        (
            "timed-out",
            "rank 1: during all-reduce of 1 float32: did not end within 6 s, at sitecustomize.py:11 in <lambda>",
        ),
    ),
    "stopped": (
        "torch.distributed.all_reduce = lambda *_: os.kill(os.getpid(), signal.SIGSTOP)",
        ("timed-out", "rank 1: during all-reduce of 1 float32: did not end within 6 s, and showed no sign of life"),
    ),
    "wrong": (
        "torch.distributed.all_reduce = wrong",
        ("failed", "rank 1: float32 against the sum, int64 against the sum"),
    ),
    "raising": (
        "torch.distributed.all_reduce = lambda *_: torch.zeros(2) @ torch.zeros(3)",
        ("failed", "rank 1: during all-reduce of 1 float32: RuntimeError: inconsistent tensor size"),
    ),
}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals of this kind")
@pytest.mark.parametrize("how", SABOTAGE)
def test_a_rank_that_is_sabotaged_is_named(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, (outcome, why) = SABOTAGE[how]
    (tmp_path / "sitecustomize.py").write_text(HEAD + textwrap.indent(code, "    ") + "\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = tried(2, all_reduce=6.0)
    [rung] = [rung for rung in found.rungs if rung.name == "all-reduce"]
    assert rung.outcome == outcome
    assert str(rung.why).startswith(why)


@pytest.mark.slow
def test_ranks_that_do_not_hear_of_each_others_gradients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import torch\ntorch.nn.parallel.DistributedDataParallel = lambda module: module\n"
    (tmp_path / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    [model] = tried(2, "kd").models
    failed = {check.name.partition(",")[0] for check in model.checks if not check.passed}
    assert failed == {"ranks with other weights", "gradient against that of the whole batch"}


@pytest.mark.slow
@pytest.mark.parametrize("numbered", [True, False])
def test_two_nodes(numbered: bool) -> None:
    with two_nodes() as nodes:
        begun = [
            subprocess.Popen(
                node.argv("env", f"GLOO_SOCKET_IFNAME={node.interface}", *command(place, nodes[0].address, numbered)),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for place, node in enumerate(nodes)
        ]
        for process in begun:
            printed, words = process.communicate(timeout=300)
            assert process.returncode == 0, printed + words
            assert "smoke-test: 1 model passed on 2 ranks of" in printed


def command(place: int, address: str, numbered: bool) -> list[str]:
    job = ["--nproc", "1", "--nnodes", "2", "--rdzv-endpoint", f"{address}:29500"]
    number = ["--node-rank", str(place)] if numbered else []
    asked = ["smoke-test", "--device", "cpu", "--model", "kd", "--python", sys.executable]
    return [sys.executable, "-m", "envtool", *asked, *job, *number]


def test_the_way_to_the_first_node() -> None:
    assert launch.way_to("127.0.0.1:29500") == ("127.0.0.1", True)
    with pytest.raises(OSError, match=r".+"):
        launch.way_to("no-such-host.invalid:29500")


def test_an_endpoint_that_leads_nowhere() -> None:
    asked = ["smoke-test", "--nproc", "1", "--nnodes", "2", "--rdzv-endpoint", "no-such-host.invalid:29500"]
    ran = CliRunner().invoke(commands, [*asked, "--device", "cpu", "--python", sys.executable])
    assert ran.exit_code == 2
    assert "--rdzv-endpoint no-such-host.invalid:29500 leads nowhere" in ran.output
