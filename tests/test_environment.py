"""What `scripts/environment.py` does under a Python that is too old, and that such a Python can read it at all."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"

# A script that takes itself for one run by Python 3.8, unless it was started under a name with a version in it.
OLD = f"""
import sys
sys.path.insert(0, {str(SCRIPTS)!r})
import environment
if not sys.orig_argv[0].endswith("python3.12"):
    sys.version_info = (3, 8, 18)
environment.run(lambda: print("ran with", sys.argv[1:]))
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "start"
    path.write_text(OLD)
    return path


def run(script: Path, path: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": str(path)}
    return subprocess.run(
        [sys.executable, script, "--cuda", "12.4"], env=env, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("name", ["environment.py", "start", "test"])
def test_an_older_python_can_read_the_scripts(name: str) -> None:
    source = (SCRIPTS / name).read_text()
    assert isinstance(ast.parse(source, feature_version=(3, 6)), ast.Module)
    assert "from __future__" not in source


def test_an_older_python_alone_is_told_in_one_line(script: Path, tmp_path: Path) -> None:
    ran = run(script, tmp_path)
    assert ran.returncode == 1
    assert ran.stdout == ""
    [line] = ran.stderr.splitlines()
    assert line.startswith("envtool needs Python 3.10 or later; this is ")
    assert line.endswith("install a later one and run python3.12 scripts/start")


@pytest.mark.skipif(os.name == "nt", reason="makes a program by a symbolic link")
def test_a_later_python_on_the_path_takes_over(script: Path, tmp_path: Path) -> None:
    stand_in = tmp_path / "python3.13"
    stand_in.write_text("#!/bin/sh\nexit 127\n")
    stand_in.chmod(0o755)
    (tmp_path / "python3.12").symlink_to(sys.executable)
    ran = run(script, tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "ran with ['--cuda', '12.4']\n", "")


def test_a_python_without_ensurepip_is_told_what_to_install(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import environment\n"
        f"environment.PYTHON = {str(tmp_path / 'absent')!r}\n"
        "sys.modules['ensurepip'] = None\n"
        "environment.run(environment.prepare)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 1
    [line] = ran.stderr.splitlines()
    assert "it has no ensurepip. On Debian or Ubuntu: apt install python3-venv" in line
