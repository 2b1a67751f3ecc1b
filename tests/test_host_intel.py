from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from machine_tree import MachineTree

from envtool.facts import Gpu
from envtool.host import intel

if TYPE_CHECKING:
    from pathlib import Path


def test_an_arc_card(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.device("8086:e20b", "xe")
    seen = tree.look()
    assert seen.gpus == (Gpu("intel", "Intel Arc B580 Graphics", architecture="xe", pci_id="8086:e20b"),)
    assert seen.driver is None
    assert seen.notes == ()


def test_graphics_that_torch_serves_count_where_there_is_no_card(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.device("8086:64a0", "xe")  # Lunar Lake
    assert tree.look().gpus == (Gpu("intel", "Intel Arc Graphics", architecture="xe", pci_id="8086:64a0"),)


@pytest.mark.parametrize("pci_id", ["8086:9a49", "8086:3ea0", "8086:4680", "8086:56c0"])
def test_ordinary_graphics_are_no_gpu_for_torch(tmp_path: Path, pci_id: str) -> None:
    tree = MachineTree(tmp_path)
    tree.device(pci_id, "i915")
    seen = tree.look()
    assert (seen.gpus, seen.notes) == ((), ())


def test_an_accelerator_of_another_class_is_no_display_device(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.device("8086:56a0", "i915", display_class="0x040300")
    assert tree.look().gpus == ()


def test_a_card_without_a_driver_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.device("8086:56a0", None)
    tree.device("8086:e20b", "vfio-pci")
    seen = tree.look()
    assert [gpu.pci_id for gpu in seen.gpus or ()] == ["8086:56a0", "8086:e20b"]
    assert "no kernel driver holds it" in seen.notes[0]
    assert "the kernel driver vfio-pci holds it" in seen.notes[1]


def test_every_row_of_the_table_is_whole_and_its_card_stands_there_once() -> None:
    said, header, *rows = intel.TABLE.read_text(encoding="utf-8").splitlines()
    assert said.startswith("# ")
    assert header.split("\t") == ["pci_id", "name", "architecture", "source"]
    cells = [row.split("\t") for row in rows]
    assert all(len(row) == 4 and all(row) for row in cells)
    assert all(re.fullmatch(r"8086:[0-9a-f]{4}", row[0]) and row[1].startswith("Intel ") for row in cells)
    assert all(re.fullmatch(r"Xe(-LPG\+?|2-LPG|3|2?-HPG|-HPC)", row[2]) for row in cells)
    assert [row[0] for row in cells] == sorted({row[0] for row in cells})
