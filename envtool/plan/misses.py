"""Wheels, with what keeps each off a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envtool.plan.choice import toolkit
from envtool.plan.fit import obstacles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

    from envtool.catalogue import Build, Catalogue, Wheel
    from envtool.facts import Machine
    from envtool.plan.fit import Obstacle
    from envtool.plan.request import Request


class Miss(NamedTuple):
    """A wheel with its obstacles; none where it would run."""

    build: Build
    wheel: Wheel
    obstacles: tuple[Obstacle, ...]

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(obstacle.kind for obstacle in self.obstacles)


def misses(builds: Iterable[Build], machine: Machine, request: Request, catalogue: Catalogue) -> tuple[Miss, ...]:
    return tuple(
        Miss(build, wheel, tuple(obstacles(build, wheel, machine, request, catalogue)))
        for build in builds
        for wheel in build.wheels
    )


def nearness(miss: Miss) -> tuple[int, Version]:
    """The greater the nearer to being the answer: fewer obstacles, then the higher toolkit."""
    return -len(miss.obstacles), toolkit(miss.wheel.backend)


def span(versions: Iterable[Version]) -> str:
    """Releases in words: torch 2.6.0 to 2.14.1."""
    ordered = sorted(set(versions))
    return f"torch {ordered[0]}" if len(ordered) == 1 else f"torch {ordered[0]} to {ordered[-1]}"
