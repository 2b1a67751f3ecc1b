"""Packages made on the spot: the same bytes every time."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SETUP = 'from setuptools import setup\n\nsetup(name="{name}", version="{version}", py_modules=["{module}"])\n'
EXTENSION = """from setuptools import Extension, setup

setup(name="{name}", version="1.4.2", ext_modules=[Extension("{module}", ["{source}"]{options})])
"""
MODULE_C = """#include <Python.h>
{more}
static struct PyModuleDef {name} = {{PyModuleDef_HEAD_INIT, "{name}", NULL, -1, NULL}};

PyMODINIT_FUNC PyInit_{name}(void) {{ return PyModule_Create(&{name}); }}
"""


def lay_out(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the files, by path below the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def setup_py(name: str, version: str = "1.4.2", before: str = "") -> dict[str, str]:
    """A project that setuptools builds; `before` runs first in its setup.py."""
    module = name.replace("-", "_")
    return {
        "setup.py": before + SETUP.format(name=name, version=version, module=module),
        f"{module}.py": "answer = 42\n",
    }


def extension(name: str, more: str = "", options: str = "") -> dict[str, str]:
    """A project with one module in C, which has `more` in front of it."""
    module = name.replace("-", "_")
    source = f"src/{module}.c"
    return {
        "setup.py": EXTENSION.format(name=name, module=module, source=source, options=options),
        source: MODULE_C.format(more=more, name=module),
    }


def extension_cpp(name: str, more: str = "", options: str = "") -> dict[str, str]:
    in_c = extension(name, more, f', language="c++"{options}')
    return {path.replace(".c", ".cpp"): text.replace('.c"', '.cpp"') for path, text in in_c.items()}


def pyproject(name: str, requires: str = '"setuptools"', backend: str = "setuptools.build_meta", more: str = "") -> str:
    return (
        f'[build-system]\nrequires = [{requires}]\nbuild-backend = "{backend}"\n\n'
        f'[project]\nname = "{name}"\nversion = "1.4.2"\n{more}'
    )


def poetry(index_url: str, *dependencies: str, python: str = ">=3.9") -> dict[str, str]:
    """A Poetry project with these lines of dependencies."""
    asked = "\n".join([f'python = "{python}"', *dependencies])
    about = 'name = "project"\nversion = "0.1.0"\ndescription = ""\nauthors = []\npackage-mode = false\n'
    source = f'[[tool.poetry.source]]\nname = "mirror"\nurl = "{index_url}"\npriority = "primary"\n'
    return {"pyproject.toml": f"[tool.poetry]\n{about}\n[tool.poetry.dependencies]\n{asked}\n\n{source}"}


def sdist(folder: Path, name: str, version: str, files: Mapping[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}.tar.gz"
    about = {"PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"}
    with tarfile.open(path, "w:gz") as archive:
        for inner, text in {**about, **files}.items():
            data = text.encode()
            member = tarfile.TarInfo(f"{stem}/{inner}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def wheel(folder: Path, name: str, version: str, *requires: str, python: str = "", tag: str = "py3-none-any") -> Path:
    """A wheel of one module; `python` is its Requires-Python."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += f"Requires-Python: {python}\n" if python else ""
    metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    files = {
        f"{name.replace('-', '_')}.py": "answer = 42\n",
        f"{stem}.dist-info/METADATA": metadata,
        f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items())
    files[f"{stem}.dist-info/RECORD"] = f"{record}{stem}.dist-info/RECORD,,\n"
    path = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(zipfile.ZipInfo(inner), text)
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
