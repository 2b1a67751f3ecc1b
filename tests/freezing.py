"""Projects and environments as values, for the tests of freeze."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.facts import Imports, Interpreter, Package, Target, Use
from envtool.freeze import Freeze, make
from envtool.import_names import ImportNames

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ImportNames()


def target(*packages: Package, python: str = "3.11.7") -> Target:
    return Target(
        python=Interpreter("cpython", python),
        arch="x86_64",
        libc=None,
        platform="linux-x86_64",
        prefix="/opt/env",
        is_venv=True,
        externally_managed=False,
        site_packages=None,
        packages=packages,
    )


def imports(*uses: Use | str, guesses: Mapping[str, str] | None = None) -> Imports:
    """Of a project in which each import stands in train.py; pipreqs names each after itself, but for `guesses`."""
    told = tuple(
        Use(use, "train.py", line, optional=False) if isinstance(use, str) else use for line, use in enumerate(uses, 1)
    )
    firsts = dict.fromkeys(use.module.partition(".")[0] for use in told)
    return Imports(".", told, tuple((first, (guesses or {}).get(first, first)) for first in firsts), ())


def frozen(*uses: Use | str, packages: tuple[Package, ...] = (), pin: str = "exact") -> Freeze:
    return make(imports(*uses), target(*packages), NAMES, pin)


def lines(freeze: Freeze) -> list[str]:
    return [needed.requirement for needed in freeze.dependencies]


def kinds(freeze: Freeze) -> list[str]:
    return [remark.kind for remark in freeze.warnings]


def installed(
    name: str, version: str, *modules: str, origin: str | None = None, revision: str | None = None
) -> Package:
    return Package(name, version, origin, revision, modules=modules)
