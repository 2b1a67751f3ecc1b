"""The dependencies of a pyproject.toml, edited in place: every other byte stays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import tomlkit
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from tomlkit.exceptions import ParseError
from tomlkit.items import Array

from envtool.errors import RequestInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def new(project: str, python: str, requirements: Sequence[str]) -> str:
    """A whole file, for a project that has none."""
    name = re.sub(r"[^A-Za-z0-9._-]+|^[^A-Za-z0-9]+|[^A-Za-z0-9]+$", "-", project).strip("-._") or "project"
    lines = [
        "[project]",
        f'name = "{name}"',
        'version = "0.1.0"',
        f'requires-python = ">={python}"',
        "dependencies = [",
    ]
    return "\n".join([*lines, *(f'    "{_quoted(line)}",' for line in requirements), "]", ""])


def edited(text: str, needed: Mapping[str, str], known: Mapping[str, str]) -> str:
    """The file with each requirement that it lists pinned as `known` has it, and those `needed` that it lacks added.

    Both are by name. What the project does not import stays: it may be needed all the same, as a plugin or a driver.
    Raises RequestInvalid where the file cannot hold them.
    """
    try:
        document = tomlkit.parse(text)
    except ParseError as error:
        raise RequestInvalid(f"pyproject.toml is no TOML: {error}") from None
    project = document.get("project")
    if not isinstance(project, dict):
        raise RequestInvalid(
            "pyproject.toml has no [project]: add it, with a name and a version, or use another --format"
        )
    if "dependencies" in project.get("dynamic", ()):
        raise RequestInvalid("pyproject.toml says that its dependencies are dynamic: freeze the file they come from")
    listed = project.get("dependencies")
    if not isinstance(listed, Array):
        project["dependencies"] = _array(_wanted([], needed, known))
        return document.as_string()
    wanted = _wanted([str(requirement) for requirement in listed], needed, known)
    _update(listed, wanted)
    if not _holds(document.as_string(), wanted):  # behind a comment at the end of a list, tomlkit leaves out the comma
        project["dependencies"] = _array(wanted)
    return document.as_string()


def _wanted(listed: Sequence[str], needed: Mapping[str, str], known: Mapping[str, str]) -> list[str]:
    names = [_name(text) for text in listed]
    kept = [
        _pinned(text, known[name]) if name in known and names.count(name) == 1 else text
        for text, name in zip(listed, names, strict=True)
    ]
    return [*kept, *(_quoted(requirement) for name, requirement in needed.items() if name not in names)]


def _name(text: str) -> str:
    try:
        return canonicalize_name(Requirement(text).name)
    except InvalidRequirement:
        return text


def _pinned(text: str, known: str) -> str:
    """The requirement with its extras and its marker, and the version or address of the known one, if that has any."""
    before, after, seen = Requirement(text), Requirement(text), Requirement(known)
    if seen.specifier or seen.url:
        after.specifier, after.url, after.marker = seen.specifier, seen.url, before.marker or seen.marker
    return text if before == after else _quoted(str(after))


def _quoted(requirement: str) -> str:
    """With the quotes in its marker that need no escape in TOML's."""
    return requirement.replace('"', "'")


def _update(listed: Array, wanted: Sequence[str]) -> None:
    for at, text in enumerate(wanted):
        if at >= len(listed):
            listed.append(text)
        elif listed[at] != text:
            listed[at] = text


def _holds(text: str, wanted: Sequence[str]) -> bool:
    try:
        return bool(tomlkit.parse(text).unwrap()["project"]["dependencies"] == wanted)
    except ParseError:
        return False


def _array(requirements: Sequence[str]) -> Array:
    array = tomlkit.array()
    array.extend(requirements)
    return array.multiline(True)
