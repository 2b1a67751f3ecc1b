"""Which devices are tried, and several of them as one report."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from envtool.cli.trying import Options, tried
from envtool.events import End, Measured, Stage, Start
from envtool.report.smoke import smoke_text
from envtool.smoke import SmokeReport, fold
from envtool.smoke.device import every_device, joined
from envtool.target import TORCH_LIMIT_S, ask

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("wanted", "seen", "devices"),
    [
        ("auto", {}, ("cpu",)),
        ("auto", {"cuda": 0, "xpu": 0, "mps": 0}, ("cpu",)),
        ("cuda", {"cuda": 2, "xpu": 0, "mps": 0}, ("cuda:0", "cuda:1", "cpu")),
        ("auto", {"cuda": 1, "xpu": 1, "mps": 0}, ("cuda:0", "xpu:0", "cpu")),
        ("auto", {"mps": 1}, ("mps", "cpu")),
        ("cuda", {"cuda": 0}, ("cuda", "cpu")),  # a GPU is here, and torch does not see it
    ],
)
def test_every_device(wanted: str, seen: dict[str, int], devices: tuple[str, ...]) -> None:
    assert every_device(wanted, seen) == devices


def report(device: str, name: str, *, broken: bool = False) -> SmokeReport:
    check = Measured("kd", "gradient", 1.0 if broken else 0.0, 0.5, "abs error", "lower")
    climbed = (Start("device", None, 0.5), Stage("2.13.0", device, name), End("device", None, 1.0))
    return fold((*climbed, Start("kd", None, 2.0), check, End("kd", None, 1.0)), ("device",), ("kd",), 0, 3.0)


class TestJoined:
    FOUND = joined({"cuda:0": report("cuda:0", "NVIDIA H200", broken=True), "cpu": report("cpu", "AMD EPYC")})

    def test_each_item_is_of_its_device(self) -> None:
        assert [model.title for model in self.FOUND.models] == ["kd on cuda:0", "kd on cpu"]
        assert [model.began_s for model in self.FOUND.models] == [2.0, 5.0]
        assert not self.FOUND.passed

    def test_the_text(self) -> None:
        text = smoke_text(self.FOUND, "text")
        last = "smoke-test: 1 model passed; kd on cuda:0 failed on NVIDIA H200, AMD EPYC in 6 s"
        assert text.splitlines()[-1] == last
        assert "device on cpu     passed" in text

    def test_json(self) -> None:
        body = json.loads(smoke_text(self.FOUND, "json"))
        assert (body["device"], body["device_name"]) == ("all", "NVIDIA H200, AMD EPYC")
        assert [(each["name"], each["device"]) for each in body["models"]] == [("kd", "cuda:0"), ("kd", "cpu")]

    def test_what_no_torch_was_there_for(self) -> None:
        nothing = fold((), ("device",), ("kd",), 0, 1.0)
        assert joined({"cpu": nothing}).stage is None


def test_this_torch_tells_what_it_sees() -> None:
    seen = json.loads(ask(sys.executable, TORCH_LIMIT_S, "devices.py"))
    assert set(seen) == {"cuda", "xpu", "mps"}


@pytest.mark.slow
def test_a_device_that_does_not_work_does_not_hide_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch for the CPU alone that takes itself for one with a GPU."""
    code = "import torch\ntorch.cuda.is_available = lambda: True\ntorch.cuda.device_count = lambda: 1\n"
    (tmp_path / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    nothing = dict.fromkeys(("timeout", "python", "nproc", "nnodes", "node_rank", "rdzv_endpoint", "report"))
    asked = Options("all", ("kd",), "quick", 0, "float32", repeat=1, listed=False, form="text", **nothing)
    found = tried(sys.executable, asked, None, None)
    assert {model.title: model.outcome for model in found.models} == {"kd on cuda:0": "not-run", "kd on cpu": "passed"}
    [why] = [rung.why for rung in found.rungs if rung.title == "device on cuda:0"]
    assert why == "AssertionError: Torch not compiled with CUDA enabled"
    assert not found.passed
