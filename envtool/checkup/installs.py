"""Installs as a person pastes them: into the target, and of just the wheel that belongs there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from envtool.catalogue import family_of
from envtool.wheel_index import index_for

if TYPE_CHECKING:
    from envtool.catalogue import Catalogue
    from envtool.conditions import Conditions, Here
    from envtool.conditions.installed_torch import Torch
    from envtool.facts import Machine, Package

_TAG = re.compile(r"cpu|xpu|cu\d{2,3}|rocm\d+(?:\.\d+)+")


class Carried(NamedTuple):
    """The torch that is installed, as the catalogue counts."""

    pin: str  # as it is called: 2.13.0+cpu
    version: Version  # without the local tag
    folder: str | None  # of the index that it is from; None: the registry, or some other place
    backend: str | None  # None: not known


def carried(seen: Conditions, torch: Torch) -> Carried | None:
    """By what torch said of itself, or else by its metadata; None where there is neither."""
    package = installed(seen.here, "torch")
    pin = package.version if package else torch.version
    try:
        version = Version(torch.version or pin or "")
    except InvalidVersion:
        return None
    public = Version(version.public)
    tag = re.fullmatch(_TAG, Version(pin or "").local or "")
    backend = torch.build or (tag[0] if tag else _in_registry(public, seen.here.machine, seen.catalogue))
    return Carried(str(pin), public, tag[0] if tag else None, backend)


def _in_registry(version: Version, machine: Machine, catalogue: Catalogue) -> str | None:
    """What the wheel without a tag carries."""
    builds = [build for build in catalogue.builds if build.version == version and build.folder is None]
    return next((wheel.backend for build in builds for wheel in build.wheels if wheel.family == family(machine)), None)


def family(machine: Machine) -> str | None:
    """As the catalogue names the platform; None where there is no torch for it."""
    system = {"Linux": "linux", "Windows": "win", "Darwin": "macosx_11_0"}.get(machine.os.system)
    try:
        return family_of(f"{system}_{machine.arch.lower()}")
    except ValueError:
        return None


def installed(here: Here, name: str) -> Package | None:
    return next((package for package in here.target.packages if canonicalize_name(package.name) == name), None)


def python(here: Here) -> str:
    """The target's interpreter as a shell takes it."""
    if re.fullmatch(r"[\w@+=:./\\-]+", here.executable):
        return here.executable
    return f'& "{here.executable}"' if here.machine.os.system == "Windows" else f'"{here.executable}"'


def pip(here: Here, words: str) -> str:
    return f"{python(here)} -m pip {words}"


def again(here: Here, requirement: str, torch: Carried) -> str:
    """That one package anew and nothing else, from where this torch is from."""
    folder = torch.folder if "+" in requirement else None
    index = index_for(folder, torch.version) if folder else None
    source = f" {index.option} {index.url}" if index else ""
    return pip(here, f"install --force-reinstall --no-deps {requirement}{source}")


def planned(here: Here, torch: Carried | None) -> tuple[str, ...]:
    """What install-torch names, made to replace what pip would take for the same."""
    if here.planned is None:
        return ("envtool install-torch  # says why no build of torch is known to serve this machine",)
    wanted = here.planned.torch
    is_met = torch is not None and wanted is not None and wanted in (torch.pin, str(torch.version))
    return (f"{here.planned.command} --force-reinstall" if is_met else here.planned.command,)
