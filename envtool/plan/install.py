"""The answer yes: what to install, from where, as values and as an argument list."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envtool.catalogue import Size
    from envtool.wheel_index import Index


class InstallPlan(NamedTuple):
    packages: tuple[tuple[str, str | None], ...]  # torch first; None: whichever is the newest there
    source: Index | None  # None: the package registry
    backend: str
    confirmed: bool  # False: no one has seen this wheel, its neighbours suggest it
    python: str  # 3.12
    system: str  # Linux
    pre: bool = False
    size: Size | None = None
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def requirements(self) -> tuple[str, ...]:
        return tuple(f"{name}=={version}" if version else name for name, version in self.packages)


def argv(plan: InstallPlan, before: Sequence[str] = ("pip",), after: Sequence[str] = ()) -> tuple[str, ...]:
    """The command that carries the plan out; `before` stands before `install`, `after` right behind it."""
    source = (plan.source.option, plan.source.url) if plan.source else ()
    pre = ("--pre",) if plan.pre else ()
    return (*before, "install", *after, *pre, *plan.requirements, *source)
