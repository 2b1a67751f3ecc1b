"""One distribution that a project needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from packaging.specifiers import SpecifierSet

from envtool.freeze.pins import specifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from envtool.facts import Package, Use
    from envtool.freeze.owners import Owner
    from envtool.import_names import ImportNames

_NAME = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.ASCII | re.IGNORECASE)  # PEP 508
_LIMITS = {"pkg_resources": "<82"}  # the wheels of setuptools, read: 81.0.0 has it, 82.0.0 has not


class Dependency(NamedTuple):
    name: str  # PEP 503
    spelling: str  # as its project spells it
    imports: tuple[str, ...]  # cv2, google.cloud.storage
    version: str | None
    source: str  # installed, index, unresolved
    optional: bool  # the project runs without it
    files: tuple[str, ...]
    line: int  # of the first import, in the first file
    package: Package | None = None  # as it is installed
    specifier: str = ""  # ==4.10.0.84
    origin: str | None = None  # git+https://example.org/r.git@commit
    marker: str | None = None  # python_version < "3.11"
    obstacle: str | None = None  # why nobody else can install it

    @property
    def requirement(self) -> str:
        """As PEP 508 writes it."""
        if self.origin:
            return f"{self.spelling} @ {self.origin}{f' ; {self.marker}' if self.marker else ''}"
        return f"{self.spelling}{self.specifier}{f'; {self.marker}' if self.marker else ''}"


def dependency(
    name: str, found: Sequence[tuple[Use, Owner]], names: ImportNames, pin: str, newest: Mapping[str, str]
) -> Dependency:
    """What these imports, all of the distribution `name`, ask for."""
    modules = tuple(sorted({owner.module for _use, owner in found}))
    limit = next((_LIMITS[module] for module in modules if module in _LIMITS), "")
    package = _package(found, limit)
    first = min((use for use, _owner in found), key=lambda use: (use.file, use.line))
    version = package.version if package else None if limit else newest.get(name)
    return Dependency(
        name=name,
        spelling=package.name if package else found[0][1].name,
        imports=modules,
        version=version,
        source="installed" if package else "index" if version else "unresolved",
        optional=all(use.optional for use, _owner in found),
        files=tuple(sorted({use.file for use, _owner in found})),
        line=first.line,
        package=package,
        specifier=_specifier(version, pin, limit),
        origin=_origin(package) if package else None,
        marker=_marker(name, found, names),
        obstacle=_obstacle(name, package),
    )


def _package(found: Sequence[tuple[Use, Owner]], limit: str) -> Package | None:
    """The installed one, unless it is too new to have what is imported."""
    package = next((owner.package for _use, owner in found if owner.package), None)
    return package if package is None or not limit or SpecifierSet(limit).contains(package.version) else None


def _specifier(version: str | None, pin: str, limit: str) -> str:
    pinned = specifier(version, pin) if version else ""
    return pinned if pinned.startswith("==") else ",".join(filter(None, (pinned, limit)))


def _origin(package: Package) -> str | None:
    """A repository or a web address: what a requirement can name, and another machine reach."""
    if package.origin is None or package.editable:
        return None
    folder = f"#subdirectory={package.subdirectory}" if package.subdirectory else ""
    if package.revision:
        origin = re.sub(
            "^file:///", "file://localhost/", package.origin
        )  # pip before 24.1 takes no address without host
        return f"git+{origin}@{package.revision}{folder}"
    return package.origin + folder if package.origin.startswith(("http://", "https://")) else None


def _marker(name: str, found: Sequence[tuple[Use, Owner]], names: ImportNames) -> str | None:
    """A backport's, where the project does without it on the other Pythons."""
    backport = names.backport_of(found[0][1].module)
    is_guarded = backport is not None and backport.name == name and all(use.optional for use, _owner in found)
    return backport.marker if backport and is_guarded else None


def _obstacle(name: str, package: Package | None) -> str | None:
    if not _NAME.fullmatch(name):
        return "no distribution can have this name"
    if package and package.editable:
        return f"only this machine has {package.origin or 'its source'}"
    return None
