"""Files and environments that are not what they should be."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from log_runs import sources
from log_runs.registry import log

if TYPE_CHECKING:
    from pathlib import Path

    from log_runs.scene import Scene

NO_HASH = "sha256:" + "0" * 64
HASHES_DIFFER = "THESE PACKAGES DO NOT MATCH THE HASHES"


@log("hash-mismatch/requirements-pip-26", HASHES_DIFFER)
def _(scene: Scene) -> None:
    """The file pins another file's hash."""
    scene.python("3.12", "26.3")
    sources.lay_out(scene.project, {"requirements.txt": f"six==1.16.0 --hash={NO_HASH}\n"})
    scene.types("pip install -r requirements.txt")


@log("hash-mismatch/requirements-pip-19", HASHES_DIFFER)
def _(scene: Scene) -> None:
    scene.python("3.7", "19.3.1")
    sources.lay_out(scene.project, {"requirements.txt": f"idna==2.8 \\\n    --hash={NO_HASH}\n"})
    scene.types("pip install --require-hashes -r requirements.txt")


@log("hash-mismatch/requirements-uv", "Hash mismatch")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    sources.lay_out(scene.project, {"requirements.txt": f"six==1.16.0 --hash={NO_HASH}\n"})
    scene.types("uv pip install --require-hashes -r requirements.txt")


def _cut(wheel: Path) -> Path:
    """Leave the file's first half."""
    whole = wheel.read_bytes()
    wheel.write_bytes(whole[: len(whole) // 2])
    return wheel


@log("corrupted-artifact/cut-wheel-pip-26", "is invalid")
def _(scene: Scene) -> None:
    """Half a wheel."""
    scene.python("3.12", "26.3")
    wheel = _cut(sources.wheel(scene.home / "Downloads", "inventory", "1.4.2"))
    scene.types(f"pip install {wheel}")


@log("corrupted-artifact/cut-wheel-pip-20", "BadZipFile")
def _(scene: Scene) -> None:
    """The same, and a pip without words for it."""
    scene.python("3.8", "20.0.2")
    wheel = _cut(sources.wheel(scene.home / "Downloads", "inventory", "1.4.2"))
    scene.types(f"pip install {wheel}")


@log("corrupted-artifact/bit-rot-pip-24", "Bad CRC-32")
def _(scene: Scene) -> None:
    """One byte of the wheel's module is another."""
    scene.python("3.11", "24.0")
    wheel = sources.wheel(scene.home / "Downloads", "inventory", "1.4.2")
    wheel.write_bytes(wheel.read_bytes().replace(b"answer = 42", b"answer = 43"))
    scene.types(f"pip install {wheel}")


@log("corrupted-artifact/cut-wheel-uv", "zip")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    wheel = _cut(sources.wheel(scene.project, "inventory", "1.4.2"))
    scene.types(f"uv pip install ./{wheel.name}")


@log("corrupted-artifact/error-page-pip-23", "not a gzip file")
def _(scene: Scene) -> None:
    """A page of HTML under the name of a sdist."""
    scene.python("3.10", "23.0.1")
    path = sources.lay_out(
        scene.home / "Downloads", {"inventory-1.4.2.tar.gz": "<!DOCTYPE html><title>Sign in</title>\n"}
    )
    scene.types(f"pip install {path}/inventory-1.4.2.tar.gz")


@log("uninstall-blocked/no-record-pip-26", "uninstall-no-record-file")
def _(scene: Scene) -> None:
    """What is installed has lost its list of files."""
    python = scene.python("3.12", "26.3", "six==1.15.0")
    for record in python.parent.parent.glob("lib/python3.*/site-packages/six-*/RECORD"):
        record.unlink()
    scene.types("pip install --upgrade six")


@log("uninstall-blocked/distutils-pip-22", "distutils installed project")
def _(scene: Scene) -> None:
    """What is installed was put there by distutils, as a distribution's packages are."""
    python = scene.python("3.9", "22.3.1")
    [library] = python.parent.parent.glob("lib/python3.*/site-packages")
    about = "Metadata-Version: 1.1\nName: PyYAML\nVersion: 5.3.1\n"
    sources.lay_out(library, {"PyYAML-5.3.1.egg-info": about, "yaml/__init__.py": ""})
    scene.types("pip install PyYAML==6.0.1")


@log("uninstall-blocked/distutils-uv", "distutils")
def _(scene: Scene) -> None:
    scene.has("uv")
    python = scene.python("3.12")
    [library] = python.parent.parent.glob("lib/python3.*/site-packages")
    about = "Metadata-Version: 1.1\nName: PyYAML\nVersion: 5.3.1\n"
    sources.lay_out(library, {"PyYAML-5.3.1.egg-info": about, "yaml/__init__.py": ""})
    scene.types("uv pip install PyYAML==6.0.1")


@log("broken-python-env/no-pip", "No module named pip")
def _(scene: Scene) -> None:
    """A virtual environment without pip."""
    scene.python("3.12")
    scene.types("python -m pip install requests")


@log("broken-python-env/half-pip-23", "pip")
def _(scene: Scene) -> None:
    """An upgrade of pip that was broken off."""
    python = scene.python("3.11", "23.2.1")
    for module in python.parent.parent.glob("lib/python3.*/site-packages/pip/_internal/cli/main.py"):
        module.unlink()
    scene.types("pip install requests")


@log("broken-python-env/python-path-pip-22", "No module named 'pip._internal'")
def _(scene: Scene) -> None:
    """PYTHONPATH puts the packages of another Python, with another pip, first."""
    scene.python("3.9", "22.3.1")
    foreign = scene.root / "opt/ros/lib/python3/dist-packages"
    shutil.unpack_archive(scene.tools.pip_wheel("9.0.3"), foreign, "zip")
    scene.types(f"export PYTHONPATH={foreign}; pip install rospkg")


@log("invalid-requirement/operator-pip-26", "Invalid requirement")
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    scene.types("pip install requests=2.31.0")


@log("invalid-requirement/no-file-pip-23", "Could not open requirements file")
def _(scene: Scene) -> None:
    scene.python("3.10", "23.0.1")
    scene.types("pip install -r requirements.txt")


@log("invalid-requirement/conda-export-pip-20", "Invalid requirement")
def _(scene: Scene) -> None:
    """What `conda list --export` wrote is no requirements file."""
    scene.python("3.8", "20.0.2")
    export = "# platform: linux-64\n_libgcc_mutex=0.1=main\nca-certificates=2021.7.5=h06a4308_1\nnumpy=1.20.3=py38hf144106_0\n"
    sources.lay_out(scene.project, {"requirements.txt": export})
    scene.types("pip install -r requirements.txt")


@log("invalid-requirement/operator-uv", "Couldn't parse requirement")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    sources.lay_out(scene.project, {"requirements.txt": "flask\nrequests=2.31.0\n"})
    scene.types("uv pip install -r requirements.txt")


@log("numpy-abi/numpy-2-pip-24", "compiled using NumPy 1.x")
def _(scene: Scene) -> None:
    """An extension built for NumPy 1, imported beside NumPy 2."""
    scene.python("3.11", "24.0")
    scene.types("pip install numpy==2.0.2 numexpr==2.8.4 && python -c 'import numexpr'")


@log("numpy-abi/dtype-size-pip-24", "numpy.dtype size changed")
def _(scene: Scene) -> None:
    scene.python("3.10", "24.0")
    scene.types("pip install -q numpy==2.0.2 cftime==1.6.2 && python -c 'import cftime'")
