"""Looks at torch in the target: imports it and what works with it, each in a process of its own with a time limit."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from envtool import target
from envtool.conditions.installed_torch import Companion, Damage, Device, Files, Halt, InstalledTorch, Numpy, Torch

if TYPE_CHECKING:
    from envtool.conditions import Here
    from envtool.facts import Package

IMPORT_LIMIT_S = 120.0
FILES_LIMIT_S = 10.0
START_S = 30.0  # what an interpreter may take beside
COMPANIONS = ("torchvision", "torchaudio")


def look(here: Here) -> InstalledTorch:
    installed = [package for package in here.target.packages if package.name.lower() in COMPANIONS]
    with ThreadPoolExecutor(max_workers=4) as pool:
        files = pool.submit(_files, here.executable)
        companions = pool.map(lambda package: _companion(here.executable, package), installed)
        state = _state(here.executable)
        return state._replace(files=files.result(), companions=tuple(companions))


def _state(executable: str) -> InstalledTorch:
    told = target.hear(executable, IMPORT_LIMIT_S, ("torch_state.py",))
    known: dict[str, Any] = {"doing": f"start {executable}"}
    for line in told.answer.splitlines():
        known.update(_parsed(line))
    return InstalledTorch(
        torch=_torch(known),
        device=Device(known.get("device"), known.get("device_error")),
        numpy=Numpy(known["numpy"], known["numpy_error"]) if "numpy" in known else None,
        openmp=None if known.get("openmp") is None else tuple(known["openmp"]),
        halt=Halt(known["doing"], told.ending) if told.ending else None,
    )


def _torch(known: dict[str, Any]) -> Torch:
    if "version" not in known:
        return Torch(error=known.get("error"), is_absent=known.get("absent", False))
    return Torch(
        version=known["version"],
        build=target.build_name(known["cuda"], known["hip"], known["xpu"]),
        file=known["file"],
        kernels=tuple(known["kernels"]),
        seconds=known["seconds"],
    )


def _companion(executable: str, package: Package) -> Companion:
    name = package.name.lower()
    told = target.hear(executable, IMPORT_LIMIT_S, ("companion_state.py",), (name,))
    return Companion(name, package.version, told.ending or _parsed(told.answer).get("error"))


def _files(executable: str) -> Files | None:
    told = target.hear(executable, FILES_LIMIT_S + START_S, ("torch_files.py", "probe.py"), (str(FILES_LIMIT_S),))
    known = _parsed(told.answer)
    if told.ending or not known:
        return None
    damages = (Damage(one["package"], one["file"], one["recorded"], one["found"]) for one in known["damages"])
    return Files(known["looked"], known["is_whole"], tuple(damages), tuple(known["openmp"]))


def _parsed(line: str) -> dict[str, Any]:
    """What one line tells; nothing where the process died while it wrote."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
