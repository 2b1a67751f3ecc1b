"""Refreshes the tables from the live pages of the wheel index and of the package registry."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version
from wheel_drift import brought_together, carried, paired
from wheel_index import Listed, cuda_backend, folders, listing, requirements
from wheel_tables import (
    Capabilities,
    Companions,
    Cuda,
    RefreshError,
    Rocm,
    Source,
    TorchvisionWheel,
    Wheel,
    is_wanted,
    joined,
    read_table,
    with_carried_lists,
    write_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from packaging.requirements import Requirement


class Tables(NamedTuple):
    """The tables that a refresh may change."""

    wheels: list[Wheel]
    torchvision: list[TorchvisionWheel]
    companions: list[Companions]
    capabilities: list[Capabilities]
    sources: list[Source]


class Seen(NamedTuple):
    """What the pages list, as rows, and what each new torchvision requires of torch."""

    asked: set[str]  # pytorch, registry
    wheels: list[Wheel]
    torchvision: list[TorchvisionWheel]
    needs: dict[str, Requirement]
    sources: list[Source]


class Live(NamedTuple):
    """The tables as the pages would have them, in what they drifted, and what a person should know."""

    tables: Tables
    drift: list[str]
    notes: list[str]
    today: str


def refreshed(data: Path, index: str, registry: str | None) -> Live:
    """What the live pages make of the tables. Raises RefreshError where a page or a table cannot be read."""
    today = dt.datetime.now(tz=dt.timezone.utc).date().isoformat()
    old = Tables(
        wheels=read_table(data, Wheel),
        torchvision=read_table(data, TorchvisionWheel),
        companions=read_table(data, Companions),
        capabilities=read_table(data, Capabilities),
        sources=read_table(data, Source),
    )
    notes: list[str] = []
    new, drift = brought_up_to(old, look(old, index, registry, today, notes))
    new_builds = {(row.version, row.backend) for row in new.wheels} - {(row.version, row.backend) for row in old.wheels}
    notes += holes(data, new_builds, {(row.version, row.backend) for row in new.capabilities})
    return Live(new, drift, notes, today)


def write(data: Path, live: Live) -> None:
    write_table(data, Wheel, live.tables.wheels, live.today)
    write_table(data, TorchvisionWheel, live.tables.torchvision, live.today)
    write_table(data, Companions, live.tables.companions, live.today)
    write_table(data, Capabilities, live.tables.capabilities, live.today)
    write_table(data, Source, live.tables.sources, live.today)


def look(old: Tables, index: str, registry: str | None, today: str, notes: list[str]) -> Seen:
    """Read the pages of both places; where no registry is given, that one is not asked."""
    places = {row.folder for row in old.wheels} | {row.folder for row in old.torchvision} | {""} | folders(index)
    pages = Source(f"index-{today}", "the wheel index's pages of torch and torchvision", today)
    torch = [wheel for wheel in wanted(index, "torch", places, notes) if wheel.folder]  # as wheel_facts.torch_wheels
    vision = [wheel for wheel in wanted(index, "torchvision", places, notes) if wheel.folder is not None]
    wheels = [wheel_row(wheel, pages.key) for wheel in torch]
    if not registry:
        needs = torch_needs(vision, old, wheels)
        return Seen({"pytorch"}, wheels, torchvision_rows(vision, pages.key), needs, [pages])
    told = Source(f"registry-{today}", "the registry's pages of torch and torchvision, with their metadata", today)
    wheels += registry_rows(wanted(registry, "torch", {""}, notes), old.wheels, told.key, notes)
    needs = torch_needs([*vision, *wanted(registry, "torchvision", {""}, notes)], old, wheels)
    return Seen({"pytorch", "registry"}, wheels, torchvision_rows(vision, pages.key), needs, [pages, told])


def wanted(index: str, project: str, places: set[str], notes: list[str]) -> list[Listed]:
    """The releases that the pages list, new enough to be of use."""
    found = listing(index, project, places)
    if found is None:
        raise RefreshError(f"{index} has no page of {project}: give the base address of an index")
    if found.odd:
        notes.append(f"{len(found.odd)} files passed over, not named as a wheel of {project}: {found.odd[0]} ...")
    return [wheel for wheel in found.wheels if is_wanted(project, wheel.version)]


def wheel_row(wheel: Listed, source: str) -> Wheel:
    return Wheel(
        version=wheel.version,
        local=wheel.local,
        index="pytorch",
        folder=wheel.folder or "",
        platform=wheel.platform,
        pythons=joined(wheel.pythons),
        backend=wheel.local or wheel.folder or "",
        basis="read",
        source=source,
    )


def torchvision_rows(listed: Iterable[Listed], source: str) -> list[TorchvisionWheel]:
    return [
        TorchvisionWheel(w.version, w.local, w.folder or "", w.platform, joined(w.pythons), "read", source)
        for w in listed
    ]


def registry_rows(listed: Iterable[Listed], known: Iterable[Wheel], source: str, notes: list[str]) -> list[Wheel]:
    """The registry's builds; what a new one carries is learnt from its metadata, and without that it is left out."""
    backends = {(row.version, row.platform): row.backend for row in known if row.index == "registry"}
    rows = []
    for wheel in listed:
        build = (wheel.version, wheel.platform)
        if build not in backends:
            required = requirements(wheel)
            if required is None:
                notes.append(f"{wheel.link.filename} is left out: no metadata says which CUDA it carries")
                continue
            backends[build] = cuda_backend(required, wheel.platform)
        rows.append(replace(wheel_row(wheel, source), index="registry", folder="", backend=backends[build]))
    return rows


def torch_needs(listed: Iterable[Listed], old: Tables, torches: Iterable[Wheel]) -> dict[str, Requirement]:
    """What each new torchvision requires of torch, and the newest one too where some torch has no companion yet."""
    known = {row.version for row in old.torchvision} | {v for row in old.companions for v in row.torchvision.split()}
    wheels = {wheel.version: wheel for wheel in listed if wheel.link.has_metadata}
    asked = wheels.keys() - known
    if wheels and {row.version for row in torches} - {row.torch for row in old.companions}:
        asked |= {max(wheels, key=Version)}
    read = {version: requirements(wheels[version]) or () for version in asked}
    return {version: need for version, required in read.items() for need in required if need.name == "torch"}


def brought_up_to(old: Tables, seen: Seen) -> tuple[Tables, list[str]]:
    """The tables with what was seen, and a line for each drift."""
    unasked = [row for row in old.wheels if row.index not in seen.asked]
    wheels, drift = brought_together([row for row in old.wheels if row.index in seen.asked], seen.wheels)
    vision, vision_drift = brought_together(old.torchvision, seen.torchvision)
    torches = {row.version for row in [*wheels, *unasked]}
    pairs, pair_drift = paired(old.companions, torches, seen.needs, seen.sources[-1].key)
    lists = with_carried_lists(old.capabilities, wheels)
    used = {row.source for row in wheels} | {row.source for row in vision} | {row.source for row in pairs}
    sources = {row.key: row for row in [*seen.sources, *old.sources] if row in old.sources or row.key in used}
    tables = Tables([*wheels, *unasked], vision, pairs, lists, list(sources.values()))
    return tables, [*drift, *vision_drift, *pair_drift, *carried(old.capabilities, lists)]


def holes(data: Path, new: set[tuple[str, str]], listed: set[tuple[str, str]]) -> Iterable[str]:
    """What the tables need from a person before a new build can be chosen."""
    toolkits = {row.backend for row in read_table(data, Cuda)}
    targets = {(row.version, row.backend) for row in read_table(data, Rocm)}
    for version, backend in sorted(new):
        if backend.startswith("cu") and backend not in toolkits:
            yield f"{backend} of torch {version} is new: cuda.tsv needs the drivers of its toolkit"
        if backend.startswith("cu") and (version, backend) not in listed:
            yield f"torch {version} {backend} is new: capabilities.tsv needs its list"
        if backend.startswith("rocm") and (version, backend) not in targets:
            yield f"torch {version} {backend} is new: rocm.tsv needs its targets"
