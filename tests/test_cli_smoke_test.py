"""`envtool smoke-test` as a shell sees it, against targets made for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest
from loopback import bare_environment

import envtool
from envtool.smoke.device import device_for

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
OWN_PACKAGES = Path(sysconfig.get_path("purelib"))
ENVTOOL = (  # which sees neither the folder it is called in nor PYTHONPATH: those are for the target
    f"import sys; sys.path.insert(0, {str(Path(envtool.__file__).parent.parent)!r}); "
    "from envtool.cli import main; main()"
)
INSTALL = re.compile(r"^instead .*install torch==", re.MULTILINE)
posix_only = pytest.mark.skipif(os.name != "posix", reason="makes a target by links")


def smoke_test(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, report, and what was said beside it."""
    ran = subprocess.run(
        [sys.executable, "-I", "-c", ENVTOOL, "smoke-test", "--device", "cpu", "--json", *arguments],
        cwd=cwd,
        env=bare_environment(OMP_NUM_THREADS="1", **environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return ran.returncode, json.loads(ran.stdout), ran.stderr


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["outcome"] for item in (*report["ladder"], *report["models"])}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """An environment with nothing in it; its folder of packages."""
    venv.create(tmp_path / "env", symlinks=True)
    return tmp_path / f"env/lib/python{MINOR}/site-packages"


def python_of(packages: Path) -> Path:
    return packages.parent.parent.parent / "bin/python"


def lend_torch(packages: Path) -> None:
    """All that this environment has, behind what the target has of its own."""
    (packages / "lent.pth").write_text(f"{OWN_PACKAGES}\n")


class TestDevice:
    @pytest.mark.parametrize(
        ("asked", "backend", "device"),
        [
            ("auto", "cu126", "cuda"),
            ("auto", "rocm6.4", "cuda"),
            ("auto", "xpu", "xpu"),
            ("auto", "cpu", "auto"),  # an Apple GPU is served by this build too
            ("auto", None, "auto"),
            ("cpu", "cu126", "cpu"),
            ("hip", "rocm6.4", "cuda"),
            ("cuda:1", "cpu", "cuda:1"),
        ],
    )
    def test_what_is_tried(self, asked: str, backend: str | None, device: str) -> None:
        assert device_for(asked, backend, {}) == device

    @pytest.mark.parametrize("hidden", ["", "-1"])
    def test_hidden_cards_are_not_asked_for(self, hidden: str) -> None:
        assert device_for("auto", "cu126", {"CUDA_VISIBLE_DEVICES": hidden}) == "auto"
        assert device_for("auto", "cu126", {"CUDA_VISIBLE_DEVICES": "1"}) == "cuda"


@posix_only
@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_line_lives_on_a_terminal_and_nowhere_else(target: Path, environment: dict[str, str]) -> None:
    shows, terminal = os.openpty()
    ran = subprocess.Popen(
        [sys.executable, "-I", "-c", ENVTOOL, "smoke-test", "--device", "cpu", "--python", str(python_of(target))],
        env=bare_environment(**{"TERM": "xterm", **environment}),
        stdout=subprocess.PIPE,
        stderr=terminal,
        stdin=subprocess.DEVNULL,
    )
    os.close(terminal)
    printed = ran.communicate(timeout=60)[0].decode()
    shown = os.read(shows, 1 << 16).decode()
    os.close(shows)
    assert "\x1b" not in printed
    assert printed.splitlines()[-1].startswith("smoke-test: inn, kd, lora not run; ladder broken at import-torch in ")
    assert ("starting the target's Python" in shown) == ("TERM" not in environment)
    assert ("\x1b[32m" in shown) == ("NO_COLOR" not in environment)


@pytest.mark.slow
@posix_only
class TestTargets:
    def test_a_whole_torch_passes(self) -> None:
        status, report, said = smoke_test("--quick", "--python", sys.executable)
        assert status == 0, report
        assert set(outcomes(report).values()) <= {"passed", "not-run"}
        assert [model["outcome"] for model in report["models"]] == ["passed"] * 3
        assert "instead" not in said

    def test_no_torch(self, target: Path) -> None:
        status, report, said = smoke_test("--quick", "--python", python_of(target))
        assert status == 3
        assert report["ladder"][0]["why"] == "ModuleNotFoundError: No module named 'torch'"
        assert outcomes(report)["inn"] == "not-run"
        assert (
            report["models"][0]["why"]
            == "the ladder ends at import-torch: ModuleNotFoundError: No module named 'torch'"
        )
        assert INSTALL.search(said), said

    def test_a_torchvision_that_does_not_belong(self, target: Path) -> None:
        lend_torch(target)
        (target / "torchvision.py").write_text(
            "import torch\n__version__ = '0.19.1'\ntorch.library.register_fake('torchvision::nms')(print)\n"
        )
        status, report, said = smoke_test("--model", "kd", "--quick", "--python", python_of(target))
        assert status == 1
        [companions] = [rung for rung in report["ladder"] if rung["name"] == "companions"]
        assert companions["outcome"] == "failed"
        assert "operator torchvision::nms does not exist" in companions["why"]
        assert outcomes(report)["kd"] == "passed"
        assert INSTALL.search(said), said

    @pytest.mark.parametrize("kept", [0.0, 0.5])
    def test_a_library_of_torch_that_is_cut_off(self, target: Path, kept: float) -> None:
        damage_torch(target, kept)
        status, report, said = smoke_test("--quick", "--python", python_of(target))
        assert status == 3
        [first, *others] = report["ladder"]
        assert first["outcome"] in ("failed", "crashed")
        assert re.search(r"file too short|SIGBUS|libtorch_cpu|cannot read", first["why"]), first
        assert {rung["outcome"] for rung in (*others, *report["models"])} == {"not-run"}
        assert INSTALL.search(said), said

    def test_a_start_up_file_that_prints_and_a_json_py_here(self, target: Path, tmp_path: Path) -> None:
        lend_torch(target)
        (tmp_path / "sitecustomize.py").write_text("print('hello', flush=True)\n")
        (tmp_path / "here").mkdir()
        (tmp_path / "here/json.py").write_text("raise SystemExit('the wrong json')\n")
        status, report, _ = smoke_test(
            "--model", "lora", "--quick", "--python", python_of(target), cwd=tmp_path / "here", PYTHONPATH=str(tmp_path)
        )
        assert status == 0
        assert outcomes(report)["lora"] == "passed"

    def test_a_model_that_dies(self, tmp_path: Path) -> None:
        (tmp_path / "sitecustomize.py").write_text(
            "import sys, os\nif 'smoke_runner.py' in ' '.join(sys.orig_argv):\n"
            "    import torch\n    torch.nn.functional.layer_norm = lambda *_, **__: os.abort()\n"
        )
        status, report, _ = smoke_test(
            "--model", "lora", "--quick", "--python", sys.executable, PYTHONPATH=str(tmp_path)
        )
        assert status == 1
        assert "was ended by SIGABRT" in report["models"][0]["why"]


def damage_torch(packages: Path, kept: float) -> None:
    """torch as this environment has it, but of its largest library so large a part."""
    lend_torch(packages)
    own = OWN_PACKAGES / "torch"
    for folder, _, files in os.walk(own):
        made = packages / "torch" / Path(folder).relative_to(own)
        made.mkdir()
        for file in files:
            (made / file).symlink_to(Path(folder, file))
    library = packages / "torch/lib/libtorch_cpu.so"
    if not library.exists():
        pytest.skip(f"this torch has no {library.name}")
    whole = library.resolve()
    library.unlink()
    with whole.open("rb") as source:
        library.write_bytes(source.read(int(whole.stat().st_size * kept)))
