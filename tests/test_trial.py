"""The smoke runner in a real target: each rung and each model sabotaged, and named."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from envtool import trial
from envtool.smoke import SmokeReport, fold
from envtool.smoke.ladder import EARLIEST, RUNGS
from envtool.surroundings.cgroup import own_memory_group
from envtool.target import IN_TARGET

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = tuple(rung.name for rung in RUNGS)
LIMITS_S = {rung.name: 60.0 for rung in RUNGS} | {"inn": 60.0, "kd": 60.0, "lora": 60.0}


def tried(
    *items: str,
    device: str = "cpu",
    training: float = 0.0,
    limits_s: Mapping[str, float] = MappingProxyType({}),
) -> SmokeReport:
    rungs = tuple(dict.fromkeys((*EARLIEST, *(item for item in items if item in NAMES))))
    models = tuple(item for item in items if item not in NAMES)
    work = trial.Work((*rungs, *models), device=device, training=training)
    events = list(trial.perform(sys.executable, work, {**LIMITS_S, **limits_s}))
    return fold(events, rungs, models, 0, 0.0)


@pytest.fixture
def start_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that each Python runs as it starts."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "sitecustomize.py"


def test_the_rungs_are_those_of_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(IN_TARGET)
    assert tuple(importlib.import_module("ladder").RUNGS) == NAMES


def test_every_quick_rung_passes_here() -> None:
    found = tried(*(rung.name for rung in RUNGS if rung.is_quick and rung.name not in EARLIEST))
    assert {rung.name: rung.why for rung in found.rungs if rung.outcome != "passed"} == {
        "stream": "only CUDA devices have streams to choose from",
        "companions": "neither torchvision nor torchaudio is installed here",
    }
    assert found.stage
    assert found.stage.device == "cpu"


def test_a_start_up_file_that_prints_and_a_json_py_beside_the_user(
    start_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_up.write_text("print('hello', flush=True)\n")
    (tmp_path / "here").mkdir()
    (tmp_path / "here/json.py").write_text("raise SystemExit('the wrong json')\n")
    monkeypatch.chdir(tmp_path / "here")
    assert [rung.outcome for rung in tried("kernel").rungs] == ["passed"] * 4


def test_a_torch_that_cannot_be_imported(tmp_path: Path, start_up: Path) -> None:
    assert start_up.parent == tmp_path
    (tmp_path / "torch.py").write_text("raise ImportError('libcudart.so.12: cannot open shared object file')\n")
    found = tried("kernel", "kd")
    assert found.rungs[0].why == "ImportError: libcudart.so.12: cannot open shared object file"
    assert not found.has_run


def test_a_device_that_is_not_there() -> None:
    found = tried("kernel", device="cuda")
    assert found.rungs[1].outcome == "failed"
    assert "sees no GPU" in str(found.rungs[1].why)


NO_GPU_BEHIND_IT = """
torch.cuda.is_available, torch.cuda.current_device = lambda: True, lambda: 0
torch.cuda.get_device_name = lambda _: "a card that is none"
torch.cuda.reset_peak_memory_stats, torch.cuda.max_memory_allocated = print, lambda _: 0
full, arange = torch.full, torch.arange
torch.full = lambda *arguments, device, **how: full(*arguments, **how)
torch.arange = lambda *arguments, device, **how: arange(*arguments, **how)
torch.cuda.Stream = lambda _: os.kill(os.getpid(), signal.SIGKILL)
"""
FOREIGN = """
its = pathlib.Path(__file__).with_name("torchvision.py")
its.write_text("import torch; torch.library.register_fake('torchvision::nms')(print)")
"""
SABOTAGE = [
    ("allocate", "torch.full = lambda size, value, **how: torch.zeros(size, **how)", "failed", "holds"),
    ("kernel", "torch.arange = lambda *_, **__: ctypes.string_at(0)", "crashed", "was ended by SIGSEGV"),
    (
        "matmul",
        "right = torch.matmul; torch.Tensor.__matmul__ = lambda a, b: right(a, b) * (1 + (a.dtype != torch.float64))",
        "failed",
        "float32",
    ),
    ("convolution", "right = torch.conv2d; torch.nn.functional.conv2d = halved", "failed", "matrix product"),
    (
        "attention",
        "torch.nn.functional.scaled_dot_product_attention = lambda query, *_: query * float('nan')",
        "failed",
        "softmax",
    ),
    ("autograd", "torch.Tensor.backward = lambda _: time.sleep(600)", "timed-out", "did not end within 8 s"),
    ("optimizer", "torch.optim.Adam.step = lambda _: None", "failed", "Adam"),
    (
        "copies",
        "right = torch.Tensor.to; torch.Tensor.to = lambda self, *to, **how: right(self, *to, **how) + 1",
        "failed",
        "there and back",
    ),
    ("stream", NO_GPU_BEHIND_IT, "crashed", "was ended by SIGKILL"),
    (
        "data-loader",
        "torch.utils.data.DataLoader.__iter__ = lambda _: os.kill(os.getpid(), signal.SIGKILL)",
        "crashed",
        "was ended by SIGKILL",
    ),
    ("out-of-memory", "torch.empty = lambda *_, **__: None", "failed", "an exbibyte was granted"),
    (
        "companions",
        FOREIGN,
        "failed",
        "operator torchvision::nms does not exist",
    ),
    ("threads", "torch.set_num_threads = lambda _: ctypes.string_at(0)", "crashed", "was ended by SIGSEGV"),
    ("compile", "torch.compile = lambda function: lambda value: value", "failed", "compiled"),
    ("inn", "torch.sigmoid = lambda x: x * float('nan')", "failed", "round trip, torch.float32"),
    ("inn", "torch.Tensor.slogdet = lambda _: ctypes.string_at(0)", "crashed", "during log determinant: was ended by"),
    ("kd", "right = torch.nn.functional.kl_div; torch.nn.functional.kl_div = halved", "failed", "gradient"),
    ("kd", "torch.optim.SGD.step = lambda *_: time.sleep(600)", "timed-out", "during teacher untouched: did not end"),
    (
        "lora",
        "torch.save = lambda *_: os.kill(os.getpid(), signal.SIGKILL)",
        "crashed",
        "during sizes: was ended by SIGKILL",
    ),
    ("lora", "torch.nn.functional.layer_norm = lambda *_, **__: os.abort()", "crashed", "was ended by SIGABRT"),
]
HEAD = """
import ctypes, os, pathlib, signal, sys, time
import torch
import torch.utils.data

def halved(*arguments, **how):
    return right(*arguments, **how) / 2

"""


@pytest.mark.slow
@pytest.mark.parametrize(("item", "code", "outcome", "why"), SABOTAGE)
def test_what_is_sabotaged_is_named_and_the_rest_goes_on(
    item: str, code: str, outcome: str, why: str, start_up: Path
) -> None:
    start_up.write_text(HEAD + textwrap.dedent(code) + "\n")
    last = "out-of-memory" if item == "threads" else "threads"
    found = tried(item, last, device="cuda" if item == "stream" else "cpu", limits_s={"autograd": 8.0, "kd": 15.0})
    [broken] = [each for each in (*found.rungs, *found.models) if each.name == item]
    assert broken.outcome == outcome, broken
    assert why in str(broken.why)
    if item not in (*EARLIEST, "stream"):  # all stand on those, and the stream's device is none
        assert [rung.outcome for rung in found.rungs if rung.name == last] == ["passed"]


def test_every_rung_and_model_is_sabotaged() -> None:
    assert {"import-torch", "device"} | {item for item, *_ in SABOTAGE} == {*NAMES, *trial.model_names()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "outcome", "why"),
    [
        ("import ctypes; ctypes.string_at(0)", "crashed", "was ended by SIGSEGV"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "crashed", "was ended by SIGKILL"),
        ("import time; time.sleep(600)", "timed-out", "did not end within 3 s"),
    ],
)
def test_an_import_that_never_comes_back_is_tried_once(
    code: str, outcome: str, why: str, tmp_path: Path, start_up: Path
) -> None:
    assert start_up.parent == tmp_path
    (tmp_path / "torch.py").write_text(f"open({str(tmp_path / 'tries')!r}, 'a').write('+')\n{code}\n")
    found = tried("kernel", "kd", limits_s={"import-torch": 3.0})
    assert (found.rungs[0].outcome, found.rungs[0].why) == (outcome, why)
    assert found.models[0].why == f"the ladder ends at import-torch: {why}"
    assert (tmp_path / "tries").read_text() == "+"


@pytest.mark.slow
def test_a_driver_that_hangs_is_named(start_up: Path) -> None:
    start_up.write_text(HEAD + "torch.cuda.is_available = lambda: time.sleep(600)\n")
    found = tried("kernel", "kd", device="auto", limits_s={"device": 8.0})
    assert (found.rungs[1].outcome, found.rungs[1].why) == ("timed-out", "did not end within 8 s")
    assert not found.has_run


@pytest.mark.slow
def test_a_training_is_timed_and_its_memory_told() -> None:
    trained, idle = (tried("kd", training=training).models[0] for training in (0.05, 0.0))
    assert trained.steps_per_second
    assert idle.steps_per_second is None
    assert trained.peak_memory_mib == trained.host_memory_mib
    assert trained.peak_memory_mib
    assert trained.peak_memory_mib > 50  # as much as torch takes to be imported


class TestThreads:
    def remarks(self) -> str:
        [threads] = [rung for rung in tried("threads").rungs if rung.name == "threads"]
        assert threads.outcome == "passed"
        return "\n".join(threads.remarks)

    @pytest.mark.slow
    @pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system ties no process to a core")
    def test_other_programs_on_the_same_core(self) -> None:
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cores)})
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
        try:
            said = self.remarks()
        finally:
            os.sched_setaffinity(0, cores)
            for each in busy:
                each.kill()
                each.wait()
        assert "other programs want the same cores: a busy thread gets" in said

    @pytest.mark.slow
    def test_more_threads_than_cores(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OMP_NUM_THREADS", "64")
        monkeypatch.setenv("MKL_DYNAMIC", "FALSE")  # else MKL cuts it down
        assert "64 threads, and of cores" in self.remarks()

    @pytest.mark.slow
    def test_fewer_cores_granted_than_there_are(self) -> None:
        group = Path(f"/sys/fs/cgroup/cpu/envtool-test-{os.getpid()}")
        try:
            group.mkdir()
            (group / "cpu.cfs_quota_us").write_text("90000")
        except OSError as error:
            pytest.skip(f"no control group of version 1 can be made: {error}")
        try:
            (group / "cgroup.procs").write_text(str(os.getpid()))
            said = self.remarks()
        finally:
            (group.parent / "cgroup.procs").write_text(str(os.getpid()))
            group.rmdir()
        if len(os.sched_getaffinity(0)) > 1:
            assert "threads, and of cores the control group allows 0.9: export OMP_NUM_THREADS=1" in said


@pytest.mark.slow
class TestMemory:
    @pytest.mark.parametrize(
        ("greed", "says"),
        [("torch.ones(1 << 50)", "DefaultCPUAllocator"), ("bytearray(1 << 60)", "MemoryError")],
    )
    def test_an_allocation_that_is_refused(self, greed: str, says: str, start_up: Path) -> None:
        start_up.write_text(f"{HEAD}torch.sigmoid = lambda _: {greed}\n")
        [inn] = tried("inn").models
        assert inn.outcome == "failed"
        assert str(inn.why).startswith("during round trip: out of memory (")
        assert says in str(inn.why)

    def test_a_process_that_the_kernel_ends(self, start_up: Path) -> None:
        own = own_memory_group(Path("/")).strip("/")  # the kernel is asked of that, and of those below it
        group = Path("/sys/fs/cgroup/memory", own, f"envtool-test-{os.getpid()}")
        try:
            group.mkdir()
            (group / "memory.limit_in_bytes").write_text(str(900 << 20))
        except OSError as error:
            pytest.skip(f"no control group of version 1 can be made: {error}")
        join = f"open({str(group / 'cgroup.procs')!r}, 'w').write('0')"
        start_up.write_text(f"{HEAD}torch.sigmoid = lambda _: ({join}, torch.ones(1 << 30))\n")
        try:
            found = tried("inn", "kd")
        finally:
            group.rmdir()
        assert [model.outcome for model in found.models] == ["crashed", "passed"]
        assert str(found.models[0].why).startswith(
            "during round trip: out of memory: the kernel ended it, which had taken "
        )


@pytest.mark.slow
def test_a_torch_that_is_too_old_for_the_models_climbs_the_ladder(start_up: Path) -> None:
    start_up.write_text(f"{HEAD}torch.__version__ = '1.9.1+cpu'\n")
    found = tried("matmul", "kd")
    assert {rung.outcome for rung in found.rungs} == {"passed"}
    [kd] = found.models
    assert (kd.outcome, kd.why) == ("not-run", "the reference models need torch 1.13, and this is 1.9.1+cpu")
    assert not found.has_run
