"""The torchvision and torchaudio that belong to a torch build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envtool.catalogue import Build, Catalogue, TorchvisionWheel
    from envtool.facts import Machine
    from envtool.plan.choice import Candidate

TAGGED_TORCHAUDIO_SINCE = Version("2.0")


def pins(
    names: Sequence[str], candidate: Candidate, machines: Sequence[Machine], catalogue: Catalogue
) -> tuple[tuple[str, str | None], ...]:
    """Each companion with the version to ask for; None where there is no wheel of it for these machines."""
    find = {"torchvision": _torchvision, "torchaudio": _torchaudio}
    return tuple((name, find[name](candidate, machines, catalogue)) for name in names)


def _torchvision(candidate: Candidate, machines: Sequence[Machine], catalogue: Catalogue) -> str | None:
    build = candidate.build
    paired = catalogue.companions.get(build.version)
    if paired is None or not paired.torchvision:
        return None
    if build.folder is None:
        return paired.torchvision[-1]
    for version in reversed(paired.torchvision):
        listed = [wheel for wheel in catalogue.torchvision_wheels if wheel.version == version]
        fitting = [wheel for wheel in listed if _fits_all(wheel, candidate, machines)]
        if fitting:  # a tag that is not the folder's is a slip of the build, and any tag meets a pin without one
            return _pin(version, build.folder if fitting[0].local == build.folder else None)
        if listed:
            return None
    return _pin(paired.torchvision[0], build.local)  # none of them listed: the one that came out with this torch


def _fits_all(wheel: TorchvisionWheel, candidate: Candidate, machines: Sequence[Machine]) -> bool:
    return wheel.folder == candidate.build.folder and all(
        machine.python.tag in wheel.pythons and wheel.family == torch.family
        for machine, torch in zip(machines, candidate.wheels, strict=True)
    )


def _torchaudio(candidate: Candidate, machines: Sequence[Machine], catalogue: Catalogue) -> str | None:
    build = candidate.build
    paired = catalogue.companions.get(build.version)
    if paired is None or not paired.torchaudio:
        return None
    version = paired.torchaudio[-1]
    is_older = TAGGED_TORCHAUDIO_SINCE <= Version(version) < build.version
    if is_older and not _was_built(version, candidate, machines, catalogue):
        return None
    return _pin(version, build.local if build.version >= TAGGED_TORCHAUDIO_SINCE else None)


def _was_built(version: str, candidate: Candidate, machines: Sequence[Machine], catalogue: Catalogue) -> bool:
    """Whether the torch that this torchaudio came out with was built for the same place, Pythons and platforms."""
    its_torch = [
        build
        for build in catalogue.builds
        if build.version == Version(version) and build.folder == candidate.build.folder
    ]
    return all(
        any(_has(build, machine.python.tag, torch.family) for build in its_torch)
        for machine, torch in zip(machines, candidate.wheels, strict=True)
    )


def _has(build: Build, python: str, family: str) -> bool:
    return any(python in wheel.pythons and wheel.family == family for wheel in build.wheels)


def _pin(version: str, local: str | None) -> str:
    return f"{version}+{local}" if local else version
