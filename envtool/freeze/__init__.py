"""What a project needs, and in which versions: (Imports, Target, what is known of imports) -> Freeze. Pure."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from packaging.utils import canonicalize_name

from envtool.freeze.dependency import Dependency, dependency
from envtool.freeze.drift import Drift, compare
from envtool.freeze.owners import Owner, finder
from envtool.freeze.pins import indexes
from envtool.freeze.remarks import dependency_remarks, name_remark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envtool.facts import Imports, Remark, Target, Use
    from envtool.import_names import ImportNames, Known
    from envtool.wheel_index import Index

__all__ = ("Dependency", "Drift", "Freeze", "compare", "make")


class Freeze(NamedTuple):
    root: str
    python: str
    platform: str  # linux-x86_64
    dependencies: tuple[Dependency, ...]  # sorted by name
    indexes: tuple[Index, ...]
    warnings: tuple[Remark, ...]

    @property
    def unresolved(self) -> tuple[str, ...]:
        """The names of those whose version an index may know."""
        return tuple(each.name for each in self.dependencies if each.source == "unresolved" and not each.obstacle)


def make(
    imports: Imports, target: Target, names: ImportNames, pin: str = "exact", newest: Mapping[str, str] | None = None
) -> Freeze:
    """`newest` are the versions to take, by name, for what is not installed."""
    guesses = dict(imports.names)
    owner_of = finder(target.packages, names, guesses)
    owned: dict[str, list[tuple[Use, Owner]]] = {}
    unnamed: dict[Known, list[Use]] = {}
    for use in imports.uses:
        if use.module.partition(".")[0] not in guesses or names.is_standard(use.module, python_2=use.python_2):
            continue
        owner = owner_of(use.module)
        if isinstance(owner, Owner):
            owned.setdefault(canonicalize_name(owner.name), []).append((use, owner))
        else:
            unnamed.setdefault(owner, []).append(use)
    dependencies = tuple(dependency(name, owned[name], names, pin, newest or {}) for name in sorted(owned))
    doubts = [remark for needed in dependencies for remark in dependency_remarks(needed, target)]
    nameless = [name_remark(known, unnamed[known]) for known in sorted(unnamed, key=attrgetter("module"))]
    return Freeze(
        root=imports.root,
        python=target.python.version,
        platform=target.platform,
        dependencies=dependencies,
        indexes=indexes(dependencies),
        warnings=(*imports.remarks, *filter(None, nameless), *doubts),
    )
