"""What the package manager of a system installs for a header, a library or a tool."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from envtool.tables import DATA, cell, rows, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envtool.rules.log import Run

MANAGERS = {  # as the columns of the table stand
    "apt": ("sudo apt install {}", "Debian, Ubuntu"),
    "dnf": ("sudo dnf install {}", "Fedora, RHEL"),
    "apk": ("apk add {}", "Alpine"),
    "brew": ("brew install {}", "macOS, with Homebrew"),
    "winget": ("winget install {}", "Windows"),
}
WHERE_UNKNOWN = ("apt", "dnf")


class Need(NamedTuple):
    packages: Mapping[str, str]  # by manager
    instead: str | None  # a project whose wheel brings it along


@cache
def needs() -> Mapping[str, Need]:
    """By each name that a log may give it, in small letters."""
    return {name: need for names, need in rows(DATA, "system_packages.tsv", 8, _need) for name in names}


def _need(cells: list[str]) -> tuple[tuple[str, ...], Need]:
    names, *packages, instead, _source = cells
    return words(names), Need(
        {manager: text for manager, text in zip(MANAGERS, packages, strict=True) if cell(text)}, cell(instead)
    )


def packages_for(name: str, run: Run) -> Iterator[str]:
    """The commands that install it: for this system, or for the two most common where the log shows none."""
    need = next((needs()[form] for form in _forms(name) if form in needs()), None)
    if need is None:
        yield f"# find the package that has {name}: apt-file search {name}; dnf provides '*/{name}'; apk search -e so:{name}"
        return
    if need.instead:
        yield f"pip install {need.instead}  # brings it along in a wheel"
    python = ".".join(map(str, run.python)) if run.python else "3"
    for manager in [run.manager] if run.manager else WHERE_UNKNOWN:
        if manager in need.packages:
            command, systems = MANAGERS[manager]
            packages = need.packages[manager].format(python=python)
            shown = packages if packages.startswith("xcode-select") else command.format(packages)
            yield shown if run.manager else f"{shown}  # {systems}"


def _forms(name: str) -> Iterator[str]:
    """The name as it stands, then without folder, ending and "lib"."""
    name = name.lower()
    yield name
    base = name.rpartition("/")[2]
    yield base
    stem = re.sub(r"(?:\.h(?:pp)?|\.lib|\.pc|\.so[\d.]*|-config|_config)$", "", base)
    yield stem
    yield stem.removeprefix("lib")
    yield name.partition("/")[0]
