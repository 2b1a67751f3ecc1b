"""The one build to install: the legal ones, ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version

from envtool.card_support import cards_of, drives_natively, has_cubin, vendor_of
from envtool.catalogue import BASES
from envtool.plan.fit import obstacles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envtool.catalogue import Build, Catalogue, Wheel
    from envtool.facts import Gpu, Machine
    from envtool.plan.request import Request

VENDORS_BY_RANK = (None, "intel", "amd", "nvidia")  # whose card is served where a machine has several kinds


class Candidate(NamedTuple):
    """A build with the wheel that each machine would take."""

    build: Build
    wheels: tuple[Wheel, ...]  # one a machine

    @property
    def is_confirmed(self) -> bool:
        return all(wheel.is_confirmed for wheel in self.wheels)

    @property
    def backend(self) -> str:
        return self.wheels[0].backend


def legal(machines: Sequence[Machine], request: Request, catalogue: Catalogue) -> list[Candidate]:
    """Every build that runs on all the machines and is what was asked for."""
    found = []
    for build in catalogue.builds:
        wheels = [_wheel_for(build, machine, request, catalogue) for machine in machines]
        if all(wheels):
            found.append(Candidate(build, tuple(wheel for wheel in wheels if wheel)))
    return found


def best(
    candidates: Iterable[Candidate], machines: Sequence[Machine], request: Request, catalogue: Catalogue
) -> Candidate | None:
    return max(candidates, key=lambda candidate: rank(candidate, machines, request, catalogue), default=None)


def rank(
    candidate: Candidate, machines: Sequence[Machine], request: Request, catalogue: Catalogue
) -> tuple[int, bool, Version, bool, Version, bool]:
    """The better the greater.

    A wheel that was seen before one that was inferred; the newest torch; the highest CUDA that the driver has
    natively, then the highest it can run; the wheel index before the registry, except where the registry's own
    build is the CPU build.
    """
    backend = candidate.backend
    in_index = candidate.build.folder is not None
    registry_is_cpu = backend == "cpu" and machines[0].os.system != "Linux"
    return (
        VENDORS_BY_RANK.index(vendor_of(backend)),
        candidate.is_confirmed or request.unconfirmed,
        candidate.build.version,
        all(drives_natively(machine, backend, catalogue) for machine in machines),
        toolkit(backend),
        in_index != registry_is_cpu,
    )


def toolkit(backend: str) -> Version:
    """The number in the backend's name, for comparing: cu126 is 12.6."""
    digits = backend.lstrip("abcdefghijklmnopqrstuvwxyz")
    if backend.startswith("cu"):
        digits = f"{digits[:-1]}.{digits[-1]}"
    return Version(digits or "0")


def relies_on_ptx(candidate: Candidate, machine: Machine, catalogue: Catalogue) -> tuple[Gpu, ...]:
    """The cards without kernels in the build, for which the driver compiles its PTX at first use."""
    key = (candidate.build.version, candidate.backend, candidate.wheels[0].family)
    compiled = catalogue.capabilities.get(key)
    return tuple(
        gpu
        for gpu in cards_of(machine, "nvidia")
        if compiled and gpu.compute_capability and not has_cubin(gpu.compute_capability, compiled)
    )


def _wheel_for(build: Build, machine: Machine, request: Request, catalogue: Catalogue) -> Wheel | None:
    """The wheel that pip would take, by its strongest row."""
    fitting = [
        wheel for wheel in build.wheels if next(obstacles(build, wheel, machine, request, catalogue), None) is None
    ]
    return max(fitting, key=lambda wheel: BASES.index(wheel.basis), default=None)
