from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest
from machine_tree import MachineTree

from envtool import host
from envtool.facts import Driver, Gpu, OperatingSystem

if TYPE_CHECKING:
    from pathlib import Path


def test_a_plain_machine_has_no_gpu_and_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a process was started")

    for module in (host.nvml, host.nvidia_smi, host.amd):
        monkeypatch.setattr(module, "capture", refuse)
    tree = MachineTree(tmp_path)
    tree.device("1af4:1050", "virtio-pci")
    tree.device("1a03:2000", "ast")  # a server's management controller
    seen = tree.look()
    assert seen.os == OperatingSystem("Linux", "ubuntu", "22.04")
    assert seen.driver is None
    assert seen.gpus == ()
    assert seen.environment == (("CUDA_VISIBLE_DEVICES", None),)
    assert seen.notes == ()


def test_this_machine_can_be_looked_at() -> None:
    seen = host.look()
    assert seen.os.system == platform.system()
    assert seen.gpus is None or isinstance(seen.gpus, tuple)


def test_a_machine_without_a_pci_bus_has_no_card(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    (tmp_path / "sys/bus/pci/devices").rmdir()
    assert tree.look().gpus == ()


def test_where_sys_is_hidden_nobody_could_look(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    (tmp_path / "sys").rename(tmp_path / "hidden")
    seen = tree.look()
    assert seen.gpus is None
    assert any("nor a PCI bus" in note for note in seen.notes)


def test_an_unknown_system_could_not_be_looked_at(tmp_path: Path) -> None:
    seen = MachineTree(tmp_path).look("FreeBSD")
    assert seen.os == OperatingSystem("FreeBSD")
    assert seen.gpus is None


OS_RELEASES = [
    ('ID=debian\nVERSION_ID="12"\n', "debian", "12"),
    ("NAME='Arch Linux'\nID=arch\nBUILD_ID=rolling\n", "arch", None),
    ("# a comment\n\nID='rhel'\nVERSION_ID='9.4'\n", "rhel", "9.4"),
    ("", None, None),
]


@pytest.mark.parametrize(("said", "distribution", "version"), OS_RELEASES)
def test_the_distribution(tmp_path: Path, said: str, distribution: str | None, version: str | None) -> None:
    tree = MachineTree(tmp_path)
    tree.write("etc/os-release", said)
    assert tree.look().os == OperatingSystem("Linux", distribution, version)


def test_the_distribution_stands_under_usr_lib_too(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    (tmp_path / "etc/os-release").unlink()
    tree.write("usr/lib/os-release", "ID=fedora\nVERSION_ID=43\n")
    assert tree.look().os.distribution == "fedora"


def test_windows_without_nvidia_has_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "release", lambda: "11")
    seen = MachineTree(tmp_path).look("Windows", WINDIR=str(tmp_path / "Windows"), ProgramFiles=str(tmp_path))
    assert seen.os == OperatingSystem("Windows", version="11")
    assert (seen.driver, seen.gpus, seen.notes) == (None, (), ())


@pytest.mark.parametrize("kernel", ["5.15.153.1-microsoft-standard-WSL2", "4.4.0-19041-Microsoft"])
def test_wsl_without_a_card_in_reach(tmp_path: Path, kernel: str) -> None:
    tree = MachineTree(tmp_path)
    tree.write("proc/sys/kernel/osrelease", kernel)
    seen = tree.look()
    assert seen.os.wsl
    assert seen.gpus == ()
    assert any("/dev/dxg" in note for note in seen.notes)


def test_wsl_with_graphics_of_another_maker(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.write("proc/sys/kernel/osrelease", "5.15.153.1-microsoft-standard-WSL2")
    tree.write("dev/dxg", "")
    seen = tree.look()
    assert (seen.driver, seen.gpus, seen.notes) == (None, (), ())


def test_variables_are_kept_where_they_are_set(tmp_path: Path) -> None:
    seen = MachineTree(tmp_path).look(CUDA_VISIBLE_DEVICES="", LD_LIBRARY_PATH="/opt/x", HOME="/home/someone")
    assert seen.environment == (("CUDA_VISIBLE_DEVICES", ""), ("LD_LIBRARY_PATH", "/opt/x"))


def test_graphics_inside_the_processor_do_not_count_beside_a_card(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.device("8086:7d55", "i915")  # Meteor Lake
    tree.device("10de:28e0", "nvidia", "0x030200")
    tree.write("sys/module/nvidia/version", "550.54.14\n")
    tree.write("dev/nvidiactl", "")
    seen = tree.look()
    assert seen.gpus == (Gpu("nvidia", None, pci_id="10de:28e0"),)
    assert seen.driver == Driver("nvidia", "550.54.14")
    assert seen.notes == ("Intel Arc Graphics xe is part of the processor and not counted beside the cards",)


def test_cards_of_two_makers_both_count_with_the_first_ones_driver(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.device("10de:1b06", "nvidia")
    tree.device("8086:56a2", "i915")
    tree.write("sys/module/nvidia/version", "535.183.01\n")
    tree.write("dev/nvidiactl", "")
    seen = tree.look()
    assert seen.driver == Driver("nvidia", "535.183.01")
    assert [(gpu.vendor, gpu.pci_id) for gpu in seen.gpus or ()] == [("nvidia", "10de:1b06"), ("intel", "8086:56a2")]


def test_a_driver_without_cards_leaves_the_place_to_that_of_the_cards(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.write("sys/module/nvidia/version", "535.183.01\n")  # for an external card that is not plugged in
    tree.device("1002:744c", "amdgpu")
    tree.write("sys/class/kfd/kfd/topology/nodes/1/properties", "simd_count 192\ngfx_target_version 110000\n")
    seen = tree.look()
    assert seen.driver == Driver("amd", None)
    assert [gpu.architecture for gpu in seen.gpus or ()] == ["gfx1100"]
