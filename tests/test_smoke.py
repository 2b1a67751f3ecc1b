"""Events folded to a report, and the report in each format."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from envtool.events import Death, End, Event, Measured, Remark, Skip, Stage, Start, parse_event
from envtool.report.smoke import FORMATS, check_line, smoke_text, summary
from envtool.smoke import SmokeReport, compare, fold
from envtool.usage import Memory

STAGE = Stage("2.13.0+cpu", "cpu", "AMD EPYC", (("threads", "2"),))
GOOD = Measured("inn", "round trip", 3.1e-6, 1e-4, "max abs error", "lower")
BAD = GOOD._replace(measured=2e-4)
RUNGS = ("import-torch", "device", "matmul")


def climbed(*events: Event) -> tuple[Event, ...]:
    first = [event for rung in RUNGS[:2] for event in (Start(rung, None), End(rung, None, 0.5))]
    return (*first, STAGE, *events)


def report(*events: Event) -> SmokeReport:
    return fold(climbed(*events), RUNGS[:2], ("inn",), seed=0, seconds=41.2)


class TestFold:
    @pytest.mark.parametrize(
        ("events", "outcome", "why"),
        [
            ((Start("inn", None), GOOD, End("inn", None, 4.1)), "passed", None),
            ((Start("inn", None), GOOD, BAD, End("inn", None, 4.1)), "failed", "round trip"),
            ((Start("inn", "haar"), End("inn", "ValueError: no", 1.0)), "failed", "during haar: ValueError: no"),
            (
                (Start("inn", None), Start("inn", "round_trip"), Death(-11, "was ended by SIGSEGV")),
                "crashed",
                "during round trip: was ended by SIGSEGV",
            ),
            ((Start("inn", None), Death(None, "did not end within 5 s")), "timed-out", "did not end within 5 s"),
            ((Start("inn", None), Skip("inn", "Python 3.6")), "not-run", "Python 3.6"),
            ((), "not-run", "it was not reached"),
        ],
    )
    def test_outcomes(self, events: tuple[Event, ...], outcome: str, why: str | None) -> None:
        [model] = report(*events).models
        assert (model.outcome, model.why) == (outcome, why)

    def test_a_process_that_the_kernel_ended_for_its_memory(self) -> None:
        memory = Memory(3 << 30, 1.0, 4 << 30, "/sys/fs/cgroup/memory.max", 0, 1.0, oom_kills=1)
        death = Death(-9, "was ended by SIGKILL", memory=memory)
        [model] = report(Start("inn", None), Start("inn", "hiding"), death).models
        assert model.outcome == "crashed"
        assert model.why == (
            "during hiding: out of memory: the kernel ended it, which had taken 3.22 GB of the 4.29 GB of "
            "/sys/fs/cgroup/memory.max: close what else takes memory, or raise the limit"
        )
        unseen = death._replace(memory=memory._replace(oom_kills=0))
        assert report(Start("inn", None), unseen).models[0].why == "was ended by SIGKILL"

    @pytest.mark.parametrize(
        ("death", "why"),
        [
            (
                Death(-6, "was ended by SIGABRT", ("void kernel(): Assertion `t < n` failed.",)),
                "was ended by SIGABRT: void kernel(): Assertion `t < n` failed.",
            ),
            (Death(-11, "was ended by SIGSEGV", ("UserWarning: no matter",)), "was ended by SIGSEGV"),
            (Death(3, None), "exit status 3"),
        ],
    )
    def test_last_words_are_of_those_that_abort(self, death: Death, why: str) -> None:
        assert report(Start("inn", None), death).models[0].why == why

    def test_a_gpu_without_memory_is_told_from_a_machine(self) -> None:
        gpu, machine = (
            report(Start("inn", None), End("inn", error, 1.0)).models[0].why
            for error in (
                "OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
                "RuntimeError: [enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory",
            )
        )
        assert str(gpu).endswith("`nvidia-smi` lists who holds the GPU's memory")
        assert str(machine).startswith("out of memory (RuntimeError: ")
        assert str(machine).endswith("close what else takes memory")

    def test_a_death_is_of_what_was_running(self) -> None:
        events = (Start("inn", None), GOOD, End("inn", None, 1.0), Start("kd", None), Death(-9, "was ended by SIGKILL"))
        inn, kd = fold(climbed(*events), RUNGS[:2], ("inn", "kd"), 0, 1.0).models
        assert (inn.outcome, kd.outcome) == ("passed", "crashed")

    def test_what_stands_on_a_broken_rung_says_so(self) -> None:
        events = (Start("import-torch", None), End("import-torch", "ImportError: no", 0.1))
        found = fold(events, RUNGS, ("inn",), 0, 1.0)
        assert not found.has_run
        assert found.models[0].why == "the ladder ends at import-torch: ImportError: no"
        assert found.rungs[0].why == "ImportError: no"

    def test_nothing_that_was_measured_is_not_a_number(self) -> None:
        assert not GOOD._replace(measured=float("nan")).passed
        assert not GOOD._replace(measured=float("nan"), better="higher").passed

    def test_a_rung_that_fails_is_no_pass(self) -> None:
        wrong = Measured("matmul", "float32", 1.0, 1e-5, "relative error", "lower")
        events = (Start("matmul", None), wrong, End("matmul", None, 0.1), Start("inn", None), GOOD, End("inn", None, 1))
        found = fold(climbed(*events), RUNGS, ("inn",), 0, 1.0)
        assert not found.passed
        assert summary(found) == "smoke-test: 1 model passed; ladder broken at matmul on AMD EPYC in 1 s"


class TestCompare:
    def test_the_same(self) -> None:
        one = report(Start("inn", None), GOOD, End("inn", None, 1.0))
        both = compare(one, one)
        assert both.models[0].checks[-1].passed
        assert both.passed

    def test_one_bit_apart(self) -> None:
        one = report(Start("inn", None), GOOD, End("inn", None, 1.0))
        other = report(Start("inn", None), GOOD._replace(measured=3.1000000000000004e-6), End("inn", None, 1.0))
        assert compare(one, other).models[0].outcome == "failed"


class TestEvents:
    @pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"event": "check"}', '{"event": "new"}', '{"event": "end"}'])
    def test_a_line_that_is_none(self, line: str) -> None:
        assert parse_event(line) is None

    def test_a_check(self) -> None:
        line = json.dumps({"event": "check", **GOOD._asdict()})
        assert parse_event(line) == GOOD


class TestReport:
    PASSED = report(Start("inn", None), GOOD, Remark("inn", "so it is"), End("inn", None, 4.1, 310.0, 21.0))
    FAILED = report(Start("inn", None), BAD, End("inn", None, 4.1))

    def test_the_last_line(self) -> None:
        text = smoke_text(self.PASSED, "text")
        assert text.splitlines()[-1] == "smoke-test: 1 model passed on AMD EPYC in 41 s"

    def test_json_is_what_scripts_rely_on(self) -> None:
        body = json.loads(smoke_text(self.PASSED, "json"))
        assert {name: body[name] for name in ("schema", "torch", "device", "device_name", "seed")} == {
            "schema": 1,
            "torch": "2.13.0+cpu",
            "device": "cpu",
            "device_name": "AMD EPYC",
            "seed": 0,
        }
        [model] = body["models"]
        assert (model["name"], model["outcome"], model["seconds"], model["peak_memory_mib"]) == (
            "inn",
            "passed",
            4.1,
            310.0,
        )
        assert model["throughput"] == {"value": 21.0, "unit": "steps/s"}
        assert model["checks"] == [
            {
                "name": "round trip",
                "measured": 3.1e-6,
                "limit": 1e-4,
                "unit": "max abs error",
                "better": "lower",
                "passed": True,
            }
        ]

    def test_json_has_no_number_that_is_none(self) -> None:
        found = report(Start("inn", None), GOOD._replace(measured=float("nan")), End("inn", None, 4.1))
        assert "NaN" not in smoke_text(found, "json")
        assert json.loads(smoke_text(found, "json"))["models"][0]["checks"][0]["passed"] is False

    def test_junit(self) -> None:
        suites = ET.fromstring(smoke_text(self.FAILED, "junit"))
        assert [suite.get("name") for suite in suites] == ["import-torch", "device", "inn"]
        assert suites.find("testsuite[@name='inn']/testcase/failure") is not None
        crashed = report(Start("inn", None), Death(-11, "was ended by SIGSEGV"))
        suites = ET.fromstring(smoke_text(crashed, "junit"))
        assert suites.find("testsuite[@name='inn']/testcase/error") is not None

    @pytest.mark.parametrize("form", FORMATS)
    def test_every_format_shows_every_report(self, form: str) -> None:
        for found in (self.PASSED, self.FAILED, report(), fold((), RUNGS, ("inn",), 0, 0.0)):
            assert "inn" in smoke_text(found, form)

    def test_a_live_line(self) -> None:
        assert check_line(BAD) == "FAILED  inn: round trip: 0.0002 <= 0.0001 max abs error"
