"""Looks for what can be had again, and how much room it takes: one function a kind, each within a bound."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from envtool.conditions.hoards import Hoard
from envtool.surroundings import folders
from envtool.surroundings.litter import last_used, litter
from envtool.surroundings.sizes import Bound, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envtool.conditions import Here

DAY_S = 86400  # what pip made longer ago, no pip that runs still needs
PIP_FOLDER = re.compile(
    r"pip-(?:unpack|install|build-env|(?:req-)?build|req-tracker|build-tracker|ephem-wheel-cache|wheel|metadata"
    r"|modern-metadata|standalone-pip|uninstall)-\w+"
)


def look(here: Here) -> tuple[Hoard, ...]:
    """What is there, kind by kind; a kind of which nothing is there has none."""
    with ThreadPoolExecutor(max_workers=len(KINDS)) as pool:
        return tuple(hoard for found in pool.map(lambda kind: list(kind(here)), KINDS) for hoard in found)


def _hoard(kind: str, path: str, free_with: tuple[str, ...] | None = None, *, is_safe: bool = False) -> Iterator[Hoard]:
    """None where the folder is not there."""
    if Path(path).is_dir():
        size, untold = taken((os.path.realpath(path),), Bound())
        yield Hoard(kind, path, size, untold, free_with, is_safe)


def _pip(here: Here) -> Iterator[Hoard]:
    if not any(package.name.lower() == "pip" for package in here.target.packages):
        return
    cache, why_not = folders.pip_cache(here.executable, here.environment)
    if cache:
        free_with = (here.executable, "-m", "pip", "cache", "purge")
        yield from _hoard("pip-cache", cache, free_with, is_safe=True)
    elif why_not:
        yield Hoard("pip-cache", "", 0, why_not)


def _uv(here: Here) -> Iterator[Hoard]:
    found = folders.uv_cache(here.environment)
    if found:
        uv, cache = found
        yield from _hoard("uv-cache", cache, (uv, "cache", "prune"), is_safe=True)


def _conda(here: Here) -> Iterator[Hoard]:
    conda = here.environment.get("CONDA_EXE") or shutil.which("conda", path=here.environment.get("PATH"))
    if not conda:
        return
    ran = folders.ask((conda, "info", "--json"), here.environment)
    try:
        caches = [str(folder) for folder in json.loads(ran.stdout)["pkgs_dirs"]]
    except (ValueError, KeyError, TypeError):
        yield Hoard("conda-packages", "", 0, ran.trouble or f"{conda} info --json does not tell where they lie")
        return
    free_with = (conda, "clean", "--packages", "--tarballs", "-y")
    for cache in caches:
        yield from _hoard("conda-packages", cache, free_with, is_safe=True)


def _hub_models(here: Here) -> Iterator[Hoard]:
    """huggingface_hub's own rules; its tools ask which models may go, and what is private or gone comes not back."""
    told = here.environment
    home = told.get("HF_HOME") or str(folders.caches(told) / "huggingface")
    cache = told.get("HF_HUB_CACHE") or told.get("HUGGINGFACE_HUB_CACHE") or str(Path(home) / "hub")
    tool = shutil.which("hf", path=told.get("PATH"))
    old_tool = shutil.which("huggingface-cli", path=told.get("PATH"))
    free_with = (tool, "cache", "prune") if tool else (old_tool, "delete-cache") if old_tool else None
    yield from _hoard("hub-models", cache, free_with)


def _torch_hub(here: Here) -> Iterator[Hoard]:
    home = here.environment.get("TORCH_HOME") or str(folders.caches(here.environment) / "torch")
    yield from _hoard("torch-hub", str(Path(home) / "hub"))


def _kernels(here: Here) -> Iterator[Hoard]:
    """What triton, inductor and torch's builder of extensions have compiled."""
    told, home = here.environment, folders.home(here.environment)
    places = {
        "TRITON_CACHE_DIR": home / ".triton" / "cache",
        "TORCHINDUCTOR_CACHE_DIR": folders.temporary(told) / f"torchinductor_{_user()}",
        "TORCH_EXTENSIONS_DIR": folders.caches(told) / "torch_extensions",
    }
    for variable, place in places.items():
        yield from _hoard("kernel-caches", told.get(variable) or str(place))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user has no name
        return "unknown"


def _leftovers(here: Here) -> Iterator[Hoard]:
    """Of a pip that was killed: its temporary folders, and the packages that it had moved aside to replace them."""
    packages, temporary = here.target.site_packages, folders.temporary(here.environment)
    old = [str(path) for path in temporary.glob("pip-*") if PIP_FOLDER.fullmatch(path.name) and _is_old(path)]
    aside = [str(path) for path in Path(packages).glob("~*") if path.is_dir()] if packages else []
    for path in sorted(old + aside):
        yield from _hoard("pip-leftovers", path)


def _is_old(path: Path) -> bool:
    """Of this user, and of no pip that runs."""
    try:
        seen = path.lstat()
    except OSError:
        return False
    return time.time() - seen.st_mtime > DAY_S and (os.name == "nt" or seen.st_uid == os.getuid())


def _project(here: Here) -> Iterator[Hoard]:
    walk = Bound()
    found = litter(here.folder, here.target.prefix, walk)
    size, untold = taken(found.bytecode, Bound())
    yield Hoard("bytecode", str(here.folder), size, walk.untold or untold)
    bound = Bound()  # there may be many
    for path in found.environments:
        size, untold = taken((path,), bound)
        yield Hoard("unused-environments", path, size, untold, last_used=last_used(path))
    if walk.untold:
        yield Hoard("unused-environments", str(here.folder), 0, walk.untold)


KINDS = (_pip, _uv, _conda, _hub_models, _torch_hub, _kernels, _leftovers, _project)
