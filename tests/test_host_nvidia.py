"""What the kernel shows of NVIDIA's cards, where there is neither NVML nor nvidia-smi."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from machine_tree import MachineTree

from envtool.facts import Driver, Gpu
from envtool.host import nvidia

if TYPE_CHECKING:
    from pathlib import Path

MODULE = "NVRM version: NVIDIA UNIX"
MODULES = [
    (f"{MODULE} x86_64 Kernel Module  384.98  Thu Oct 26 15:16:01 PDT 2017\nGCC version:  gcc 7.2.0\n", "384.98"),
    (f"{MODULE} Open Kernel Module for x86_64  550.144.03  Release Build  (a@b)  Mon Dec 30\n", "550.144.03"),
    (f"{MODULE.replace(': ', ':  ')} Open Kernel Module for x86_64  515.57  Release Build Mi 20. Jul\n", "515.57"),
    (f"{MODULE} Open Kernel Module for x86_64  525.60.11  Release Build  (a@b)  \nGCC version: gcc 12\n", "525.60.11"),
    (f"{MODULE} Open Kernel Module for aarch64  555.58  Release Build  (a@b)  2024年 6月29日\n", "555.58"),
    (
        f"{MODULE} Open Kernel Module for aarch64  35.3.1  Release Build  (a@b)  Sun Mar 19 2023\nGCC 9 (2020.08)\n",
        None,
    ),
    ("", None),
    ("535.183.01", None),
]


@pytest.mark.parametrize(("said", "version"), MODULES)
def test_the_version_of_the_module(said: str, version: str | None) -> None:
    assert nvidia.parse_module(said) == version


def test_the_module_tells_in_sys_or_in_proc(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.write("proc/driver/nvidia/version", MODULES[1][0])
    assert nvidia.module_version(tmp_path) == "550.144.03"
    tree.write("sys/module/nvidia/version", "550.163.01\n")
    assert nvidia.module_version(tmp_path) == "550.163.01"


@pytest.mark.parametrize("display_class", ["0x030000", "0x030200", "0x038000"])
def test_a_container_without_the_runtime_sees_the_hosts_driver(tmp_path: Path, display_class: str) -> None:
    tree = MachineTree(tmp_path)
    tree.device("10de:2330", "nvidia", display_class)
    tree.write("proc/driver/nvidia/version", MODULES[1][0])
    seen = tree.look()
    assert seen.driver == Driver("nvidia", "550.144.03")
    assert seen.gpus == (Gpu("nvidia", None, pci_id="10de:2330"),)
    assert len(seen.notes) == 1
    assert "--gpus all" in seen.notes[0]


HOLDERS = [
    ("nouveau", "the kernel driver nouveau holds it, which serves no CUDA"),
    ("vfio-pci", "the kernel driver vfio-pci holds it, which keeps it for a virtual machine"),
    ("pci-stub", "the kernel driver pci-stub holds it, so NVIDIA's driver is not loaded"),
    (None, "no kernel driver holds it, so NVIDIA's driver is not loaded"),
]


@pytest.mark.parametrize(("driver", "said"), HOLDERS)
def test_a_card_that_nvidias_driver_does_not_hold(tmp_path: Path, driver: str | None, said: str) -> None:
    tree = MachineTree(tmp_path)
    tree.device("10de:1b06", driver)
    seen = tree.look()
    assert seen.driver is None
    assert seen.gpus == (Gpu("nvidia", None, pci_id="10de:1b06"),)
    assert len(seen.notes) == 1
    assert said in seen.notes[0]


def test_several_cards_alike_give_one_note(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    for _ in range(3):
        tree.device("10de:1db6", "nouveau", "0x030200")
    seen = tree.look()
    assert [gpu.pci_id for gpu in seen.gpus or ()] == ["10de:1db6"] * 3
    assert len(seen.notes) == 1


def test_a_driver_whose_version_is_hidden(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.device("10de:1b06", "nvidia")
    tree.write("dev/nvidiactl", "")
    assert tree.look().driver == Driver("nvidia", None)


@pytest.mark.parametrize("display_class", ["0x040300", "0x068000", "0x0c0330"])
def test_what_else_nvidia_builds_is_no_card(tmp_path: Path, display_class: str) -> None:
    tree = MachineTree(tmp_path)
    tree.device("10de:10f0", "snd_hda_intel", display_class)
    assert tree.look().gpus == ()


def jetson(tmp_path: Path, chip: str, release: str | None) -> MachineTree:
    tree = MachineTree(tmp_path)
    tree.write("proc/device-tree/compatible", f"nvidia,p3768-0000+p3767-0000\0nvidia,{chip}\0")
    tree.write("proc/device-tree/model", "NVIDIA Jetson Developer Kit\0")
    if release:
        tree.write("etc/nv_tegra_release", f"# {release}, GCID: 1, BOARD: generic, EABI: aarch64, DATE: Fri Aug 22\n")
    return tree


BOARDS = [("tegra194", (7, 2)), ("tegra234", (8, 7)), ("tegra264", (11, 0)), ("tegra999", None)]


@pytest.mark.parametrize(("chip", "capability"), BOARDS)
def test_a_jetson(tmp_path: Path, chip: str, capability: tuple[int, int] | None) -> None:
    seen = jetson(tmp_path, chip, "R36 (release), REVISION: 4.3").look()
    assert seen.os.jetson_l4t == "36.4.3"
    assert seen.driver == Driver("nvidia", None)
    assert seen.gpus == (Gpu("nvidia", "NVIDIA Jetson Developer Kit", capability),)
    assert seen.notes == ()


def test_a_jetsons_module_gives_the_release_of_its_linux_and_no_driver(tmp_path: Path) -> None:
    tree = jetson(tmp_path, "tegra234", None)
    tree.write("proc/driver/nvidia/version", MODULES[5][0])
    seen = tree.look()
    assert seen.os.jetson_l4t == "35.3.1"
    assert seen.driver == Driver("nvidia", None)


def test_a_jetson_that_hides_its_release(tmp_path: Path) -> None:
    assert jetson(tmp_path, "tegra234", None).look().os.jetson_l4t == "unknown"


def test_a_jetson_whose_tools_answer(tmp_path: Path) -> None:
    tree = jetson(tmp_path, "tegra234", "R36 (release), REVISION: 4.0")
    tree.program("bin/nvidia-smi", "echo '540.4.0, Orin (nvgpu), 8.7, [N/A], [N/A]'")
    seen = tree.look()
    assert seen.driver == Driver("nvidia", "540.4.0")
    assert seen.gpus == (Gpu("nvidia", "Orin (nvgpu)", (8, 7)),)


VISIBLE = [
    ("", 0),
    ("-1", 0),
    ("NoDevFiles", 0),
    ("1", 1),
    ("0,-1,1", 1),
    ("0,7", 1),
    ("GPU-8f2e", 1),
    ("MIG-8f2e,1", 2),
    ("0,1", 2),
    (" 1 , 0 ", 2),
]


@pytest.mark.parametrize(("variable", "shown"), VISIBLE)
def test_cards_that_a_variable_hides_are_counted_and_told(tmp_path: Path, variable: str, shown: int) -> None:
    tree = MachineTree(tmp_path)
    tree.program("bin/nvidia-smi", "echo '550.54.14, Tesla T4, 7.5, 15360, 0x1EB810DE'\n" * 2)
    seen = tree.look(CUDA_VISIBLE_DEVICES=variable)
    assert len(seen.gpus or ()) == 2
    expected = () if shown == 2 else (f"CUDA_VISIBLE_DEVICES={variable!r} shows torch {shown} of 2 NVIDIA cards",)
    assert seen.notes == expected
