"""`pip check` of the target through its own pip, or uv's where it has none. Neither asks an index."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from envtool import run
from envtool.conditions.dependencies import Conflict, Dependencies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envtool.conditions import Here

LIMIT_S = 60.0
CLEAN = ("No broken requirements found", "All installed packages are compatible")
# A line of pip's, or of uv's; both have exit status 1 where there is a conflict.
LINES = tuple(
    re.compile(line)
    for line in (
        r"(?P<package>\S+) (?P<version>\S+) requires (?P<needs>.+), which is not installed\.",
        r"(?P<package>\S+) (?P<version>\S+) has requirement (?P<needs>.+), but you have \S+ (?P<found>\S+)\.",
        r"(?P<package>\S+) (?P<version>\S+) is not supported on this platform",
        r"The package `(?P<package>[^`]+)` requires `(?P<needs>[^`]+)`, but it's not installed",
        r"The package `(?P<package>[^`]+)` requires `(?P<needs>[^`]+)`, but `(?P<found>[^`]+)` is installed",
        r"The package `(?P<package>[^`]+)` requires (?P<needs>Python .+), but `(?P<found>[^`]+)` is installed",
        r"The package `(?P<package>[^`]+)` was built for a different platform",
    )
)


def look(here: Here) -> Dependencies:
    if any(package.name.lower() == "pip" for package in here.target.packages):
        return _asked("pip", [here.executable, "-m", "pip", "check", "--disable-pip-version-check"], here)
    uv = shutil.which("uv", path=here.environment.get("PATH")) or shutil.which(
        "uv", path=str(Path(sys.executable).parent)
    )
    if uv is None:
        return Dependencies("pip", None, f"{here.target.prefix} has no pip to ask, and uv is not on PATH")
    return _asked("uv", [uv, "pip", "check", "--offline", "--python", here.executable], here)


def _asked(tool: str, argv: list[str], here: Here) -> Dependencies:
    """In an empty folder, for `-m` puts the current one on the path."""
    with tempfile.TemporaryDirectory(prefix="envtool-", ignore_cleanup_errors=True) as folder:
        ran = run.capture(argv, LIMIT_S, here.environment, folder)
    printed = f"{ran.stdout}\n{ran.stderr}"
    conflicts = tuple(_conflicts(printed))
    if conflicts or any(words in printed for words in CLEAN):
        return Dependencies(tool, conflicts)
    last = [line for line in printed.splitlines() if line.strip()][-1:]
    return Dependencies(tool, None, ran.trouble or " ".join([f"{tool} check gave no answer", *last]))


def _conflicts(printed: str) -> Iterator[Conflict]:
    for line in printed.splitlines():
        found = next(filter(None, (form.match(line) for form in LINES)), None)
        if found:
            named = found.groupdict()
            yield Conflict(named["package"], named.get("version"), named.get("needs") or "", named.get("found"))
