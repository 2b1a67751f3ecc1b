"""Intel's GPUs: of all that carry its name, those that torch's XPU wheels serve."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from envtool.facts import Gpu
from envtool.host.pci import INTEL
from envtool.host.seen import Seen

if TYPE_CHECKING:
    from envtool.host.pci import Card

TABLE = Path(__file__).parent.parent / "data/intel_gpus.tsv"
_DRIVERS = ("xe", "i915", "windows")  # Linux' two, and whichever Windows has
_DISCRETE = ("HPG", "HPC")  # how the architectures of cards end: Xe2-HPG


def look(cards: tuple[Card, ...] | None) -> Seen:
    """`cards` are those on the PCI bus, None where it is not shown: then nothing else does."""
    ours = [card for card in cards or () if card.vendor == INTEL]
    if not ours:
        return Seen(gpus=())
    served = _served()
    known = [(card, served[card.pci_id]) for card in ours if card.pci_id in served]
    return Seen(
        gpus=tuple(_gpu(row) for _, row in known if row["architecture"].endswith(_DISCRETE)),
        integrated=tuple(_gpu(row) for _, row in known if not row["architecture"].endswith(_DISCRETE)),
        notes=tuple(_held(card, row["name"]) for card, row in known if card.driver not in _DRIVERS),
    )


def _served() -> dict[str, dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        next(lines)  # the line that says what this is
        return {row["pci_id"]: row for row in csv.DictReader(lines, delimiter="\t")}


def _gpu(row: dict[str, str]) -> Gpu:
    return Gpu("intel", row["name"], architecture="xe", pci_id=row["pci_id"])


def _held(card: Card, name: str) -> str:
    holder = f"the kernel driver {card.driver} holds it" if card.driver else "no kernel driver holds it"
    return f"{name} ({card.pci_id}): {holder}, and torch needs xe or i915: look at `dmesg | grep -iE 'xe|i915'`"
