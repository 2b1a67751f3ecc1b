"""From a version to what a requirement says of it, and to the index that has it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from envtool.wheel_index import index_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envtool.freeze.dependency import Dependency
    from envtool.wheel_index import Index

PINS = ("exact", "compatible", "minimum", "none")
WITH_TORCH = frozenset(  # what the wheel index has beside torch: setup pages of the projects, 2026-11
    ("torch", "torchvision", "torchaudio", "torchtext", "torchao", "torchcodec", "torchrec", "fbgemm-gpu")
)
_BACKEND = re.compile(r"cpu|xpu|cu\d{2,3}|rocm\d+(\.\d+)+")  # a local tag that is a folder of the wheel index


def specifier(version: str, pin: str) -> str:
    """What stands behind the name. A version with a local tag is always exact: no other operator takes a tag."""
    if pin == "none":
        return ""
    try:
        release = Version(version)
    except InvalidVersion:
        return f"==={version}"
    if pin == "exact" or release.local:
        return f"=={version}"
    if pin == "minimum":
        return f">={version}"
    return f"~={version}" if len(release.release) > 1 else f">={version},=={release.major}.*"


def wheel_folder(name: str, version: str) -> str | None:
    """The folder of the wheel index that this version of a distribution comes from; None where it needs none."""
    tag = local_tag(version)
    if name not in WITH_TORCH or not tag or not _BACKEND.fullmatch(tag):
        return None
    return f"nightly/{tag}" if Version(version).is_devrelease else tag


def local_tag(version: str) -> str | None:
    try:
        return Version(version).local
    except InvalidVersion:
        return None


def indexes(needed: Sequence[Dependency]) -> tuple[Index, ...]:
    """The lines that a file of these needs.

    As install-torch has it where there is nothing but torch and its companions. Elsewhere the wheel index is extra:
    as the only one it would keep all others from being found.
    """
    folders = {each.name: wheel_folder(each.name, each.version) for each in needed if each.version}
    used = sorted(set(filter(None, folders.values())))
    torch = next((each.version for each in needed if each.name == "torch" and each.version), "0")
    found = [index_for(folder, Version(torch)) for folder in used]
    is_alone = len(found) == 1 and all(folders.get(each.name) for each in needed)
    return tuple(found) if is_alone else tuple(index._replace(option="--extra-index-url") for index in found)
