"""A clean copy of what a project imports, for pipreqs to read: UTF-8, import statements alone, no names in its way.

pipreqs takes every file and folder that it meets for a module of the project. So the copy has none of the project's
names: each folder's imports stand in a file with a number, unless another folder has the same; those of the project's own
modules are left out.
"""

from __future__ import annotations

import keyword
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def third_party(imported: Iterable[Iterable[str]]) -> tuple[tuple[str, str], ...]:
    """What pipreqs counts as third-party of the first names that each folder imports, and the distribution it says."""
    from pipreqs.pipreqs import get_all_imports, get_pkg_names  # noqa: PLC0415 - it imports an HTTP client

    with tempfile.TemporaryDirectory(prefix="envtool-") as shadow:
        for number, names in enumerate({frozenset(names) for names in imported}):
            lines = [f"import {name}\n" for name in sorted(names) if not keyword.iskeyword(name)]
            Path(shadow, f"{number}.py").write_text("".join(lines), encoding="utf-8")
        found = get_all_imports(shadow, encoding="utf-8")
    return tuple((name, get_pkg_names([name])[0]) for name in sorted(found))
