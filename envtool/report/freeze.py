"""A Freeze in the language of the tool that will read it."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, NamedTuple

from envtool.errors import IndexUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from envtool.freeze import Dependency, Drift, Freeze

FILES = {  # the name that a file of each form usually has
    "requirements": "requirements.txt",
    "pylock": "pylock.toml",
    "pyproject": "pyproject.toml",
    "environment-yml": "environment.yml",
}
OPTIONAL = ("comment", "include", "omit")
MOST_REMARKS = 20


def form_of(name: str, asked: str) -> str:
    """The form of a file that is there: by its name, where nothing but the usual form was asked for."""
    if asked != "requirements":
        return asked
    if name.endswith(".toml"):
        return "pylock" if name.startswith("pylock") else "pyproject"
    return "environment-yml" if name.endswith((".yml", ".yaml")) else "requirements"


class Paper(NamedTuple):
    """What a text holds beside the Freeze."""

    project: str  # the name of its folder
    command: str  # makes the same file anew
    optional: str = "comment"  # one of OPTIONAL
    encoding: str = "utf8"
    present: str | None = None  # the pyproject.toml that is there
    locked: str | None = None  # what a resolver made of the requirements


def freeze_text(freeze: Freeze, form: str, paper: Paper) -> str:
    """The Freeze in one of FORMATS. Raises RequestInvalid where the file that is there cannot take it."""
    return FORMATS[form](freeze, paper)


def requirement_lines(freeze: Freeze, paper: Paper) -> list[str]:
    """What pip installs, without any comment."""
    return [
        *(f"{index.option} {index.url}" for index in freeze.indexes),
        *(needed.requirement for needed in freeze.dependencies if _is_listed(needed, paper)),
    ]


def _is_listed(needed: Dependency, paper: Paper) -> bool:
    """A backport's marker says when it is needed, so it is not left out for being optional."""
    return not needed.obstacle and (not needed.optional or needed.marker is not None or paper.optional == "include")


def _requirements(freeze: Freeze, paper: Paper) -> str:
    lines = [*_heading(freeze, paper), *requirement_lines(freeze, paper), *_comments(freeze, paper)]
    text = "\n".join([*lines, ""])
    if text.isascii() or paper.encoding.lower().startswith("utf"):
        return text
    return f"# -*- coding: {paper.encoding} -*-\n{text}"  # pip looks for it in the first two lines


def _heading(freeze: Freeze, paper: Paper) -> list[str]:
    command = paper.command.encode(
        "ascii", "backslashreplace"
    ).decode()  # pip before 25.0 reads in the locale's encoding
    return [f"# Python {freeze.python} on {freeze.platform}", f"# made by: {command}"]


def _comments(freeze: Freeze, paper: Paper) -> list[str]:
    left_out = [f"# {needed.spelling}: {needed.obstacle}" for needed in freeze.dependencies if needed.obstacle]
    optional = [
        f"# {needed.requirement}"
        for needed in freeze.dependencies
        if not needed.obstacle and not _is_listed(needed, paper) and paper.optional == "comment"
    ]
    return [*left_out, *(["# optional:"] if optional else []), *optional]


def _json(freeze: Freeze, _paper: Paper) -> str:
    """In ASCII alone, so that every encoding holds it."""
    body = {
        "schema": 1,
        "root": freeze.root,
        "python": freeze.python,
        "packages": [
            {
                "name": needed.name,
                "imports": needed.imports,
                "version": needed.version,
                "source": needed.source,
                "optional": needed.optional,
                "files": needed.files,
            }
            for needed in freeze.dependencies
        ],
        "index_urls": [index.url for index in freeze.indexes],
        "warnings": [remark._asdict() for remark in freeze.warnings],
    }
    return json.dumps(body) + "\n"


def _environment_yml(freeze: Freeze, paper: Paper) -> str:
    """Conda makes the Python, pip installs the rest in the versions that were seen."""
    version = ".".join(freeze.python.split(".")[:2])
    lines = [*_heading(freeze, paper), f"name: {json.dumps(paper.project)}", "channels:", "  - conda-forge"]
    lines += ["dependencies:", f"  - python={version}", "  - pip"]
    items = [f"      - {json.dumps(line)}" for line in requirement_lines(freeze, paper)]
    return "\n".join([*lines, *(["  - pip:", *items] if items else []), ""])


def _pyproject(freeze: Freeze, paper: Paper) -> str:
    from envtool.report.pyproject import edited, new  # noqa: PLC0415 - takes tomlkit

    needed = {each.name: each.requirement for each in freeze.dependencies if _is_listed(each, paper)}
    if paper.present is None:
        return new(paper.project, ".".join(freeze.python.split(".")[:2]), list(needed.values()))
    known = {each.name: each.requirement for each in freeze.dependencies if not each.obstacle}
    return edited(paper.present, needed, known)


def _pylock(freeze: Freeze, paper: Paper) -> str:
    """The resolver's answer, once it has been read as PEP 751 has it."""
    import tomlkit  # noqa: PLC0415 - for this form alone, like the next
    from packaging.pylock import Pylock, PylockValidationError  # noqa: PLC0415

    try:
        lock = Pylock.from_dict(tomlkit.parse(paper.locked or "").unwrap())
    except (PylockValidationError, tomlkit.exceptions.ParseError) as error:
        raise IndexUnusable(f"The resolver wrote a lock file that is none: {error}") from None
    return "\n".join([*_heading(freeze, paper), "", tomlkit.dumps(lock.to_dict())])


FORMATS: Mapping[str, Callable[[Freeze, Paper], str]] = {
    "requirements": _requirements,
    "pylock": _pylock,
    "pyproject": _pyproject,
    "environment-yml": _environment_yml,
    "json": _json,
}


def remark_lines(freeze: Freeze) -> list[tuple[str, str]]:
    """What was found, the index that it takes, and each warning with its place."""
    optional = sum(needed.optional for needed in freeze.dependencies)
    found = f"{len(freeze.dependencies)} distributions, {optional} of them optional"
    notes = [
        f"{remark.file}{f':{remark.line}' if remark.line else ''}: {remark.message}"
        for remark in freeze.warnings[:MOST_REMARKS]
    ]
    if len(freeze.warnings) > MOST_REMARKS:
        notes.append(f"{len(freeze.warnings) - MOST_REMARKS} further warnings: --format json has them all")
    indexes = [("index", f"{index.option} {index.url}") for index in freeze.indexes]
    return [("found", found), *indexes, *(("note", note) for note in notes)]


def difference(old: str, new: str, name: str) -> str:
    """What would change in a file, as `diff -u` shows it."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), name, f"{name} (new)", lineterm="", n=1)
    return "\n".join(lines)


def drift_text(drifts: Iterable[Drift]) -> str:
    """The requirements that have drifted, as they are and as they should be."""
    lines = [
        line for drift in drifts for line in (drift.found and f"- {drift.found}", drift.wanted and f"+ {drift.wanted}")
    ]
    return "\n".join(filter(None, lines))
