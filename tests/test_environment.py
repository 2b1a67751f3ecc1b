"""What `scripts/environment.py` does under a Python that is too old, and that such a Python can read it at all."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from loopback import bare_environment
from torch_environment import Environment

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


class TestStart:
    """`scripts/start` in the environment that runs the tests, as if it had just been made."""

    def start(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        envtool = Path(sysconfig.get_path("scripts"), "envtool.exe" if os.name == "nt" else "envtool")
        if not envtool.exists():
            pytest.skip("envtool is not installed into the environment that runs the tests")
        code = (
            f"import pathlib, runpy, sys; sys.path.insert(0, {str(SCRIPTS)!r}); import environment\n"
            f"environment.prepare = lambda: None\n"
            f"environment.BIN, environment.PYTHON = pathlib.Path({str(envtool.parent)!r}), {sys.executable!r}\n"
            f"sys.argv = ['scripts/start', *{arguments!r}]\n"
            f"script = runpy.run_path({str(SCRIPTS / 'start')!r})\n"
            f"script['main'].__globals__['REPORT'] = {str(cwd / 'smoke-test.html')!r}\n"
            "environment.run(script['main'])\n"
        )
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=cwd,
            env=bare_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def test_without_torch_the_command_that_installs_and_tries_it(self, tmp_path: Path) -> None:
        environment = Environment(tmp_path / "env")
        ran = self.start("--python", environment.python, cwd=tmp_path)
        assert ran.returncode == 0, ran.stderr
        [command] = ran.stdout.splitlines()
        assert "pip install torch==" in command
        assert ran.stderr.splitlines()[-1] == (
            f"There is no torch yet to try. Install it and try it: scripts/start --python {environment.python} --run"
        )

    def test_a_torch_that_is_there_is_tried(self, tmp_path: Path) -> None:
        environment = Environment(tmp_path / "env")
        environment.torch(source="raise ImportError('libcudart.so.12: cannot open shared object file')\n")
        ran = self.start(f"--python={environment.python}", cwd=tmp_path)
        assert ran.returncode == 3, ran.stderr
        assert len(ran.stdout.splitlines()) == 1
        assert "libcudart.so.12: cannot open shared object file" in ran.stderr
        assert f"written {tmp_path / 'smoke-test.html'}" in ran.stderr
        assert "libcudart.so.12" in (tmp_path / "smoke-test.html").read_text(encoding="utf-8")

    def test_a_question_about_another_machine_tries_nothing(self, tmp_path: Path) -> None:
        ran = self.start(
            "--gpu", "RTX 4090", "--driver", "550.54.15", "--os", "linux", "--python-version", "3.12", cwd=tmp_path
        )
        assert ran.returncode == 0, ran.stderr
        assert "no torch yet" not in ran.stderr
        assert not (tmp_path / "smoke-test.html").exists()
