"""The answer yes: what to install, from where, as values and as an argument list."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envtool.catalogue import Build, Mirror, Size

INDEX = "https://download.pytorch.org/whl"
INDEX_IS_WHOLE_SINCE = Version("2.0")  # from here on the wheel index carries torch's dependencies too


class Index(NamedTuple):
    url: str
    option: str  # --index-url, --extra-index-url or -f
    name: str  # as uv's table calls it: pytorch-cu126

    @property
    def is_flat(self) -> bool:
        return self.option == "-f"


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


def index_of(build: Build, mirror: Mirror | None) -> Index | None:
    """Where pip looks for the build.

    Before torch 2.0 the index is extra, for it lacks dependencies. From 2.0 on it is the only one: a second index
    lets a stranger's package of the same name win (dependency confusion, December 2022).
    """
    if build.folder is None:
        return None
    option = "--index-url" if build.version >= INDEX_IS_WHOLE_SINCE else "--extra-index-url"
    return _index(build.folder, option, mirror)


def nightly_index(backend: str, mirror: Mirror | None) -> Index:
    return _index(f"nightly/{backend}", "--index-url", mirror)


def _index(folder: str, option: str, mirror: Mirror | None) -> Index:
    name = f"pytorch-{folder.replace('/', '-').replace('.', '')}"
    if mirror is None:
        return Index(f"{INDEX}/{folder}", option, name)
    return Index(mirror.url.replace("{folder}", folder), "-f" if mirror.layout == "flat" else option, name)
