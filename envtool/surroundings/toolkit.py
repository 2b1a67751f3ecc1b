"""Looks at the CUDA that stands beside torch's own: the compiler for extensions, and libraries on LD_LIBRARY_PATH."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from envtool import run
from envtool.conditions.driver import Library, Nvcc, Toolkit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envtool.conditions import Here

NVCC_LIMIT_S = 20.0
VARIABLES = ("CUDA_HOME", "CUDA_PATH")  # in the order that torch.utils.cpp_extension asks them
USUAL_HOME = "usr/local/cuda"
PROGRAM = "nvcc.exe" if os.name == "nt" else "nvcc"
_LIBRARY = re.compile(
    r"lib(?:cuda|cudart|cublas|cublasLt|cudnn\w*|cufft|curand|cusolver|cusparse|nccl|nvJitLink|nvrtc)\.so\.\d+"
)
_VERSION = re.compile(r"\.so\.(\d+(?:\.\d+)+)$")


def look(here: Here) -> Toolkit:
    """As torch.utils.cpp_extension looks for it: the variable, then PATH, then the usual folder."""
    variable = next((name for name in VARIABLES if here.environment.get(name)), None)
    home = here.environment[variable] if variable else None
    on_path = shutil.which("nvcc", path=here.environment.get("PATH", ""))
    usual = here.root / USUAL_HOME / "bin" / PROGRAM
    chosen = Path(home, "bin", PROGRAM) if home else Path(on_path) if on_path else usual
    nvcc = _nvcc(chosen, here.environment) if os.access(chosen, os.F_OK) else None
    is_other = on_path is not None and _real(Path(on_path)) != _real(chosen)
    return Toolkit(variable, home, nvcc, _nvcc(Path(str(on_path)), here.environment) if is_other else None)


def _nvcc(program: Path, environment: Mapping[str, str]) -> Nvcc:
    ran = run.capture([str(program), "--version"], NVCC_LIMIT_S, environment)
    found = re.search(r"release (\d+\.\d+)", ran.stdout)
    if found:
        return Nvcc(str(program), found[1])
    return Nvcc(str(program), None, ran.trouble or f"{program} --version ended with status {ran.status}")


def libraries(here: Here) -> tuple[Library, ...]:
    """CUDA's libraries in the folders of LD_LIBRARY_PATH, but for those that torch brings itself."""
    brought = {file.name: file for file in _of_torch(here.target.site_packages)}
    own = {_real(file).parent for file in brought.values()}
    folders = filter(None, here.environment.get("LD_LIBRARY_PATH", "").split(":"))
    return tuple(
        Library(str(file), _version(file), str(brought[file.name]) if file.name in brought else None)
        for folder in dict.fromkeys(folders)
        for file in _libraries_in(Path(folder))
        if _real(file).parent not in own
    )


def _of_torch(site_packages: str | None) -> Iterator[Path]:
    if site_packages is None:
        return
    for pattern in ("nvidia/*/lib", "torch/lib"):
        for folder in Path(site_packages).glob(pattern):
            yield from _libraries_in(folder)


def _libraries_in(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if _LIBRARY.fullmatch(file.name))
    except OSError:
        return []


def _version(file: Path) -> str | None:
    found = _VERSION.search(_real(file).name)
    return found[1] if found else None


def _real(path: Path) -> Path:
    """Where the links lead. Path.resolve raises where they run in a circle."""
    return Path(os.path.realpath(path))
