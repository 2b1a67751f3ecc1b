"""How many ranks are started where, and what they said as one report."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from torch.distributed.run import get_args_parser

from envtool.errors import RequestInvalid
from envtool.events import Death, End, Event, Measured, Ranked, Stage, Start, parse_ranked
from envtool.report.smoke import check_line, smoke_text
from envtool.smoke import SmokeReport, fold
from envtool.smoke.job import Job, job_of, launcher_options
from envtool.smoke.ladder import EARLIEST
from envtool.smoke.ranks import NAMES, fold_ranks

POD = {"MASTER_ADDR": "job-master-0", "MASTER_PORT": "23456", "WORLD_SIZE": "2", "RANK": "1"}
PET = {"PET_NNODES": "3", "PET_NODE_RANK": "2", "PET_MASTER_ADDR": "job-master-0", "PET_MASTER_PORT": "23456"}
SRUN = {"SLURM_STEP_NUM_NODES": "4", "SLURM_STEP_NUM_TASKS": "4", "SLURM_NODEID": "3"}


class TestJob:
    @pytest.mark.parametrize(
        ("typed", "environment", "job"),
        [
            ((None, None, None, None), POD, None),
            ((4, None, None, None), {}, Job(4)),
            ((4, None, None, None), {"MASTER_ADDR": "node1"}, Job(4)),
            ((None, 2, 0, "node1:29500"), {}, Job(1, 2, 0, "node1:29500")),
            ((8, 2, None, "node1:29500"), {}, Job(8, 2, None, "node1:29500")),
            ((8, None, None, None), POD, Job(8, 2, 1, "job-master-0:23456")),
            ((8, None, None, None), {**POD, **PET, "WORLD_SIZE": "24"}, Job(8, 3, 2, "job-master-0:23456")),
            ((8, 1, None, None), POD, Job(8)),
            ((8, None, None, "node1:29500"), SRUN, Job(8, 4, 3, "node1:29500")),
            ((8, None, None, None), {**SRUN, "MASTER_ADDR": "node1"}, Job(8, 4, 3, "node1:29500")),
            ((8, None, None, None), {"SLURM_STEP_NUM_NODES": "1", "SLURM_NODEID": "0"}, Job(8)),
            ((8, None, None, None), {"SLURM_JOB_NUM_NODES": "4"}, Job(8)),  # the batch script itself is one process
        ],
    )
    def test_the_options_and_what_clusters_set(
        self, typed: tuple[int, int, int, str], environment: dict[str, str], job: Job | None
    ) -> None:
        assert job_of(*typed, environment) == job

    @pytest.mark.parametrize(
        ("typed", "environment", "fault"),
        [
            ((None, None, 1, None), {}, "add --nproc"),
            ((None, None, None, "node1:29500"), {}, "add --nproc"),
            ((2, 2, 0, None), {}, "2 nodes need a place to meet"),
            ((2, None, None, None), SRUN, "4 nodes need a place to meet"),
            ((2, 2, 2, "node1:29500"), {}, "counted from 0"),
            ((2, 2, 0, "node1"), {}, "no HOST:PORT, such as node1:29500"),
            ((2, None, None, None), {"LOCAL_RANK": "1"}, "start envtool once on each node"),
            ((2, None, None, None), {**SRUN, "SLURM_STEP_NUM_TASKS": "32"}, "srun --ntasks-per-node=1"),
            ((2, None, None, None), {**PET, "PET_NNODES": "1:3"}, "PET_NNODES is '1:3'"),
        ],
    )
    def test_what_makes_no_sense(
        self, typed: tuple[int, int, int, str], environment: dict[str, str], fault: str
    ) -> None:
        with pytest.raises(RequestInvalid, match=fault):
            job_of(*typed, environment)

    @pytest.mark.parametrize(
        "options",
        [
            launcher_options(Job(4)),
            launcher_options(Job(4, 2, 1, "node1:29500")),
            launcher_options(Job(4, 2, None, "node1:29500"), "10.0.0.2", is_first=True),
        ],
    )
    def test_torchs_launcher_takes_the_options(self, options: tuple[str, ...]) -> None:
        parsed = get_args_parser().parse_args([*options, "script.py"])
        assert parsed.nproc_per_node == "4"
        assert parsed.training_script == "script.py"
        assert parsed.standalone == ("--standalone" in options)


BEFORE = fold([each for rung in EARLIEST for each in (Start(rung, None), End(rung, None, 0.5))], EARLIEST, (), 0, 1.0)
SEAT = Stage("2.13.0+cpu", "cpu", "AMD EPYC", (("host", "node1"),))
GOOD = Measured("kd", "gradient", 1e-15, 1e-12, "relative L2", "lower")
SLOW = "did not end within 6 s"
IN_TORCH = ("/env/lib/torch/distributed/distributed_c10d.py:2806 in all_reduce", "/tmp/ranks_runner.py:9 in main")
ELSEWHERE = ("/home/me/sitecustomize.py:3 in hang", "/tmp/ranks_runner.py:9 in main")


def begun(item: str, part: str | None = None) -> tuple[Event, ...]:
    return (Start(item, None), Start(item, part, waits=True)) if part else (Start(item, None),)


def passed(item: str, *checks: Measured) -> tuple[Event, ...]:
    return Start(item, None), *checks, End(item, None, 1.0, 100.0)


def report(*of_ranks: tuple[Event, ...], others: tuple[Ranked, ...] = ()) -> SmokeReport:
    """Of ranks that all came as far as the rendezvous, and did this after it."""
    told = [Ranked(rank, event) for rank, events in enumerate(of_ranks) for event in (SEAT, *passed(NAMES[0]), *events)]
    return fold_ranks(BEFORE, (*told, *others), ("kd",), 4.0)


def outcomes(found: SmokeReport) -> dict[str, tuple[str, str | None]]:
    return {item.name: (item.outcome, item.why) for item in (*found.rungs, *found.models) if item.outcome != "passed"}


def every(*checks: Measured) -> tuple[Event, ...]:
    return (*passed("all-reduce"), *passed("bandwidth"), *passed("kd", *checks))


class TestFold:
    def test_all_passed(self) -> None:
        found = report(every(GOOD), every(GOOD))
        assert found.passed
        assert [seat.rank for seat in found.seats] == [0, 1]

    def test_a_check_is_as_bad_as_the_worst_rank(self) -> None:
        bad = GOOD._replace(measured=1e-3, rank=1)
        [model] = report(every(GOOD._replace(rank=0)), every(bad)).models
        assert (model.outcome, model.why) == ("failed", "rank 1: gradient")
        assert model.checks == (bad._replace(of_ranks=((0, 1e-15), (1, 1e-3))),)
        nan = bad._replace(measured=float("nan"))
        assert report(every(bad._replace(rank=0)), every(nan)).models[0].checks[0].rank == 1

    def test_one_that_dies_is_named_and_not_the_one_that_it_leaves_alone(self) -> None:
        alone = (*begun("all-reduce", "all-reduce"), End("all-reduce", "RuntimeError: Connection closed by peer", 1.0))
        found = report(alone, (*begun("all-reduce", "all-reduce"), Death(-9, "was ended by SIGKILL")))
        assert outcomes(found) == {
            "all-reduce": ("crashed", "rank 1: during all-reduce: was ended by SIGKILL"),
            "bandwidth": ("not-run", "the job ended at all-reduce"),
            "kd": ("not-run", "the job ended at all-reduce"),
        }

    def test_an_exception_outweighs_that_a_peer_is_gone(self) -> None:
        gone, why = (End("all-reduce", f"RuntimeError: {text}", 1.0) for text in ("Connection closed by peer", "no"))
        found = report((*begun("all-reduce"), gone), (*begun("all-reduce"), why))
        assert outcomes(found)["all-reduce"] == ("failed", "rank 1: RuntimeError: no")
        found = report((*begun("all-reduce"), gone), (*begun("all-reduce"), gone))
        assert "every rank: RuntimeError: Connection closed" in str(outcomes(found)["all-reduce"][1])

    @pytest.mark.parametrize(
        ("begun_by_guilty", "frames", "why"),
        [
            (begun("all-reduce", "all-reduce"), ELSEWHERE, f"during all-reduce: {SLOW}, at sitecustomize.py:3 in hang"),
            (begun("all-reduce", "all-reduce"), (), f"during all-reduce: {SLOW}, and showed no sign of life"),
            (begun("all-reduce"), IN_TORCH, f"{SLOW}, at distributed_c10d.py:2806 in all_reduce"),
        ],
    )
    def test_one_that_hangs_is_named_and_not_the_one_that_waits(
        self, begun_by_guilty: tuple[Event, ...], frames: tuple[str, ...], why: str
    ) -> None:
        waiting = (*begun("all-reduce", "all-reduce"), Death(None, SLOW, IN_TORCH))
        found = report(waiting, (*begun_by_guilty, Death(None, SLOW, frames)))
        assert outcomes(found)["all-reduce"] == ("timed-out", f"rank 1: {why}")
        assert "rank 0 waited in all-reduce" in found.rungs[len(EARLIEST) + 1].remarks

    def test_where_all_here_wait_the_others_are_named(self) -> None:
        waiting = (*begun("all-reduce", "all-reduce"), Death(None, SLOW, IN_TORCH))
        other = Ranked(2, SEAT._replace(details=(("host", "node2"),)))
        found = report(waiting, waiting, others=(other,))
        why = f"every rank: during all-reduce: {SLOW}, at distributed_c10d.py:2806 in all_reduce"
        assert outcomes(found)["all-reduce"][1] == f"{why}; every rank here waits for those of node2"
        assert [seat.host for seat in found.seats] == ["node1", "node1", "node2"]

    def test_a_launcher_that_starts_no_rank(self) -> None:
        died = Ranked(
            None, Death(1, "ended with exit status 1", ("Traceback", "No module named torch.distributed.run"))
        )
        found = fold_ranks(BEFORE, (died,), ("kd",), 1.0)
        why = "the launcher ended with exit status 1: No module named torch.distributed.run"
        assert outcomes(found)["rendezvous"] == ("crashed", why)
        assert found.has_run
        assert not found.passed

    def test_a_launcher_that_ends_between_two_items(self) -> None:
        died = Ranked(None, Death(-9, "was ended by SIGKILL"))
        found = report(passed("all-reduce"), passed("all-reduce"), others=(died,))
        assert outcomes(found)["kd"] == ("not-run", "the job ended at all-reduce: the launcher was ended by SIGKILL")

    def test_nothing_at_all(self) -> None:
        assert outcomes(fold_ranks(BEFORE, (), ("kd",), 1.0))["kd"] == ("not-run", "it was not reached")

    def test_a_ladder_that_ends_before(self) -> None:
        broken = fold((Start("import-torch", None), End("import-torch", "ImportError: no", 0.1)), EARLIEST, (), 0, 1.0)
        found = fold_ranks(broken, (), ("kd",), 1.0)
        assert found.models[0].why == "the ladder ends at import-torch: ImportError: no"
        assert not found.has_run


class TestReport:
    FOUND = report(every(GOOD._replace(rank=0)), every(GOOD._replace(rank=1, measured=2e-15)))

    def test_json(self) -> None:
        body = json.loads(smoke_text(self.FOUND, "json"))
        assert body["ranks"][1] == {
            "rank": 1,
            "host": "node1",
            "device": "cpu",
            "device_name": "AMD EPYC",
            "torch": "2.13.0+cpu",
        }
        [check] = body["models"][0]["checks"]
        assert (check["rank"], check["by_rank"], check["passed"]) == (1, {"0": 1e-15, "1": 2e-15}, True)

    def test_text_and_markdown_show_the_ranks_and_the_worst(self) -> None:
        text = smoke_text(self.FOUND._replace(stage=SEAT), "text")
        assert text.splitlines()[-1] == "smoke-test: 1 model passed on 2 ranks of AMD EPYC in 5 s"
        assert "1     node1  cpu     AMD EPYC  2.13.0+cpu" in text.splitlines()
        assert "| gradient | 2e-15 | <= 1e-12 | relative L2 | passed | 1 |" in smoke_text(self.FOUND, "markdown")

    def test_junit_names_a_rank_that_died(self) -> None:
        died = report(every(GOOD), (*begun("all-reduce"), Death(-9, "was ended by SIGKILL")))
        error = ET.fromstring(smoke_text(died, "junit")).find("testsuite[@name='all-reduce']/testcase/error")
        assert error is not None
        assert error.get("message") == "rank 1: was ended by SIGKILL"

    def test_a_live_line(self) -> None:
        assert check_line(GOOD._replace(rank=1)).startswith("passed  rank 1: kd: gradient:")

    def test_a_line_of_a_rank(self) -> None:
        line = json.dumps({"event": "check", "rank": 3, **GOOD._replace(rank=3)._asdict()})
        assert parse_ranked(line) == Ranked(3, GOOD._replace(rank=3))
        assert parse_ranked('{"event": "skip", "item": "kd", "text": ""}') is None
        assert parse_ranked("{") is None
