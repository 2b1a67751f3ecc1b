"""Which imports find a module of the project itself: those alone that the importing file could make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.project.walk import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envtool.project.walk import Walk

DISTRIBUTION = frozenset({"setup.py", "pyproject.toml"})


class Own:
    """The project's own modules, as each of its files sees them."""

    def __init__(self, walk: Walk, put_on_path: Iterable[str]) -> None:
        """`put_on_path`: folders that the project puts on sys.path; whether they are there is seen here."""
        self._walk = walk
        roots = [folder for folder in walk.folders if not folder or walk.listing(folder).marks & DISTRIBUTION]
        wanted = [*roots, *(joined(root, "src") for root in roots), *put_on_path]
        self._everywhere = [folder for folder in dict.fromkeys(wanted) if walk.has(folder)]
        self._holders: dict[tuple[str, str], list[str]] = {}

    def finds(self, module: str, file: str) -> bool:
        """Beside the file, beside a folder around it, at a root or its src/, or on sys.path."""
        folder, _, name = file.rpartition("/")
        first, *_ = parts = module.split(".")
        is_itself = first == name.rpartition(".")[0]  # wandb.py does not import itself
        holders = self._holding(folder, first)
        return any(self._holds(holder, parts) for holder in holders if not (is_itself and holder == folder))

    def _holding(self, folder: str, first: str) -> list[str]:
        """The folders on the way of an import from this one that hold anything of that name."""
        if (folder, first) not in self._holders:
            around = [folder[:end] for end in range(len(folder), 0, -1) if end == len(folder) or folder[end] == "/"]
            searched = dict.fromkeys([*around, "", *self._everywhere])
            self._holders[folder, first] = [place for place in searched if self._has_name(place, first)]
        return self._holders[folder, first]

    def _has_name(self, folder: str, name: str) -> bool:
        here = self._walk.listing(folder)
        return name in here.modules or name in here.folders

    def _holds(self, folder: str, parts: Sequence[str], *, is_inner: bool = False) -> bool:
        """A folder without __init__.py is a package for the modules in it alone, and by its bare name none at all."""
        name, *rest = parts
        here = self._walk.listing(folder)
        if name in here.modules:
            return True
        if name not in here.folders:
            return False
        inside = joined(folder, name)
        if "__init__" in self._walk.listing(inside).modules:
            return True
        return (
            self._holds(inside, rest, is_inner=True) if rest else is_inner and bool(self._walk.listing(inside).modules)
        )
