"""Compares the wheels that an index lists with those that the tables know, and brings the two together."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version
from wheel_tables import Companions, TorchvisionWheel, Wheel, cell_of, joined, natural, weakest_first_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.requirements import Requirement
    from wheel_tables import BuildT, Capabilities


def brought_together(known: Iterable[BuildT], seen: Iterable[BuildT]) -> tuple[list[BuildT], list[str]]:
    """The rows as they should now be, and a line for each drift: + new, ^ confirmed, - gone.

    An inferred Python that the index does not list is dropped. One that was confirmed once is kept, for a person to
    judge: the index may have been incomplete.
    """
    rows_of: dict[BuildT, list[BuildT]] = {}
    for row in known:
        rows_of.setdefault(cell_of(row), []).append(row)
    listed: dict[BuildT, BuildT] = {}
    for row in seen:
        same = listed.setdefault(cell_of(row), row)
        listed[cell_of(row)] = replace(same, pythons=joined(f"{same.pythons} {row.pythons}".split()))
    kept: list[BuildT] = []
    drift: list[str] = []
    for build in {**rows_of, **listed}:
        rows, now = rows_of.get(build, []), listed.get(build)
        here = set(now.pythons.split()) if now else set()
        read, others = pythons(rows, {"read"}), pythons(rows, {"read-secondary", "inferred"})
        gone = pythons(rows, {"read", "read-secondary"}) - here
        refuted = pythons(rows, {"inferred"}) - here
        drift += line("+", build, here - read - others)
        drift += line("^", build, here & others - read)
        drift += line("-", build, gone, "; no longer listed, kept")
        drift += line("-", build, refuted - gone, "; was inferred, is not listed, taken out")
        kept += [row for row in rows if row.basis != "inferred"]
        kept += [replace(now, pythons=joined(here - read))] if now and here - read else []
    return weakest_first_out(kept), sorted(drift, key=natural)


def pythons(rows: Iterable[BuildT], bases: set[str]) -> set[str]:
    return {python for row in rows if row.basis in bases for python in row.pythons.split()}


def line(sign: str, build: Wheel | TorchvisionWheel, which: set[str], what: str = "") -> list[str]:
    if not which:
        return []
    name = "torch" if isinstance(build, Wheel) else "torchvision"
    place = build.index if isinstance(build, Wheel) and build.index == "registry" else build.folder or "the root"
    version = f"{build.version}+{build.local}" if build.local else build.version
    return [f"{sign} {name} {version} in {place} for {build.platform}: {joined(which)}{what}"]


def paired(
    known: Iterable[Companions], torches: Iterable[str], needs: dict[str, Requirement], source: str
) -> tuple[list[Companions], list[str]]:
    """The companions with each new torchvision beside the torch versions that it admits, and a line for each."""
    rows = {row.torch: row for row in known}
    drift = []
    for torchvision, requirement in sorted(needs.items(), key=lambda item: Version(item[0])):
        specifier = SpecifierSet(re.sub(r"\+[\w.]+", "", str(requirement.specifier)))
        for torch in sorted(specifier.filter(set(torches)), key=Version) if specifier else ():
            old = rows.get(torch, Companions(torch, "", "", "read", source))
            if torchvision not in old.torchvision.split():
                beside = joined([*old.torchvision.split(), torchvision])
                rows[torch] = replace(old, torchvision=beside, source=source)
                drift.append(f"+ companion of torch {torch}: torchvision {torchvision}")
    return list(rows.values()), drift


def carried(known: Iterable[Capabilities], now: Iterable[Capabilities]) -> list[str]:
    """A line for each list that a new build has from a neighbour."""
    new = sorted(set(now) - set(known), key=lambda row: natural(row.version))
    return [
        f"+ capabilities of torch {row.version} {row.backend} for {row.platform}: {row.capabilities}" for row in new
    ]
