"""The requirements that a file lists, whichever of our forms it has."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from envtool.errors import RequestInvalid

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator


class Listed(NamedTuple):
    name: str  # PEP 503
    text: str  # as it stands there
    specifier: SpecifierSet
    url: str | None = None


def listed(text: str, form: str) -> tuple[Listed, ...]:
    """Raises RequestInvalid where the text is not of that form."""
    read = {
        "requirements": _requirements,
        "pyproject": _pyproject,
        "pylock": _pylock,
        "environment-yml": _environment_yml,
    }[form]
    try:
        return tuple(read(text))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise RequestInvalid(f"that is no {form} file: {error}") from None


def _requirement(text: str) -> Iterator[Listed]:
    """What pip alone understands (a path, a bare address) names nothing, and is passed over."""
    try:
        found = Requirement(text)
    except InvalidRequirement:
        return
    yield Listed(canonicalize_name(found.name), text, found.specifier, found.url)


def _requirements(text: str) -> Iterator[Listed]:
    for line in re.sub(r"\\\r?\n", " ", text.lstrip("\ufeff")).splitlines():
        yield from _requirement(re.split(r"(?:^|\s)#|\s--", line)[0].strip())


def _pyproject(text: str) -> Iterator[Listed]:
    project = tomllib.loads(text)["project"]
    groups = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values()]
    for requirement in [requirement for group in groups for requirement in group]:
        yield from _requirement(requirement)


def _pylock(text: str) -> Iterator[Listed]:
    for package in tomllib.loads(text)["packages"]:
        source = package.get("vcs", {})
        url = f"git+{source['url']}@{source['commit-id']}" if source else package.get("archive", {}).get("url")
        if folder := source.get("subdirectory"):
            url = f"{url}#subdirectory={folder}"
        version = package.get("version")
        specifier = SpecifierSet(f"=={version}" if version else "")
        yield Listed(canonicalize_name(package["name"]), f"{package['name']}{specifier}", specifier, url)


def _environment_yml(text: str) -> Iterator[Listed]:
    """The items of its lists; conda's own `name=1.2` as pip writes it."""
    below = text.partition("dependencies:")[2]
    for item in re.findall(r"^\s*-\s+[\"']?([^\"'\n]+?)[\"']?\s*(?:#.*)?$", below, re.MULTILINE):
        requirement = _requirement(re.sub(r"^([\w.-]+)=([\w.]+)(=\w+)?$", r"\1==\2", item))
        yield from (entry for entry in requirement if entry.name not in ("python", "pip"))
