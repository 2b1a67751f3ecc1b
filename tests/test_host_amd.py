from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from machine_tree import MachineTree

from envtool.facts import Driver, Gpu
from envtool.host import amd

if TYPE_CHECKING:
    from pathlib import Path

CPU = "cpu_cores_count 16\nsimd_count 0\nmem_banks_count 1\ngfx_target_version 0\n"
NODES = "sys/class/kfd/kfd/topology/nodes"


def node(target: int, device: int = 0, render: int = 128, simds: int = 96) -> str:
    return (
        f"cpu_cores_count 0\nsimd_count {simds}\ngfx_target_version {target}\nvendor_id 4098\n"
        f"device_id {device}\ndrm_render_minor {render}\nlocal_mem_size 0\n"
    )


def with_nodes(tmp_path: Path, *properties: str) -> MachineTree:
    tree = MachineTree(tmp_path)
    tree.write("dev/kfd", "")
    for at, said in enumerate((CPU, *properties)):
        tree.write(f"{NODES}/{at}/properties", said)
    return tree


TARGETS = [
    (80003, "gfx803"),
    (90006, "gfx906"),
    (90010, "gfx90a"),
    (90012, "gfx90c"),
    (90402, "gfx942"),
    (90500, "gfx950"),
    (100300, "gfx1030"),
    (110000, "gfx1100"),
    (110003, "gfx1103"),
    (110501, "gfx1151"),
    (120001, "gfx1201"),
]


@pytest.mark.parametrize(("version", "target"), TARGETS)
def test_the_target_is_spelt_in_pairs_of_decimal_digits(version: int, target: str) -> None:
    seen = amd.parse_node(node(version, 0x744C))
    assert seen == amd.Node(target, "1002:744c", "128")


@pytest.mark.parametrize("said", [CPU, "", "rubbish", "simd_count\n", "gfx_target_version many\nsimd_count -1\n"])
def test_a_processor_or_rubbish_is_no_gpu(said: str) -> None:
    assert amd.parse_node(said) is None


def test_a_card_with_its_memory(tmp_path: Path) -> None:
    tree = with_nodes(tmp_path, node(110000, 0x744C))
    tree.device("1002:744c", "amdgpu")
    tree.write("sys/class/drm/renderD128/device/mem_info_vram_total", "25753026560\n")
    seen = tree.look()
    assert seen.driver == Driver("amd", None)
    assert seen.gpus == (Gpu("amd", None, architecture="gfx1100", memory_mib=24560, pci_id="1002:744c"),)
    assert seen.notes == ()


def test_a_server_card_tells_its_name(tmp_path: Path) -> None:
    tree = with_nodes(tmp_path, node(90402, 0x74A1, render=136))
    tree.write("sys/class/drm/renderD136/device/product_name", "AMD Instinct MI300X OAM\n")
    assert [gpu.name for gpu in tree.look().gpus or ()] == ["AMD Instinct MI300X OAM"]


def test_graphics_in_the_processor_stand_back_for_a_card_though_they_come_first(tmp_path: Path) -> None:
    tree = with_nodes(tmp_path, node(100306, 0x164E, simds=4), node(120001, 0x7550, render=129))
    seen = tree.look()
    assert [gpu.architecture for gpu in seen.gpus or ()] == ["gfx1201"]
    assert seen.notes == ("AMD gfx1036 is part of the processor and not counted beside the cards",)


def test_graphics_in_the_processor_count_alone_without_the_memory_set_aside_at_boot(tmp_path: Path) -> None:
    tree = with_nodes(tmp_path, node(110501, 0x1586, simds=80))
    tree.write("sys/class/drm/renderD128/device/mem_info_vram_total", "536870912\n")
    assert tree.look().gpus == (Gpu("amd", None, architecture="gfx1151", pci_id="1002:1586"),)


def test_nodes_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    cards = [node(90402, 0x74A1)] * 9 + [node(90010, 0x740C)]
    seen = with_nodes(tmp_path, *cards).look()
    assert [gpu.architecture for gpu in seen.gpus or ()] == ["gfx942"] * 9 + ["gfx90a"]


def test_a_kernel_that_names_no_target_still_shows_the_card(tmp_path: Path) -> None:
    seen = with_nodes(tmp_path, "simd_count 256\nvendor_id 4098\ndevice_id 26287\n").look()
    assert seen.gpus == (Gpu("amd", None, pci_id="1002:66af"),)


def test_an_override_is_told_and_not_believed(tmp_path: Path) -> None:
    seen = with_nodes(tmp_path, node(100302)).look(HSA_OVERRIDE_GFX_VERSION="10.3.0")
    assert [gpu.architecture for gpu in seen.gpus or ()] == ["gfx1032"]
    assert any("HSA_OVERRIDE_GFX_VERSION=10.3.0" in note for note in seen.notes)
    assert ("HSA_OVERRIDE_GFX_VERSION", "10.3.0") in seen.environment


def test_the_installed_rocm_is_told(tmp_path: Path) -> None:
    tree = with_nodes(tmp_path, node(110000))
    tree.write("opt/rocm/.info/version", "6.2.4-66\n")
    assert any("ROCm 6.2.4-66" in note for note in tree.look().notes)


def test_a_container_without_the_device(tmp_path: Path) -> None:
    tree = with_nodes(tmp_path, node(110000))
    (tmp_path / "dev/kfd").unlink()
    assert any("--device /dev/kfd" in note for note in tree.look().notes)


def test_a_user_outside_the_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = with_nodes(tmp_path, node(110000))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert any("groups render and video" in note for note in tree.look().notes)


HOLDERS = [
    ("amdgpu", 1, "the kernel has no kfd"),
    ("radeon", 0, "not counted"),
    ("vfio-pci", 1, "the kernel driver vfio-pci holds it"),
    (None, 1, "no kernel driver holds it"),
]


@pytest.mark.parametrize(("driver", "count", "said"), HOLDERS)
def test_a_card_that_rocm_cannot_use(tmp_path: Path, driver: str | None, count: int, said: str) -> None:
    tree = MachineTree(tmp_path)
    tree.device("1002:6810", driver)
    seen = tree.look()
    assert seen.gpus == (Gpu("amd", None, pci_id="1002:6810"),) * count
    assert seen.driver == (Driver("amd", None) if driver == "amdgpu" else None)
    assert said in seen.notes[0]


def test_a_card_that_kfd_does_not_show(tmp_path: Path) -> None:
    tree = with_nodes(tmp_path)
    tree.device("1002:74a5", "amdgpu", "0x120000")
    seen = tree.look()
    assert seen.gpus == (Gpu("amd", None, pci_id="1002:74a5"),)
    assert "kfd does not show it" in seen.notes[0]


def in_wsl(tmp_path: Path, script: str) -> MachineTree:
    tree = MachineTree(tmp_path)
    tree.write("proc/sys/kernel/osrelease", "6.6.87.2-microsoft-standard-WSL2")
    tree.write("dev/dxg", "")
    tree.program("opt/rocm/bin/rocm_agent_enumerator", script)
    return tree


def test_in_wsl_rocm_itself_is_asked_without_the_override(tmp_path: Path) -> None:
    tree = in_wsl(tmp_path, 'echo gfx000\necho "${HSA_OVERRIDE_GFX_VERSION:-gfx1151}"')
    seen = tree.look(HSA_OVERRIDE_GFX_VERSION="11.0.0")
    assert seen.gpus == (Gpu("amd", None, architecture="gfx1151"),)
    assert seen.driver == Driver("amd", None)


def test_in_wsl_only_a_processor_is_no_gpu(tmp_path: Path) -> None:
    assert in_wsl(tmp_path, "echo gfx000").look().gpus == ()


@pytest.mark.parametrize("script", ["exit 1", "exec /bin/sleep 60"])
def test_in_wsl_rocm_that_does_not_answer_leaves_it_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(amd, "TIME_LIMIT_S", 0.3)
    seen = in_wsl(tmp_path, script).look()
    assert seen.gpus is None
    assert "rocm_agent_enumerator" in seen.notes[0]


def test_features_are_no_part_of_the_target() -> None:
    said = "gfx000\ngfx90a:sramecc+:xnack-\n\nFailed to open\ngfx11-generic\n"
    assert amd.parse_enumerator(said) == ("gfx90a",)
