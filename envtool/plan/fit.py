"""Whether a wheel runs on a machine, and if not, why: one function a rule, listed in CRITERIA."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version

from envtool.card_support import (
    BRAND,
    cards_of,
    drives_natively,
    has_kernels,
    is_left_out_by_cudnn,
    least_driver,
    shown,
    vendor_of,
)
from envtool.facts import release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.specifiers import SpecifierSet

    from envtool.catalogue import Build, Catalogue, Wheel
    from envtool.facts import Gpu, Machine
    from envtool.plan.request import Request

MANYLINUX_2_28_SINCE = Version("2.7")  # a plain linux tag states no floor: 2.17 before, 2.28 from here on
SYSTEM_NAMES = {"Darwin": "macOS"}


class Obstacle(NamedTuple):
    """Why a wheel does not do, in words that follow "torch 2.6.0:"."""

    kind: str
    text: str

    @property
    def subject(self) -> str:
        """What tells it from another of its kind: the card, of missing kernels; otherwise the kind is enough."""
        return self.text.partition(" for the ")[2] if self.kind == "kernels" else self.kind


def obstacles(
    build: Build, wheel: Wheel, machine: Machine, request: Request, catalogue: Catalogue
) -> Iterator[Obstacle]:
    """All that keeps `wheel` off `machine`; nothing where it fits. Lazy: the first one is enough to rule it out."""
    for kind, find in CRITERIA:
        text = find(build, wheel, machine, request, catalogue)
        if text is not None:
            yield Obstacle(kind, text)


def _python(_build: Build, wheel: Wheel, machine: Machine, _request: Request, _catalogue: Catalogue) -> str | None:
    if machine.python.implementation != "cpython":
        return f"no wheel for {machine.python.implementation}, only for CPython"
    tag = machine.python.tag
    return None if tag in wheel.pythons else f"no wheel for {tag}"


def _system(_build: Build, wheel: Wheel, machine: Machine, _request: Request, _catalogue: Catalogue) -> str | None:
    system, arch, tag = machine.os.system, machine.arch.lower(), wheel.platform
    if system == "Linux" and "linux" in tag and tag.endswith(f"_{arch}"):
        return None
    if system == "Windows" and tag == {"amd64": "win_amd64", "arm64": "win_arm64"}.get(arch):
        return None
    if system == "Darwin" and tag.startswith("macosx") and tag.endswith(f"_{arch}"):
        return None
    return f"no wheel for {SYSTEM_NAMES.get(system, system)} on {machine.arch}"


def _libc(build: Build, wheel: Wheel, machine: Machine, _request: Request, _catalogue: Catalogue) -> str | None:
    if machine.os.system == "Darwin":
        return _macos_floor(wheel, machine)
    if machine.os.system != "Linux":
        return None
    if machine.libc is None:
        return "needs glibc, and which libc this machine has could not be learnt"
    if machine.libc.name != "glibc":
        return f"needs glibc, this machine has {machine.libc.name}"
    floor = _glibc_floor(wheel.platform, build.version)
    if release(machine.libc.version) < release(floor):
        return f"needs glibc {floor}, this machine has {machine.libc.version}"
    return None


def _macos_floor(wheel: Wheel, machine: Machine) -> str | None:
    found = re.match(r"macosx_(\d+)_(\d+)_", wheel.platform)
    if not found or machine.os.version is None:
        return "needs a macOS version, and this machine's could not be learnt"
    floor = f"{found[1]}.{found[2]}" if found[1] == "10" else found[1]  # from 11 on the first number alone counts
    return (
        None
        if release(machine.os.version) >= release(floor)
        else f"needs macOS {floor}, this machine has {machine.os.version}"
    )


@cache
def _glibc_floor(platform: str, version: Version) -> str:
    """PEP 600 and its forerunners; the lowest of a compressed set."""
    legacy = {"manylinux1": "2.5", "manylinux2010": "2.12", "manylinux2014": "2.17"}
    floors = []
    for tag in platform.split("."):
        found = re.match(r"manylinux_(\d+)_(\d+)_", tag)
        if found:
            floors.append(f"{found[1]}.{found[2]}")
        elif tag.startswith("manylinux"):
            floors.append(legacy[tag.partition("_")[0]])
        else:
            floors.append("2.28" if version >= MANYLINUX_2_28_SINCE else "2.17")
    return min(floors, key=release)


def _version(build: Build, _wheel: Wheel, _machine: Machine, request: Request, _catalogue: Catalogue) -> str | None:
    if request.torch is None or _satisfies(build.version, request.torch):
        return None
    return f"not the version asked for ({request.torch})"


@cache
def _satisfies(version: Version, specifier: SpecifierSet) -> bool:
    return specifier.contains(version)


def _backend(_build: Build, wheel: Wheel, _machine: Machine, request: Request, _catalogue: Catalogue) -> str | None:
    if request.backend in (None, wheel.backend):
        return None
    return f"{wheel.backend}, not the {request.backend} asked for"


def _jetson(_build: Build, _wheel: Wheel, machine: Machine, request: Request, _catalogue: Catalogue) -> str | None:
    if machine.os.jetson_l4t is None or request.backend == "cpu":
        return None
    return f"made for servers, not for Jetson (L4T {machine.os.jetson_l4t})"


def _gpu(_build: Build, wheel: Wheel, machine: Machine, request: Request, _catalogue: Catalogue) -> str | None:
    vendor = vendor_of(wheel.backend)
    if vendor is not None:
        if cards_of(machine, vendor):
            return None
        if machine.gpus is None:
            return f"{wheel.backend} is for {BRAND[vendor]} cards, and whether there is one could not be learnt"
        return f"{wheel.backend} is for {BRAND[vendor]} cards, and there is none"
    if request.backend == "cpu":
        return None
    if machine.gpus is None:
        return "a CPU build, and whether there is a GPU could not be learnt"
    idle = [gpu for gpu in machine.gpus if gpu.vendor != "apple"]
    return f"a CPU build would leave the {shown(idle[0])} idle" if idle else None


def _driver(_build: Build, wheel: Wheel, machine: Machine, _request: Request, catalogue: Catalogue) -> str | None:
    if vendor_of(wheel.backend) != "nvidia" or not cards_of(machine, "nvidia"):
        return None
    cuda = catalogue.cuda.get(wheel.backend)
    if cuda is None:
        return f"the least driver for {wheel.backend} is not known"
    floor = least_driver(cuda, machine)
    if machine.driver is None or machine.driver.vendor != "nvidia":
        return f"no NVIDIA driver is loaded; {wheel.backend} needs {floor} or newer"
    if machine.driver.version is None:
        return f"the driver's version could not be learnt; {wheel.backend} needs {floor} or newer"
    if release(machine.driver.version) >= release(floor):
        return None
    return f"driver {machine.driver.version} is below {floor}, the least for {wheel.backend}"


def _kernels(build: Build, wheel: Wheel, machine: Machine, _request: Request, catalogue: Catalogue) -> str | None:
    vendor = vendor_of(wheel.backend)
    if vendor == "nvidia":
        texts = (_cuda_kernels(gpu, build, wheel, machine, catalogue) for gpu in cards_of(machine, vendor))
    elif vendor == "amd":
        texts = (_gfx_kernels(gpu, build, wheel, catalogue) for gpu in cards_of(machine, vendor))
    else:
        return None
    return next((text for text in texts if text), None)


def _cuda_kernels(gpu: Gpu, build: Build, wheel: Wheel, machine: Machine, catalogue: Catalogue) -> str | None:
    compiled = catalogue.capabilities.get((build.version, wheel.backend, wheel.family))
    wanted = gpu.compute_capability
    if wanted is None:
        return f"the compute capability of the {shown(gpu)} is not known"
    if compiled is None:
        return f"which compute capabilities {wheel.backend} holds is not known"
    if not has_kernels(wanted, compiled, may_compile=drives_natively(machine, wheel.backend, catalogue)):
        return f"{wheel.backend} has no kernels for the {shown(gpu)}"
    if is_left_out_by_cudnn(wanted, build.version):
        return f"its cuDNN 9 has no kernels for the {shown(gpu)}"
    return None


def _gfx_kernels(gpu: Gpu, build: Build, wheel: Wheel, catalogue: Catalogue) -> str | None:
    if gpu.architecture is None:
        return f"the gfx target of the {shown(gpu)} is not known"
    if gpu.architecture in catalogue.gfx.get((build.version, wheel.backend), frozenset()):
        return None
    return f"{wheel.backend} has no kernels for the {shown(gpu)}"


CRITERIA = (  # cheapest first; the kind names what would have to change
    ("python", _python),
    ("system", _system),
    ("libc", _libc),
    ("version", _version),
    ("backend", _backend),
    ("jetson", _jetson),
    ("gpu", _gpu),
    ("driver", _driver),
    ("kernels", _kernels),
)
