"""The target's library, its pip, and the folders from which a module may come in its place."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envtool import run, target
from envtool.conditions.interpreter import InterpreterState, Own, PipOnPath, Shadow, Visitor
from envtool.errors import TargetUnusable
from envtool.surroundings.site_folders import RUBBISH, broken_in, clashes_in, distributions_in, modules_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envtool.conditions import Here

ASK_LIMIT_S = 30.0
PIP_LIMIT_S = 20.0
TORCH = ("torch", "torchvision", "torchaudio")  # a file of their name is in the way before they are installed, too
HARMLESS = RUBBISH | {"this", "antigravity"}  # of the standard library, and no program needs them


class _Answer(NamedTuple):
    """What `_in_target/interpreter_probe.py` writes."""

    site_folders: list[str]
    user_site: str | None
    standard: list[str]
    unusable: dict[str, str]
    ensurepip: str | None
    needed_by_pip: list[str]


def look(here: Here) -> InterpreterState:
    return InterpreterState(
        is_conda=Path(here.target.prefix, "conda-meta").is_dir(),
        uv=_on_path("uv", here) or shutil.which("uv", path=str(Path(sys.executable).parent)),
        pip_on_path=_pip_on_path(here),
        own=_own(here),
    )


def _on_path(program: str, here: Here) -> str | None:
    return shutil.which(program, path=here.environment.get("PATH", os.defpath))


def _pip_on_path(here: Here) -> PipOnPath | None:
    """Asked for its version, in an empty folder: it names the package that it runs."""
    file = _on_path("pip", here)
    if file is None:
        return None
    with tempfile.TemporaryDirectory(prefix="envtool-", ignore_cleanup_errors=True) as folder:
        asked = [file, "--version", "--disable-pip-version-check"]
        ran = run.capture(asked, PIP_LIMIT_S, here.environment, folder)
    said = re.match(r"pip \S+ from (.+) \(python ([\d.]+)\)", ran.stdout)
    if said:
        return PipOnPath(file, package=said[1], python=said[2])
    first_line = _shebang(file)
    printed = (ran.stderr or ran.stdout).strip().splitlines()
    why = printed[-1] if printed else f"it ended with exit status {ran.status}"
    if ran.trouble:
        why = f"{ran.trouble}; its first line is {first_line}" if first_line else ran.trouble
    return PipOnPath(file, trouble=why)


def _shebang(file: str) -> str:
    try:
        with Path(file).open("rb") as script:
            line = script.readline(300)
    except OSError:
        return ""
    return line.decode("utf-8", "replace").strip() if line.startswith(b"#!") else ""


def _own(here: Here) -> Own | str:
    try:
        answer = _Answer(**json.loads(target.ask(here.executable, ASK_LIMIT_S, "interpreter_probe.py")))
    except (TargetUnusable, ValueError, TypeError) as error:
        return str(error)
    installed = {name: folder for folder in reversed(answer.site_folders) for name in modules_in(folder)}
    return Own(
        unusable=tuple(answer.unusable.items()),
        ensurepip=answer.ensurepip,
        needed_by_pip=tuple(answer.needed_by_pip),
        visitors=tuple(_visitors(here, answer, installed)),
        shadows=tuple(_shadows(here, answer, installed)),
        clashes=tuple(clash for folder in answer.site_folders for clash in clashes_in(folder)),
        broken=tuple(broken for folder in answer.site_folders for broken in broken_in(folder)),
    )


def _visitors(here: Here, answer: _Answer, installed: Mapping[str, str]) -> Iterator[Visitor]:
    """An entry of PYTHONPATH comes before all else, the user's own folder only before what is installed."""
    entries = here.environment.get("PYTHONPATH", "").split(os.pathsep)
    folders = [(str(here.folder / entry), "PYTHONPATH") for entry in entries if entry]
    folders += [(answer.user_site, "user site")] if answer.user_site else []
    for folder, origin in folders:
        modules = modules_in(folder)
        yield Visitor(
            folder,
            origin,
            is_there=Path(folder).exists(),
            hides_standard=_both(modules, answer.standard if origin == "PYTHONPATH" else ()),
            hides_installed=_both(modules, [name for name, where in installed.items() if where != folder]),
            distributions=distributions_in(folder),
        )


def _both(modules: Mapping[str, str], others: list[str] | tuple[()]) -> tuple[str, ...]:
    return tuple(sorted((modules.keys() & set(others)) - HARMLESS))


def _shadows(here: Here, answer: _Answer, installed: Mapping[str, str]) -> Iterator[Shadow]:
    """A project that is itself installed from the current folder hides nothing."""
    if any(_is_same(here.folder, folder) for folder in answer.site_folders):
        return
    developed = {
        _module_name(package.name) for package in here.target.packages if _is_from(package.origin, here.folder)
    }
    for module, file in modules_in(here.folder).items():
        if module in HARMLESS or module in developed:
            continue
        if module in answer.standard:
            yield Shadow(file, module, "")
        elif module in installed or module in TORCH:
            yield Shadow(file, module, installed.get(module, here.target.site_packages or here.target.prefix))


def _is_same(folder: Path, other: str) -> bool:
    return os.path.realpath(folder) == os.path.realpath(other)


def _is_from(origin: str | None, folder: Path) -> bool:
    return bool(origin) and (origin in (folder.as_uri(), str(folder)))


def _module_name(distribution: str) -> str:
    return re.sub(r"[-.]+", "_", distribution).lower()
