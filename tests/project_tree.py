"""Small projects for the tests that read one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from envtool import project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from envtool.facts import Imports


def plant(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write the files, texts as UTF-8; the root, to read it."""
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def names(root: Path, files: Mapping[str, str | bytes]) -> set[str]:
    """What of a project pipreqs counts as third-party."""
    return {name for name, _ in project.read(plant(root, files)).names}


def kinds(imports: Imports) -> list[tuple[str, int | None, str]]:
    return [(remark.file, remark.line, remark.kind) for remark in imports.remarks]


def notebook(cells: Sequence[str | list[str]], **metadata: object) -> str:
    code = [{"cell_type": "code", "source": source} for source in cells]
    return json.dumps({"cells": code, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4})
