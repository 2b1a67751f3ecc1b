"""What the operating system forbids, and what a build for a GPU asks of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from log_runs import sources
from log_runs.registry import log

if TYPE_CHECKING:
    from log_runs.scene import Scene

DENIED = "Permission denied"
READ_ONLY = "Read-only file system"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def _system_python(scene: Scene) -> None:
    """Debian's own interpreter, with its own pip."""
    scene.about.append("Debian's own pip and Python")
    scene.path.insert(0, "/usr/bin")


@log("externally-managed/debian-pip", "externally-managed-environment")
def _(scene: Scene) -> None:
    _system_python(scene)
    scene.types("python3 -m pip install requests")


@log("externally-managed/debian-uv", "externally managed")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.types("uv pip install --system requests")


@log("externally-managed/dockerfile-pip", "externally-managed-environment")
def _(scene: Scene) -> None:
    """A step of a Dockerfile."""
    _system_python(scene)
    scene.types("pip3 install --no-cache-dir flask gunicorn")
    scene.dressed_as = "docker build"


@log("permission-denied/site-packages-pip-26", DENIED, needs_root=True)
def _(scene: Scene) -> None:
    """Another user's environment."""
    scene.python("system", "26.3")
    _opens_the_way(scene)
    scene.under = NOBODY
    scene.types("pip install --no-cache-dir six")


@log("permission-denied/site-packages-pip-20", DENIED, needs_root=True)
def _(scene: Scene) -> None:
    scene.python("system", "20.0.2")
    _opens_the_way(scene)
    scene.under = NOBODY
    scene.types("pip install six")


@log("permission-denied/egg-info-pip-23", DENIED, needs_root=True)
def _(scene: Scene) -> None:
    """The project's folder belongs to another user."""
    scene.python("system", "23.0.1", "setuptools==65.5.0", "wheel==0.38.4")
    sources.lay_out(scene.project / "inventory", sources.setup_py("inventory"))
    _opens_the_way(scene)
    scene.under = NOBODY
    scene.types("pip install --no-build-isolation -e ./inventory")


@log("permission-denied/site-packages-uv", DENIED, needs_root=True)
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("system")
    _opens_the_way(scene)
    scene.environment["UV_CACHE_DIR"] = str(scene.tmp / "uv")
    scene.under = NOBODY
    scene.types("uv pip install six")


@log("permission-denied/chinese-pip-22", "权限不够", needs_root=True)
def _(scene: Scene) -> None:
    """The system's words, in Chinese."""
    scene.python("system", "22.3.1")
    scene.speaks("zh_CN", "UTF-8")
    _opens_the_way(scene)
    scene.under = NOBODY
    scene.types("pip install --no-cache-dir six")


def _opens_the_way(scene: Scene) -> None:
    """Let everybody reach the scene and the interpreter, and write into its temporary folder."""
    for folder in (scene.root, *scene.root.parents):
        if folder.owner() == "root" and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    scene.tmp.chmod(0o777)


@log("read-only-fs/site-packages-pip-26", READ_ONLY, needs_root=True)
def _(scene: Scene) -> None:
    """The environment lies on a read-only mount."""
    scene.python("3.12", "26.3")
    scene.freeze(scene.project / ".venv")
    scene.types("pip install six")


@log("read-only-fs/site-packages-uv", READ_ONLY, needs_root=True)
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    scene.freeze(scene.project / ".venv")
    scene.types("uv pip install six")


@log("read-only-fs/target-german-pip-21", "Dateisystem", needs_root=True)
def _(scene: Scene) -> None:
    """The system's words, in German."""
    scene.python("3.9", "21.3.1")
    scene.speaks("de_DE", "UTF-8")
    scene.freeze(scene.project)
    scene.types("pip install --no-cache-dir --target ./vendor six")


@log("tmp-noexec/tool-pip-26", DENIED, needs_root=True)
def _(scene: Scene) -> None:
    """A program that the build fetched may not run."""
    scene.python("3.12", "26.3")
    scene.mount(scene.tmp, "size=500m,noexec")
    files = {
        "meson.build": "project('tides', 'c', version: '1.4.2')\n",
        "pyproject.toml": sources.pyproject("tides", '"meson-python"', "mesonpy"),
    }
    sources.lay_out(scene.project / "tides", files)
    scene.types("pip install ./tides")


@log("tmp-noexec/extension-pip-23", "failed to map segment from shared object", needs_root=True)
def _(scene: Scene) -> None:
    """Nor may a module in C that the build fetched be loaded."""
    scene.python("3.10", "23.0.1")
    scene.mount(scene.tmp, "size=500m,noexec")
    before = "import cffi\ncffi.FFI()\n"
    pyproject = '[build-system]\nrequires = ["setuptools", "cffi"]\n'
    sources.lay_out(scene.project / "tides", {**sources.setup_py("tides", before=before), "pyproject.toml": pyproject})
    scene.types("pip install ./tides")


@log("cuda-home-missing/header-pip-26", "cuda_runtime.h: No such file or directory")
def _(scene: Scene) -> None:
    """A header of the toolkit is not there."""
    scene.python("3.12", "26.3")
    sources.lay_out(scene.project / "rasterize", sources.extension_cpp("rasterize", more="#include <cuda_runtime.h>\n"))
    scene.types("pip install ./rasterize")


@log("cuda-home-missing/nvcc-pip-23", "No such file or directory: 'nvcc'")
def _(scene: Scene) -> None:
    """setup.py asks nvcc for its version."""
    scene.python("3.10", "23.0.1")
    asks = 'import subprocess\ncuda = subprocess.check_output(["nvcc", "--version"], text=True)\n'
    sources.lay_out(scene.project / "rasterize", sources.setup_py("rasterize", before=asks))
    scene.types("pip install ./rasterize")


@log("cuda-home-missing/cmake-uv", "CUDA")
def _(scene: Scene) -> None:
    """CMake asked for CUDA."""
    scene.has("uv")
    scene.python("3.12")
    files = {
        "CMakeLists.txt": "cmake_minimum_required(VERSION 3.18)\nproject(rasterize LANGUAGES CXX CUDA)\n",
        "pyproject.toml": sources.pyproject("rasterize", '"scikit-build-core"', "scikit_build_core.build"),
    }
    sources.lay_out(scene.project / "rasterize", files)
    scene.types("uv pip install ./rasterize")
