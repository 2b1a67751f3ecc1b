"""The check of dependencies, by pip and by uv: conflicts made in a real environment, and what mends them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import whereabouts
from made_environment import Environment

from envtool.checkup import CHECKS
from envtool.conditions.dependencies import Conflict, Dependencies
from envtool.facts import Package
from envtool.surroundings import dependencies

if TYPE_CHECKING:
    from envtool.checkup.check import Verdict
    from envtool.conditions import Here

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the faults are made as Unix makes them")
TORCH_INDEX = "--index-url https://download.pytorch.org/whl/cu124"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    return Environment(tmp_path)


@pytest.fixture(params=["pip", "uv"])
def asked(request: pytest.FixtureRequest, environment: Environment) -> str:
    """The tool that the environment leaves to ask."""
    tool: str = request.param
    if tool == "pip":
        environment.install_pip()
    elif not (shutil.which("uv") or Path(sys.executable).with_name("uv").exists()):
        pytest.skip("uv is not installed here")
    return tool


def judge(at: Here, seen: Dependencies | None = None) -> Verdict:
    return CHECKS["dependencies"].judge(whereabouts.conditions(at, dependencies=seen or dependencies.look(at)))


def judged(conflict: Conflict, *installed: Package, folder: Path, tool: str = "pip") -> Verdict:
    at = whereabouts.here(folder)._replace(executable="/env/bin/python")
    at = at._replace(target=at.target._replace(packages=installed))
    return judge(at, Dependencies(tool, (conflict,)))


class TestAsked:
    def test_all_is_well(self, environment: Environment, asked: str) -> None:
        environment.needs("aa", "1.0", "bb>=2")
        environment.needs("bb", "2.1")
        verdict = judge(environment.here())
        assert (verdict.status, verdict.seen.split()[0]) == ("ok", asked)

    def test_what_is_missing_and_what_does_not_fit(self, environment: Environment, asked: str) -> None:
        environment.needs("aa", "1.0", "bb>=2", "cc<2")
        environment.needs("cc", "2.1")
        found = dependencies.look(environment.here())
        assert found.tool == asked
        assert {(one.package, one.needs.split(">")[0], one.found) for one in found.conflicts or ()} == {
            ("aa", "bb", None),
            ("aa", "cc<2", "2.1"),
        }
        verdict = judge(environment.here())
        assert verdict.status == "warning"
        assert "aa 1.0 needs cc<2, and 2.1 is installed" in verdict.seen
        own = (
            f"{environment.python} -m pip install"
            if asked == "pip"
            else f"uv pip install --python {environment.python}"
        )
        assert f"{own} 'cc<2'" in verdict.do

    def test_a_torchvision_of_another_torch(self, environment: Environment, asked: str) -> None:
        environment.needs("torch", "2.5.1+cu124")
        environment.needs("torchvision", "0.19.0", "torch==2.4.0")
        verdict = judge(environment.here())
        assert verdict.status == "error"
        assert "torchvision 0.19.0 needs torch==2.4.0, and 2.5.1+cu124 is installed" in verdict.seen
        assert verdict.do[0].endswith(f"--force-reinstall --no-deps torchvision==0.20.1+cu124 {TORCH_INDEX}")
        assert asked in verdict.do[0]

    def test_a_wheel_of_another_platform(self, environment: Environment, asked: str) -> None:
        environment.needs("aa", "1.0", tag="cp27-cp27m-win32")
        verdict = judge(environment.here())
        if asked == "uv":  # of pip only newer versions look
            assert (verdict.status, verdict.seen) == ("warning", "aa 1.0 was built for another platform")
        assert verdict.status in ("ok", "warning")

    def test_a_module_in_this_folder_is_not_in_the_way(
        self, environment: Environment, monkeypatch: pytest.MonkeyPatch, asked: str
    ) -> None:
        environment.write("project/pip.py", "raise SystemExit(7)")
        monkeypatch.chdir(environment.project)
        assert (judge(environment.here()).status, asked in ("pip", "uv")) == ("ok", True)


class TestMany:
    @pytest.mark.parametrize(("number", "more"), [(5, ""), (6, "; and 1 more"), (7, "; and 2 more")])
    def test_the_rest_is_counted(self, tmp_path: Path, number: int, more: str) -> None:
        conflicts = tuple(Conflict(f"a{at}", "1.0", f"b{at}>=2", "1.0") for at in range(number))
        verdict = judge(whereabouts.here(tmp_path), Dependencies("pip", conflicts))
        assert verdict.seen.partition("b4>=2, and 1.0 is installed")[2] == more
        assert len(verdict.do) == 5

    def test_those_of_torch_come_first(self, tmp_path: Path) -> None:
        of_torch = Conflict("torchvision", "0.19.0", "torch==2.4.0", "2.5.1+cu124")
        found = Dependencies("pip", (Conflict("aa", "1.0", "bb>=2", "1.0"), of_torch))
        verdict = judge(whereabouts.here(tmp_path), found)
        assert (verdict.status, verdict.seen.startswith("torchvision 0.19.0 needs")) == ("error", True)

    def test_a_torch_of_another_platform_comes_from_its_index(self, tmp_path: Path) -> None:
        [advice] = judged(Conflict("torch", "2.5.1+cu124", "", None), CU124, folder=tmp_path).do
        assert advice == f"/env/bin/python -m pip install --force-reinstall --no-deps torch {TORCH_INDEX}"


class TestNoAnswer:
    def test_a_pip_that_is_broken(self, environment: Environment) -> None:
        environment.install("pip", "24.0", pip="raise SystemExit('out of order')")
        verdict = judge(environment.here())
        assert (verdict.status, verdict.seen.startswith("pip check gave no answer")) == ("unknown", True)

    def test_one_that_does_not_end(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dependencies, "LIMIT_S", 0.5)
        environment.install("pip", "24.0", pip="import signal\nsignal.pause()")
        verdict = judge(environment.here())
        assert (verdict.status, "did not end within 0.5 s" in verdict.seen) == ("unknown", True)

    def test_neither_pip_nor_uv(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "executable", environment.python)
        monkeypatch.setenv("PATH", str(environment.project))
        verdict = judge(environment.here())
        assert (verdict.status, "has no pip to ask, and uv is not on PATH" in verdict.seen) == ("unknown", True)

    def test_it_was_not_looked_at(self, tmp_path: Path) -> None:
        assert CHECKS["dependencies"].judge(whereabouts.conditions(whereabouts.here(tmp_path))).status == "unknown"


CU124 = Package("torch", "2.5.1+cu124")


class TestTorch:
    """Its index is named wherever it is concerned, and it is never upgraded away from it."""

    def test_a_companion_that_is_missing(self, tmp_path: Path) -> None:
        conflict = Conflict("timm", "1.0", "torchvision", None)
        [advice] = judged(conflict, CU124, folder=tmp_path).do
        assert advice == f"/env/bin/python -m pip install torchvision==0.20.1+cu124 {TORCH_INDEX}"

    def test_a_stranger_that_wants_another_torch(self, tmp_path: Path) -> None:
        verdict = judged(Conflict("xformers", "0.0.28", "torch==2.4.1", "2.5.1+cu124"), CU124, folder=tmp_path)
        assert verdict.status == "warning"
        assert verdict.do[0].startswith("envtool install-torch --torch ==2.4.1 --python /env/bin/python")
        assert verdict.do[1].startswith("/env/bin/python -m pip install --upgrade xformers --no-deps")

    def test_torch_is_missing(self, tmp_path: Path) -> None:
        verdict = judged(Conflict("timm", "1.0", "torch", None), folder=tmp_path)
        assert verdict.do == (whereabouts.COMMAND,)

    def test_what_torch_itself_lacks_comes_from_its_index(self, tmp_path: Path) -> None:
        conflict = Conflict("torch", "2.5.1+cu124", "nvidia-cublas-cu12==12.4.5.8", "12.1.3.1")
        verdict = judged(conflict, CU124, folder=tmp_path)
        assert verdict.status == "error"
        assert verdict.do == (f"/env/bin/python -m pip install nvidia-cublas-cu12==12.4.5.8 {TORCH_INDEX}",)

    def test_a_torch_of_the_registry_needs_no_index(self, tmp_path: Path) -> None:
        conflict = Conflict("torchaudio", "2.4.0", "torch==2.4.0", "2.5.1")
        [advice] = judged(conflict, Package("torch", "2.5.1"), folder=tmp_path).do
        assert advice == "/env/bin/python -m pip install --force-reinstall --no-deps torchaudio==2.5.1"

    def test_another_python(self, tmp_path: Path) -> None:
        [advice] = judged(Conflict("aa", None, "Python >=3.12", "3.11.7"), Package("aa", "1.0"), folder=tmp_path).do
        assert advice == "/env/bin/python -m pip install --upgrade aa  # or a Python that it is for: >=3.12"
