"""NVML through a stand-in library, as the child process loads it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from machine_tree import MachineTree

from envtool.facts import Driver, Gpu
from envtool.host import nvml, utilization

SOURCE = Path(__file__).parent / "stand_ins/nvml.c"
OLD = Gpu("nvidia", "NVIDIA GeForce GTX 1080 Ti", (6, 1), None, 11264, "10de:1b06")
NEW = Gpu("nvidia", "NVIDIA A100-SXM4-40GB", (8, 0), None, 40960, "10de:20b0")
WITHOUT_MEMORY = Gpu("nvidia", "NVIDIA A100-SXM4-40GB", (8, 0), None, None, "10de:20b0")
LOST = Gpu("nvidia", None)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the stand-in."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("a stand-in for NVML needs Linux and a C compiler")
    folder = tmp_path_factory.mktemp("nvml")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(folder / nvml.LIBRARY), str(SOURCE)], check=True)
    return folder


@pytest.fixture
def tree(tmp_path: Path) -> MachineTree:
    """A machine whose driver is loaded."""
    tree = MachineTree(tmp_path)
    tree.device("10de:1b06", "nvidia")
    tree.device("10de:20b0", "nvidia", "0x030200")
    tree.write("sys/module/nvidia/version", "535.183.01\n")
    tree.write("dev/nvidiactl", "")
    tree.write("bin/nvidia-smi", "")  # no program: whatever NVML answers, it is not asked
    return tree


def test_two_cards_of_different_age(tree: MachineTree, library: Path) -> None:
    seen = tree.look(LD_LIBRARY_PATH=str(library))
    assert seen.driver == Driver("nvidia", "535.183.01")
    assert seen.gpus == (OLD, NEW)
    assert seen.notes == ()


def test_memory_that_is_the_machines_own_is_unknown(tree: MachineTree, library: Path) -> None:
    seen = tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_SHARED="1")
    assert seen.gpus == (OLD, WITHOUT_MEMORY)


def test_mig_slices(tree: MachineTree, library: Path) -> None:
    seen = tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_MIG="1", STAND_IN_SLICES="3")
    assert seen.gpus is not None
    assert [gpu.mig_memory_mib for gpu in seen.gpus] == [(), (4864, 4864, 4864)]
    assert "one slice only" in seen.notes[0]


def test_mig_without_a_slice(tree: MachineTree, library: Path) -> None:
    seen = tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_MIG="1")
    assert seen.gpus == (OLD, NEW)
    assert "without a slice" in seen.notes[0]


@pytest.mark.parametrize(("code", "said"), [("15", "fallen off the bus"), ("4", "may not open it"), ("2", "error 2")])
def test_one_sick_card_does_not_spoil_the_other(tree: MachineTree, library: Path, code: str, said: str) -> None:
    seen = tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_LOST="0", STAND_IN_LOST_CODE=code)
    assert seen.gpus == (LOST, NEW)
    assert seen.driver == Driver("nvidia", "535.183.01")
    assert seen.notes[0].startswith("NVIDIA card 0: ")
    assert said in seen.notes[0]


def test_a_driver_that_was_upgraded_but_not_loaded(tree: MachineTree, library: Path) -> None:
    seen = tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_INIT="18")
    assert seen.driver == Driver("nvidia", "535.183.01", userspace_version="535.216.03")
    assert [gpu.pci_id for gpu in seen.gpus or ()] == ["10de:1b06", "10de:20b0"]
    assert len(seen.notes) == 1
    assert "reboot" in seen.notes[0]


CODES = [("4", "may not open it"), ("17", "blocks the card"), ("999", "lost its devices"), ("7", "NVML error 7")]


@pytest.mark.parametrize(("code", "said"), CODES)
def test_a_driver_that_refuses_leaves_the_cards_to_the_bus(
    tree: MachineTree, library: Path, code: str, said: str
) -> None:
    seen = tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_INIT=code)
    assert seen.driver == Driver("nvidia", "535.183.01")
    assert [gpu.pci_id for gpu in seen.gpus or ()] == ["10de:1b06", "10de:20b0"]
    assert said in seen.notes[0]


@pytest.mark.parametrize("code", ["4", "9", "17", "18", "999"])
def test_a_driver_that_refuses_in_wsl_leaves_the_cards_unknown(tmp_path: Path, library: Path, code: str) -> None:
    tree = MachineTree(tmp_path)
    tree.write("proc/sys/kernel/osrelease", "5.15.153.1-microsoft-standard-WSL2")
    tree.write("dev/dxg", "")
    seen = tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_INIT=code)
    assert seen.gpus is None
    assert f"NVML error {code}" in seen.notes[0]


def test_a_library_without_driver_or_card_proves_that_there_is_none(tmp_path: Path, library: Path) -> None:
    seen = MachineTree(tmp_path).look(LD_LIBRARY_PATH=str(library), STAND_IN_INIT="9")
    assert (seen.driver, seen.gpus) == (None, ())


def test_a_driver_that_refuses_where_the_bus_shows_no_card(tmp_path: Path, library: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.write("dev/nvidiactl", "")
    assert tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_INIT="4").gpus is None


def test_a_driver_that_serves_none_of_the_cards(tree: MachineTree, library: Path) -> None:
    seen = tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_COUNT="0")
    assert seen.driver == Driver("nvidia", "535.183.01")
    assert [gpu.pci_id for gpu in seen.gpus or ()] == ["10de:1b06", "10de:20b0"]
    assert "serves no card" in seen.notes[0]


def test_a_driver_without_cards(tmp_path: Path, library: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.write("dev/nvidiactl", "")
    seen = tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_COUNT="0")
    assert (seen.driver, seen.gpus, seen.notes) == (Driver("nvidia", "535.183.01"), (), ())


def test_a_library_that_hangs_leaves_the_cards_to_the_bus(
    tree: MachineTree, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nvml, "TIME_LIMIT_S", 0.5)
    tree.program("bin/nvidia-smi", "echo 535.183.01, asked all the same, 6.1, 11264, 0x1B0610DE")
    seen = tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_SICK="hang")
    assert seen.gpus == (Gpu("nvidia", None, pci_id="10de:1b06"), Gpu("nvidia", None, pci_id="10de:20b0"))
    assert seen.driver == Driver("nvidia", "535.183.01")
    assert "did not end within 0.5 s" in seen.notes[0]


def test_after_a_library_that_crashes_nvidia_smi_is_asked(tree: MachineTree, library: Path) -> None:
    tree.program("bin/nvidia-smi", "echo 535.183.01, NVIDIA GeForce GTX 1080 Ti, 6.1, 11264, 0x1B0610DE")
    seen = tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_SICK="crash")
    assert seen.gpus == (OLD,)
    assert "status -11" in seen.notes[0]


def test_a_library_that_crashes_in_wsl_leaves_the_cards_unknown(tmp_path: Path, library: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.write("proc/sys/kernel/osrelease", "5.15.153.1-microsoft-standard-WSL2")
    assert tree.look(LD_LIBRARY_PATH=str(library), STAND_IN_SICK="crash").gpus is None


def test_a_file_that_is_no_library_is_passed_over(tree: MachineTree, tmp_path: Path) -> None:
    tree.write(f"opt/{nvml.LIBRARY}", "no library")
    tree.program("bin/nvidia-smi", "echo 535.183.01, NVIDIA GeForce GTX 1080 Ti, 6.1, 11264, 0x1B0610DE")
    seen = tree.look(LD_LIBRARY_PATH=str(tmp_path / "opt"))
    assert seen.gpus == (OLD,)
    assert "NVML could not be asked" in seen.notes[0]


def test_in_wsl_the_library_of_windows_goes_before_that_of_a_package(tmp_path: Path, library: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.write("proc/sys/kernel/osrelease", "5.15.153.1-microsoft-standard-WSL2")
    tree.write("dev/dxg", "")
    tree.folder(nvml.WSL_LIBRARIES)
    shutil.copy(library / nvml.LIBRARY, tmp_path / nvml.WSL_LIBRARIES)
    tree.write(f"opt/{nvml.LIBRARY}", "the one of a Linux package")
    seen = tree.look(LD_LIBRARY_PATH=str(tmp_path / "opt"))
    assert seen.os.wsl
    assert seen.gpus == (OLD, NEW)


def test_a_library_that_the_loader_does_not_find_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvml, "LIBRARY", "libnvidia-ml-of-nobody.so.1")
    assert not nvml._is_found_by_loader()


class TestUtilization:
    def busy(self, uuid: str, **environment: str) -> float | None:
        """As told of the time from now until the first sample."""
        with utilization.sampled({**os.environ, **environment}) as busy:
            assert busy.samples
            while not busy.samples.read_text("ascii").endswith("\n"):
                pass
            assert busy.since(time.monotonic() + 3600, uuid) is None
            return busy.since(0.0, uuid)

    def test_of_each_card(self, library: Path) -> None:
        told = {"LD_LIBRARY_PATH": str(library), "STAND_IN_BUSY": "43", "STAND_IN_MIG": "1"}
        assert self.busy("GPU-old", **told) == 43
        assert self.busy("GPU-new", **told) is None  # a card in slices does not tell
        assert self.busy("GPU-another", **told) is None

    def test_a_library_that_hangs_holds_nobody_up(self, library: Path) -> None:
        sick = {**os.environ, "LD_LIBRARY_PATH": str(library), "STAND_IN_SICK": "hang"}
        with utilization.sampled(sick) as busy:
            assert busy.since(0.0, "GPU-old") is None

    @pytest.mark.skipif(nvml._is_found_by_loader(), reason="this machine has NVML")
    def test_without_the_library(self) -> None:
        with utilization.sampled({}) as busy:
            assert busy.samples is None
            assert busy.since(0.0, "GPU-old") is None
