"""From one environment to the next: what freeze writes is installed elsewhere, and the project runs there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from loopback import make_wheel

import envtool

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOUT = Path(envtool.__file__).parent.parent
TORCH = "9.9.9+cpu"  # which nobody has published, so that no index has another one
FOREIGN = ("PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX")

MAIN = """\
# -*- coding: gbk -*-
# 训练
import numpy as np
from PIL import Image
import torch
import tool

image = Image.fromarray(np.zeros((2, 3), dtype="uint8"))
print("训练", image.size, torch.compute(), tool.NAME)
"""
TOOL = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "my-tool"
version = "0.3"

[tool.setuptools]
py-modules = ["tool"]
"""

pytestmark = pytest.mark.slow


def notebook(*cells: str) -> str:
    told = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"cells": told, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def write(folder: Path, files: Mapping[str, str], encoding: str = "utf-8") -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding)
    return folder


def run(argv: list[str | Path], folder: Path, **environment: str) -> str:
    """What the program prints; it must succeed."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    ran = subprocess.run(
        argv, cwd=folder, env={**kept, **environment}, capture_output=True, text=True, check=False, timeout=600
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


class Environment:
    """A new virtual environment; pip finds the wheels of `links` beside those of the registry."""

    def __init__(self, folder: Path, links: Path) -> None:
        venv.create(folder, with_pip=True)
        self.folder = folder
        self.python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        (folder / "none.txt").touch()  # in place of this machine's constraints, which may know another torch
        found_at = f"{os.environ.get('PIP_FIND_LINKS', '')} {links}".strip()
        self._settings = {"PIP_FIND_LINKS": found_at, "PIP_CONSTRAINT": str(folder / "none.txt")}

    def install(self, *arguments: str | Path) -> None:
        pip: list[str | Path] = [
            self.python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--retries",
            "1",
        ]
        run([*pip, *arguments], self.folder, **self._settings)

    def runs(self, *arguments: str | Path, folder: Path) -> str:
        return run([self.python, *arguments], folder, PYTHONIOENCODING="utf-8").strip()


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """A folder with a torch of our own."""
    make_wheel(tmp_path / "links", "torch", TORCH, torch="def compute():\n    return 42\n")
    return tmp_path / "links"


def freeze(project: Path, python: Path, *options: str) -> None:
    argv: list[str | Path] = [sys.executable, "-m", "envtool", "freeze", ".", "--python", python, "--write", *options]
    run(argv, project, PYTHONPATH=str(CHECKOUT))


def requirements(project: Path) -> list[str]:
    lines = (project / "requirements.txt").read_text("ascii").splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_a_project_with_torch_a_gbk_file_and_a_notebook(tmp_path: Path, links: Path) -> None:
    here, there = Environment(tmp_path / "here", links), Environment(tmp_path / "there", links)
    here.install("numpy", "Pillow", "attrs", f"torch=={TORCH}")
    project = write(tmp_path / "我的 project", {"main.py": MAIN, "tool.py": "NAME = 'own'\n"}, "gbk")
    write(project, {"look.ipynb": notebook("%matplotlib inline\n!ls", "import attr\nprint(attr.__version__)")})
    freeze(project, here.python)
    lines = requirements(project)
    assert lines[0] == "--extra-index-url https://download.pytorch.org/whl/cpu"
    assert [line.partition("==")[0] for line in lines[1:]] == ["attrs", "numpy", "pillow", "torch"]
    assert lines[-1] == f"torch=={TORCH}"
    there.install("-r", project / "requirements.txt")
    expected = "训练 (3, 2) 42 own"
    assert here.runs("main.py", folder=project) == there.runs("main.py", folder=project) == expected
    versions = "import attr, numpy, PIL; print(attr.__version__, numpy.__version__, PIL.__version__)"
    assert here.runs("-c", versions, folder=project) == there.runs("-c", versions, folder=project)


@pytest.mark.skipif(shutil.which("git") is None, reason="takes git")
def test_a_project_with_a_git_origin(tmp_path: Path, links: Path) -> None:
    here, there = Environment(tmp_path / "here", links), Environment(tmp_path / "there", links)
    commit = published(write(tmp_path / "tool", {"pyproject.toml": TOOL, "tool.py": "NAME = 'first'\n"}))
    origin = f"git+{(tmp_path / 'tool.git').as_uri()}"
    here.install(origin)
    published(write(tmp_path / "tool", {"tool.py": "NAME = 'second'\n"}))
    project = write(tmp_path / "project", {"main.py": "import tool\nprint(tool.NAME)\n"})
    freeze(project, here.python)
    [line] = requirements(project)
    assert line == f"my-tool @ {origin}@{commit}".replace("file:///", "file://localhost/")
    there.install("-r", project / "requirements.txt")
    assert here.runs("main.py", folder=project) == there.runs("main.py", folder=project) == "first"


def published(source: Path) -> str:
    """Commit what the folder holds, and put it into the bare repository beside it; the commit."""
    identity = ("-c", "user.name=tests", "-c", "user.email=tests@example.org")
    bare = source.with_suffix(".git")
    if not bare.exists():
        run(["git", "init", "--quiet", "--bare", "--initial-branch", "main", bare], source)
        run(["git", "init", "--quiet", "--initial-branch", "main"], source)
    run(["git", "add", "."], source)
    run(["git", *identity, "commit", "--quiet", "-m", "a change"], source)
    run(["git", "push", "--quiet", bare, "main"], source)
    return run(["git", "rev-parse", "HEAD"], source).strip()
