"""Cards by the names that NVML, nvidia-smi and people give them, and by PCI id."""

from __future__ import annotations

import pytest
from machines import RTX_3090, linux

from envtool import cards
from envtool.catalogue import Card, Catalogue
from envtool.facts import Gpu

CATALOGUE = Catalogue()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NVIDIA GeForce GTX 1080", "6.1"),
        ("GeForce GTX 1080", "6.1"),
        ("gtx 1080 ti", "6.1"),
        ("NVIDIA A100-SXM4-80GB", "8.0"),
        ("Tesla V100-PCIE-16GB", "7.0"),
        ("Tesla T4", "7.5"),
        ("NVIDIA H100 80GB HBM3", "9.0"),
        ("rtx 4090", "8.9"),
        ("RTX 3050 Laptop GPU", "8.6"),
        ("Quadro RTX 6000", "7.5"),
        ("GRID T4-8Q", "7.5"),
        ("NVIDIA A40-48Q", "8.6"),
        ("Radeon RX 7900 XTX", "gfx1100"),
    ],
)
def test_a_name_leads_to_its_value(name: str, value: str) -> None:
    """Values: https://developer.nvidia.com/cuda-gpus and LLVM's table of AMD processors."""
    assert {card.values for card in cards.find(name, CATALOGUE.cards)} == {(value,)}


@pytest.mark.parametrize("name", ["Voodoo 2", "3050", "NVIDIA GeForce ...", ""])
def test_a_name_that_tells_nothing(name: str) -> None:
    assert cards.find(name, CATALOGUE.cards) == ()


def test_what_the_machine_did_not_tell_is_looked_up() -> None:
    machine = linux("3.12.7", "450.80.02", Gpu("nvidia", "Tesla V100-SXM2-16GB"), RTX_3090)
    completed = cards.complete(machine, CATALOGUE)
    assert completed.gpus == (Gpu("nvidia", "Tesla V100-SXM2-16GB", compute_capability=(7, 0)), RTX_3090)


def test_a_card_without_a_driver_is_known_by_its_pci_id() -> None:
    [gpu] = cards.complete(linux("3.12.7", None, Gpu("nvidia", None, pci_id="10de:1b80")), CATALOGUE).gpus or ()
    assert (gpu.name, gpu.compute_capability) == ("GeForce GTX 1080", (6, 1))


def test_an_unknown_card_stays_unknown() -> None:
    machine = linux("3.12.7", None, Gpu("nvidia", "Brand New", pci_id="10de:ffff"))
    assert cards.complete(machine, CATALOGUE) == machine


def test_a_machine_that_told_all_is_left_as_it_is() -> None:
    machine = linux("3.12.7", "580.95.05", RTX_3090)
    assert cards.complete(machine, CATALOGUE) is machine


def test_an_ambiguous_name_gives_no_value() -> None:
    card = Card("nvidia", "GeForce GT 730", ("3.5", "2.1"), ("1287",), "470")
    assert cards.gpu_of(card) == Gpu("nvidia", "GeForce GT 730")
