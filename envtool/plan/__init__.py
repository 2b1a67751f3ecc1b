"""Which torch build to install: (machines, request, catalogue) -> InstallPlan or Refusal. Pure: it looks at nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envtool.errors import RequestInvalid
from envtool.plan import companions, reasons
from envtool.plan.assume import SYSTEMS, Assumptions, assume
from envtool.plan.choice import best, legal
from envtool.plan.install import InstallPlan, argv
from envtool.plan.misses import misses, nearness
from envtool.plan.refusal import Refusal, WayOut, refuse
from envtool.plan.request import COMPANIONS, Request, parse_backend, parse_cuda, parse_mirror, parse_torch
from envtool.wheel_index import index_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envtool.catalogue import Catalogue
    from envtool.facts import Machine
    from envtool.plan.choice import Candidate

__all__ = (
    "COMPANIONS",
    "SYSTEMS",
    "Assumptions",
    "Considered",
    "InstallPlan",
    "Refusal",
    "Request",
    "WayOut",
    "argv",
    "assume",
    "choose",
    "consider",
    "parse_backend",
    "parse_cuda",
    "parse_mirror",
    "parse_torch",
)


def choose(machines: Sequence[Machine], request: Request, catalogue: Catalogue) -> InstallPlan | Refusal:
    """The one build that runs on every machine and is what was asked for, or why there is none."""
    if request.pre:
        return _choose_nightly(machines, request, catalogue)

    def solve(machines: Sequence[Machine], request: Request) -> InstallPlan | None:
        return _solve(machines, request, catalogue)

    return solve(machines, request) or refuse(machines, request, catalogue, solve)


class Considered(NamedTuple):
    """A build that was looked at, told by the wheel that comes nearest, and what rules that out: nothing if it runs."""

    torch: str
    place: str
    backend: str
    basis: str
    obstacles: tuple[str, ...]


def consider(machine: Machine, request: Request, catalogue: Catalogue) -> tuple[Considered, ...]:
    """Every build that is known, newest first, and of one release the nearest to being chosen first."""
    nearest = (
        max(misses((build,), machine, request, catalogue), key=lambda miss: (nearness(miss), miss.wheel.is_confirmed))
        for build in catalogue.builds
    )
    ordered = sorted(nearest, key=lambda miss: (miss.build.version, nearness(miss)), reverse=True)
    return tuple(
        Considered(
            torch=miss.build.pin,
            place=miss.build.place,
            backend=miss.wheel.backend,
            basis=miss.wheel.basis,
            obstacles=tuple(obstacle.text for obstacle in miss.obstacles),
        )
        for miss in ordered
    )


def _solve(machines: Sequence[Machine], request: Request, catalogue: Catalogue) -> InstallPlan | None:
    candidates = legal(machines, request, catalogue)
    if request.companions:
        candidates = [
            candidate
            for candidate in candidates
            if all(pin for _name, pin in companions.pins(request.companions, candidate, machines, catalogue))
        ]
    chosen = best(candidates, machines, request, catalogue)
    return _plan(chosen, machines, request, catalogue) if chosen else None


def _plan(chosen: Candidate, machines: Sequence[Machine], request: Request, catalogue: Catalogue) -> InstallPlan:
    names = ("torchvision",) if request.companions is None else request.companions
    pinned = companions.pins(names, chosen, machines, catalogue)
    missing = tuple(f"no {name} is known to belong to torch {chosen.build.pin}" for name, pin in pinned if pin is None)
    folder, version = chosen.build.folder, chosen.build.version
    return InstallPlan(
        packages=(("torch", chosen.build.pin), *((name, pin) for name, pin in pinned if pin)),
        source=index_for(folder, version, request.mirror) if folder else None,
        backend=chosen.backend,
        confirmed=chosen.is_confirmed,
        python=".".join(machines[0].python.version.split(".")[:2]),
        system=machines[0].os.system,
        size=catalogue.sizes.get((chosen.backend[:4], chosen.wheels[0].family.partition("_")[0])),
        reasons=reasons.reasons(chosen, machines, request, catalogue),
        warnings=(*reasons.warnings(chosen, machines, request, catalogue), *missing),
    )


def _choose_nightly(machines: Sequence[Machine], request: Request, catalogue: Catalogue) -> InstallPlan | Refusal:
    """The nightly of the backend that the newest release would take: nightlies are built for what releases are."""
    if request.torch is not None:
        raise RequestInvalid("a nightly has no version to ask for: leave out --torch, or leave out --pre")
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - a third of the start-up time

    newest = max(build.version for build in catalogue.builds)
    as_release = request._replace(torch=SpecifierSet(f"=={newest}"), pre=False, unconfirmed=True)
    plan = choose(machines, as_release, catalogue)
    if isinstance(plan, Refusal):
        return plan._replace(reasons=(f"nightlies are built for what torch {newest} is built for", *plan.reasons))
    return plan._replace(
        packages=tuple((name, None) for name, _pin in plan.packages),
        source=index_for(f"nightly/{plan.backend}", newest, request.mirror),
        confirmed=False,
        pre=True,
        reasons=(f"the nightly for {plan.backend}, the backend that torch {newest} would take here", *plan.reasons[1:]),
        warnings=("a nightly changes every day and may be missing for a Python or a platform",),
    )
