"""Why this build, and what to watch: the sentences that go with an InstallPlan."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from envtool.card_support import cards_of, drives_natively, least_driver, shown, vendor_of
from envtool.plan.choice import relies_on_ptx
from envtool.plan.misses import misses, nearness, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packaging.version import Version

    from envtool.catalogue import Build, Catalogue, Wheel
    from envtool.facts import Machine
    from envtool.plan.choice import Candidate
    from envtool.plan.misses import Miss
    from envtool.plan.request import Request

BESIDE_THE_POINT = frozenset(("system", "version", "backend", "gpu"))  # another question's builds, not near misses
UNSEEN = "probably runs, as {build.pin}, but its wheel was not seen: --unconfirmed takes it"


def reasons(chosen: Candidate, machines: Sequence[Machine], request: Request, catalogue: Catalogue) -> tuple[str, ...]:
    python = ", ".join(dict.fromkeys(machine.python.tag for machine in machines))
    asked = f" of those asked for ({request.torch})" if request.torch else ""
    seen = "" if chosen.is_confirmed or request.unconfirmed else " (though its wheel was not seen)"
    return (
        f"torch {chosen.build.version} is the newest{asked} with a wheel for {python} that runs here{seen}",
        *_why_not_newer(chosen, machines[0], request, catalogue),
        *_why_this_backend(chosen, machines[0], request, catalogue),
    )


def warnings(chosen: Candidate, machines: Sequence[Machine], request: Request, catalogue: Catalogue) -> tuple[str, ...]:
    found = [text for machine in machines for text in _machine_warnings(chosen, machine, request, catalogue)]
    if not chosen.is_confirmed:
        found.insert(
            0,
            f"no one has seen this wheel ({chosen.build.pin} in {chosen.build.place}), its neighbours suggest it:"
            " the install may find nothing",
        )
    return tuple(dict.fromkeys(found))


def _why_not_newer(chosen: Candidate, machine: Machine, request: Request, catalogue: Catalogue) -> Iterator[str]:
    """What keeps the next release off, and what the newest, each with its neighbours that share the reason."""
    newer = (build for build in catalogue.builds if build.version > chosen.build.version)
    nearest: dict[Version, Miss] = {}
    for miss in misses(newer, machine, request, catalogue):
        if not miss.kinds & BESIDE_THE_POINT:
            rival = nearest.get(miss.build.version, miss)
            nearest[miss.build.version] = max(rival, miss, key=nearness)
    ordered = [nearest[version] for version in sorted(nearest)]
    groups = [
        list(group) for _kind, group in groupby(ordered, key=lambda miss: miss.obstacles[:1] and miss.obstacles[0].kind)
    ]
    for group in groups[:1] + groups[1:][-1:]:
        told = group[-1]
        why = told.obstacles[0].text if told.obstacles else UNSEEN.format(build=told.build)
        yield f"{span(miss.build.version for miss in group)}: {why}"


def _why_this_backend(chosen: Candidate, machine: Machine, request: Request, catalogue: Catalogue) -> Iterator[str]:
    backend, vendor = chosen.backend, vendor_of(chosen.backend)
    from_registry = ", and it is the registry's own build" if chosen.build.folder is None else ""
    cards = ", ".join(dict.fromkeys(shown(gpu) for gpu in cards_of(machine, vendor)))
    if vendor == "nvidia" and machine.driver:
        cuda = catalogue.cuda[backend]
        how = "has" if drives_natively(machine, backend, catalogue) else "runs, by minor-version compatibility,"
        yield (
            f"{backend}: driver {machine.driver.version} {how} CUDA {cuda.cuda} (least driver"
            f" {least_driver(cuda, machine)}), and the build has kernels for {cards}{from_registry}"
        )
    elif vendor:
        yield f"{backend}: the build has kernels for {cards}{from_registry}"
    elif cards_of(machine, "apple"):
        yield f"macOS builds drive the Apple GPU through MPS{from_registry}"
    elif request.backend == "cpu":
        yield f"cpu, as asked{from_registry}"
    else:
        yield f"cpu: there is no GPU, so nothing of CUDA is downloaded{from_registry}"


def _machine_warnings(chosen: Candidate, machine: Machine, request: Request, catalogue: Catalogue) -> Iterator[str]:
    vendor = vendor_of(chosen.backend)
    if vendor == "nvidia":
        yield from _cuda_warnings(chosen.build, chosen.wheels[0], chosen, machine, catalogue)
    if vendor is None and machine.driver and machine.driver.vendor == "nvidia" and machine.gpus == ():
        yield (
            f"NVIDIA driver {machine.driver.version} is loaded but no card answers: if there should be one, look at"
            " `nvidia-smi` first; --gpu NAME plans for it"
        )
    idle = [gpu for gpu in machine.gpus or () if gpu.vendor not in (vendor, "apple")] if vendor else []
    if idle:
        yield f"a build serves one maker's cards: the {shown(idle[0])} stays idle"
    if request.mirror and request.mirror.folders and chosen.build.place not in request.mirror.folders:
        yield (
            "the registry's own build is no part of the wheel index, so the mirror plays no part"
            if chosen.build.folder is None
            else f"{chosen.build.folder} was not seen on the mirror {request.mirror.name}"
        )


def _cuda_warnings(
    build: Build, wheel: Wheel, chosen: Candidate, machine: Machine, catalogue: Catalogue
) -> Iterator[str]:
    for gpu in relies_on_ptx(chosen, machine, catalogue):
        yield (
            f"the build has no kernels for the {shown(gpu)}, only PTX: the driver compiles it at first use, which"
            " takes minutes"
        )
    compiled = catalogue.capabilities[build.version, wheel.backend, wheel.family]
    if compiled.basis == "inferred":
        yield "which compute capabilities this build holds was concluded from its neighbours, not read"
    hidden = dict(machine.environment).get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in ("", "-1", "NoDevFiles"):
        yield f"CUDA_VISIBLE_DEVICES={hidden!r} hides every NVIDIA card from torch: unset it to use one"
    if machine.driver and machine.driver.userspace_version:
        yield (
            f"the kernel runs driver {machine.driver.version}, its libraries are {machine.driver.userspace_version}:"
            " reboot before using the GPU"
        )
