"""AMD's GPUs, as the kernel's compute driver (kfd) lists them: rocminfo repeats an override, the kernel does not."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING, NamedTuple

from envtool.facts import Driver, Gpu
from envtool.host.pci import AMD
from envtool.host.seen import Seen, text
from envtool.run import capture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from envtool.host.pci import Card

TIME_LIMIT_S = 10
_OVERRIDE = "HSA_OVERRIDE_GFX_VERSION"
_NODES = "sys/class/kfd/kfd/topology/nodes"
# The targets inside processors: llvm.org/docs/AMDGPUUsage.html, column dGPU/APU, read 2026-11-24; gfx1153 by its only
# product, the Radeon 820M (pci.ids).
_INTEGRATED = (
    *("gfx801", "gfx810", "gfx902", "gfx909", "gfx90c", "gfx1013", "gfx1033", "gfx1035", "gfx1036", "gfx1103"),
    *("gfx1150", "gfx1151", "gfx1152", "gfx1153"),
)


class Node(NamedTuple):
    """One processor that kfd lists and can compute with."""

    target: str | None  # gfx1100; None on a kernel too old to say
    pci_id: str | None
    render_minor: str | None  # the number in /dev/dri/renderD128


def look(root: Path, environment: Mapping[str, str], cards: tuple[Card, ...] | None) -> Seen:
    """`cards` are those on the PCI bus, None where it does not tell."""
    nodes = tuple(_nodes(root))
    if nodes:
        seen = _sorted(tuple(_gpu(root, node) for node in nodes))
        return seen._replace(notes=(*_access_notes(root), *_override_notes(environment), *_rocm_notes(root)))
    if cards is None:
        return _enumerated(root, environment)
    return _without_kfd(root, [card for card in cards if card.vendor == AMD])


def look_on_windows(cards: tuple[Card, ...] | None) -> Seen:
    """The wheel index has no ROCm build for Windows, so that a card there counts for nothing; a note says so."""
    ours = [card for card in cards or () if card.vendor == AMD]
    why = "the wheel index has no build for AMD cards on Windows, only on Linux; AMD publishes its own"
    return Seen(gpus=(), notes=tuple(f"AMD card {card.pci_id}: {why}" for card in ours))


def parse_node(properties: str) -> Node | None:
    """A node of the topology from its `properties`; None for a node that is only a CPU."""
    pairs = (line.split() for line in properties.splitlines())
    values = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}  # noqa: PLR2004 - a name and a number
    target, device = _number(values, "gfx_target_version"), _number(values, "device_id")
    if not target and not _number(values, "simd_count"):
        return None
    return Node(
        target=_target(target) if target else None,
        pci_id=f"{AMD}:{device:04x}" if device else None,
        render_minor=values.get("drm_render_minor"),
    )


def parse_enumerator(said: str) -> tuple[str, ...]:
    """The targets that rocm_agent_enumerator names, without the CPU's and without their features."""
    names = (line.strip().partition(":")[0] for line in said.splitlines())
    return tuple(name for name in names if re.fullmatch(r"gfx[0-9a-f]{3,5}", name) and name != "gfx000")


def _number(values: Mapping[str, str], name: str) -> int:
    said = values.get(name, "")
    return int(said) if said.isdecimal() else 0


def _target(version: int) -> str:
    """90010 is gfx90a: two decimal digits each for minor and stepping, which the name spells in hexadecimal."""
    major, rest = divmod(version, 10000)
    minor, stepping = divmod(rest, 100)
    return f"gfx{major}{minor:x}{stepping:x}"


def _nodes(root: Path) -> Iterator[Node]:
    folders = (root / _NODES).glob("*")
    for folder in sorted(folders, key=lambda folder: (len(folder.name), folder.name)):
        node = parse_node(text(folder / "properties") or "")
        if node:
            yield node


def _gpu(root: Path, node: Node) -> Gpu:
    device = root / f"sys/class/drm/renderD{node.render_minor}/device"
    memory = text(device / "mem_info_vram_total") or ""
    is_card = (
        memory.isdecimal() and node.target not in _INTEGRATED
    )  # in a processor it is but the part set aside at boot
    return Gpu(
        "amd",
        text(device / "product_name") or None,  # which only server cards tell
        architecture=node.target,
        memory_mib=int(memory) // 2**20 if is_card else None,
        pci_id=node.pci_id,
    )


def _sorted(gpus: tuple[Gpu, ...]) -> Seen:
    return Seen(
        driver=Driver("amd", None),
        gpus=tuple(gpu for gpu in gpus if gpu.architecture not in _INTEGRATED),
        integrated=tuple(gpu for gpu in gpus if gpu.architecture in _INTEGRATED),
    )


def _access_notes(root: Path) -> tuple[str, ...]:
    device = root / "dev/kfd"
    if not device.exists():
        return ("/dev/kfd is not there: start the container with --device /dev/kfd --device /dev/dri",)
    if not os.access(device, os.R_OK | os.W_OK):
        return ("/dev/kfd may not be opened by this user: join the groups render and video, then log in again",)
    return ()


def _override_notes(environment: Mapping[str, str]) -> tuple[str, ...]:
    if _OVERRIDE not in environment:
        return ()
    forced = f"{_OVERRIDE}={environment[_OVERRIDE]}"
    return (f"{forced} makes ROCm take every AMD GPU for another; the targets here are the cards' own",)


def _rocm_notes(root: Path) -> tuple[str, ...]:
    version = text(root / "opt/rocm/.info/version")
    return (f"ROCm {version} is installed in /opt/rocm; torch's wheels bring their own",) if version else ()


def _without_kfd(root: Path, cards: list[Card]) -> Seen:
    """Cards on the bus with which ROCm cannot compute, or not here."""
    is_driven = any(card.driver == "amdgpu" for card in cards)
    served = [card for card in cards if card.driver != "radeon"]  # radeon drives what was never served by ROCm
    return Seen(
        driver=Driver("amd", None) if is_driven else None,
        gpus=tuple(Gpu("amd", None, pci_id=card.pci_id) for card in served),
        notes=tuple(_held(root, card) for card in cards),
    )


def _held(root: Path, card: Card) -> str:
    what = f"AMD card {card.pci_id}"
    if card.driver == "amdgpu" and (root / _NODES).is_dir():
        return f"{what}: amdgpu drives it, but kfd does not show it: it is too old for ROCm, or the container lacks it"
    if card.driver == "amdgpu":
        return f"{what}: amdgpu drives it, but the kernel has no kfd, which ROCm needs"
    if card.driver == "radeon":
        return f"{what}: the old driver radeon drives it, so ROCm cannot use it; it is not counted"
    holder = f"the kernel driver {card.driver} holds it" if card.driver else "no kernel driver holds it"
    return f"{what}: {holder}, and ROCm needs amdgpu: look at `dmesg | grep amdgpu`"


def _enumerated(root: Path, environment: Mapping[str, str]) -> Seen:
    """What ROCm itself names where there is neither kfd nor a PCI bus to read, as under WSL."""
    program = shutil.which("rocm_agent_enumerator", path=environment.get("PATH", ""))
    program = program or shutil.which("rocm_agent_enumerator", path=str(root / "opt/rocm/bin"))
    if program is None:
        return Seen(gpus=())
    own = {name: value for name, value in environment.items() if name != _OVERRIDE}
    ran = capture([program], TIME_LIMIT_S, own)
    if ran.status != 0:
        return Seen(notes=(f"AMD cards: {ran.trouble or f'{program} ended with status {ran.status}'}",))
    targets = parse_enumerator(ran.stdout)
    if not targets:
        return Seen(gpus=())
    seen = _sorted(tuple(Gpu("amd", None, architecture=target) for target in targets))
    return seen._replace(notes=(*_override_notes(environment), *_rocm_notes(root)))
