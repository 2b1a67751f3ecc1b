"""Cards by name or PCI id: what NVML and nvidia-smi call them, and what people type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.facts import Gpu, parse_capability

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envtool.catalogue import Card, Catalogue
    from envtool.facts import Machine

_NOISE = re.compile(r"\((?:tm|r)\)|™|®|\b(?:nvidia|amd|intel|graphics|gpu|with max-q design|laptop)\b")
_SUFFIX = re.compile(r"\s+(?:\d+g?b|\d+gb|pcie?|sxm\d?|hbm\d?e?|nvl|-?\d+[abcq](?:me)?)$")
_BRANDS = ("geforce", "quadro", "tesla", "radeon", "titan", "rtx", "gtx")


def complete(machine: Machine, catalogue: Catalogue) -> Machine:
    """The machine with the compute capability or gfx target of those cards that were only named."""
    if not machine.gpus or not any(_is_open(gpu) for gpu in machine.gpus):
        return machine
    gpus = (_completed(gpu, catalogue.cards) if _is_open(gpu) else gpu for gpu in machine.gpus)
    return machine._replace(gpus=tuple(gpus))


def find(name: str, cards: Iterable[Card]) -> tuple[Card, ...]:
    """The cards of that name, several where the name alone does not tell; none where it is not known."""
    by_name: dict[str, list[Card]] = {}
    for card in cards:
        for single in _names(card):
            by_name.setdefault(_plain(single), []).append(card)
    return next((tuple(by_name[spelling]) for spelling in _spellings(_plain(name)) if spelling in by_name), ())


def gpu_of(card: Card) -> Gpu:
    """The card as if it had been seen; without its value where the name alone does not tell."""
    value = card.values[0] if len(card.values) == 1 else None
    gpu = Gpu(card.vendor, card.name)
    if value is None:
        return gpu
    if card.vendor == "nvidia":
        return gpu._replace(compute_capability=parse_capability(value))
    return gpu._replace(architecture=value)


def _is_open(gpu: Gpu) -> bool:
    return (gpu.vendor == "nvidia" and gpu.compute_capability is None) or (
        gpu.vendor == "amd" and gpu.architecture is None
    )


def _completed(gpu: Gpu, cards: tuple[Card, ...]) -> Gpu:
    device = gpu.pci_id.rpartition(":")[2] if gpu.pci_id else None
    by_id = [card for card in cards if card.vendor == gpu.vendor and device in card.pci_ids] if device else []
    by_name = [card for card in find(gpu.name, cards) if card.vendor == gpu.vendor] if gpu.name else []
    found = by_id or by_name
    values = {card.values for card in found}
    if len(values) != 1:
        return gpu
    known = gpu_of(found[0])
    return gpu._replace(
        name=gpu.name or known.name,
        compute_capability=known.compute_capability,
        architecture=known.architecture,
    )


def _names(card: Card) -> Iterator[str]:
    """Each product that a row stands for: Radeon RX 7900 XT/7900 XTX is two."""
    if not any(character.isalpha() for character in card.name):
        return
    first, *others = (part.strip() for part in card.name.partition(" (")[0].split("/"))
    family = re.match(r"\D*", first)
    yield first
    for other in others:
        yield f"{family[0]}{other}" if family and other[:1].isdigit() else other


def _plain(name: str) -> str:
    return " ".join(_NOISE.sub(" ", name.lower()).replace("-", " ").split())


def _spellings(name: str) -> Iterator[str]:
    """The name, then without memory size and form factor, each also with the brand that people leave out."""
    while True:
        yield name
        for brand in _BRANDS:
            yield f"{brand} {name}"
        shorter = _SUFFIX.sub("", name)
        if shorter == name:
            return
        name = shorter
