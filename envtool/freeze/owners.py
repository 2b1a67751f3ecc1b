"""Which distribution an import comes from: the one that is installed, else what is known, else pipreqs' guess."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from envtool.facts import Package
    from envtool.import_names import ImportNames, Known

_SAFE = ("certain", "likely")  # a distribution of these states may be named though it is not installed


class Owner(NamedTuple):
    name: str  # as its project spells it
    module: str  # what it is imported by: cv2, google.cloud.storage
    package: Package | None  # None: not installed


def finder(
    packages: Iterable[Package], names: ImportNames, guesses: Mapping[str, str]
) -> Callable[[str], Owner | Known]:
    """Says for a dotted import who owns it; a Known where no distribution may be named for it.

    `guesses` are pipreqs' distributions by the first part of an import.
    """
    installed = _Installed(packages)

    @cache
    def owner(module: str) -> Owner | Known:
        first, known = module.partition(".")[0], names.distribution_of(module)
        likely = [known.name, *known.alternatives] if known and known.name else []
        if found := installed.owner(module, likely):
            return found
        called = [(name, known.module) for name in likely] if known else [(guesses[first], first)]
        called += [(part, part) for part in _parts(module)]
        for name, part in called:
            if found := installed.named(name, part):
                return found
        if known is None:
            return Owner(guesses[first], first, None)
        return Owner(known.name, known.module, None) if known.name and known.state in _SAFE else known

    return owner


class _Installed:
    def __init__(self, packages: Iterable[Package]) -> None:
        self._by_name = {canonicalize_name(package.name): package for package in packages}
        self._by_module: dict[str, list[Package]] = {}
        self._below: dict[str, set[str]] = {}  # by a namespace, the modules that share it
        for name in sorted(self._by_name):
            for module in self._by_name[name].modules or ():
                self._by_module.setdefault(module, []).append(self._by_name[name])
                for part in list(_parts(module))[1:]:
                    self._below.setdefault(part, set()).add(module)

    def owner(self, module: str, likely: Iterable[str]) -> Owner | None:
        """Who has the longest part of the import; of several, the first in `likely`."""
        for part in _parts(module):
            if owners := self._by_module.get(part):
                by_name = {canonicalize_name(package.name): package for package in owners}
                wanted = [by_name[name] for name in map(canonicalize_name, likely) if name in by_name]
                package = (wanted or owners)[0]
                return Owner(package.name, part, package)
        sharing = {self._by_module[below][0] for below in self._below.get(module, ())}
        return next((Owner(package.name, module, package) for package in sharing if len(sharing) == 1), None)

    def named(self, name: str, module: str) -> Owner | None:
        """The distribution of that name, where it does not tell what can be imported of it."""
        package = self._by_name.get(canonicalize_name(name))
        return Owner(package.name, module, package) if package and not package.modules else None


def _parts(module: str) -> Iterator[str]:
    """The import, then what is above it: a.b.c, a.b, a."""
    while module:
        yield module
        module = module.rpartition(".")[0]
