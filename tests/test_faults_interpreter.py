"""Pythons that are set wrong or kept by the system, and what doctor says before an install and after it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import sysconfig
from pathlib import Path

import interpreters
import pytest
from made_environment import MINOR
from real_install import RealInstall

pytestmark = pytest.mark.slow


@pytest.fixture
def install(tmp_path: Path) -> RealInstall:
    return RealInstall(tmp_path)


def checked(install: RealInstall, check: str, python: str, **environment: str) -> tuple[str, str]:
    """The status, and what was seen."""
    ran = install.envtool("doctor", check, "--json", "--python", python, **environment)
    [found] = json.loads(ran.stdout)["checks"]
    return found["status"], found["message"]


class TestPythonhome:
    def test_one_that_only_this_python_can_live_with(self, install: RealInstall) -> None:
        assert checked(install, "pythonpath", install.python)[0] == "ok"
        status, seen = checked(install, "pythonpath", install.python, PYTHONHOME=sys.base_prefix)
        assert (status, seen.startswith(f"PYTHONHOME is {sys.base_prefix}: ")) == ("warning", True)

    def test_one_that_is_wrong(self, install: RealInstall) -> None:
        answer = install.doctor(["env", "PYTHONHOME=/nowhere", install.python, "-m", "pip", "install", "six"])
        assert answer.verdict == ("broken-python-env", "certain")
        if "PYTHONHOME = '/nowhere'" in answer.words:  # Python 3.13 does not say so
            assert answer.first.title.startswith("PYTHONHOME is /nowhere, ")
            assert answer.first.fix[0].startswith("unset PYTHONHOME ")
        else:
            assert answer.first.fix[0].startswith("env | grep ^PYTHONHOME=")


class TestExternallyManaged:
    @pytest.fixture
    def python(self, install: RealInstall) -> Path:
        """An interpreter of its own, no virtual environment, whose standard library lies in links."""
        root = install.root / "own"
        library = root / f"lib/python{MINOR}"
        (library / "site-packages").mkdir(parents=True)
        for part in Path(sysconfig.get_path("stdlib")).iterdir():
            if part.name != "site-packages":
                (library / part.name).symlink_to(part)
        (root / "bin").mkdir()
        shutil.copy(os.path.realpath(sys.executable), root / "bin/python3")
        shutil.copytree(install.site / "pip", library / "site-packages/pip")
        found = install.doctor([str(root / "bin/python3"), "-c", f"import sys; assert sys.prefix == {str(root)!r}"])
        if found.findings or "exit status 0" not in found.words:
            pytest.skip("this Python looks for its library where it was built, and nowhere else")
        return root / "bin/python3"

    def test_marked_and_unmarked(self, install: RealInstall, python: Path) -> None:
        assert checked(install, "virtual-environment", str(python))[0] == "note"
        marker = python.parent.parent / f"lib/python{MINOR}/EXTERNALLY-MANAGED"
        marker.write_text("[externally-managed]\nError=Ask the system.\n")
        status, seen = checked(install, "virtual-environment", str(python))
        assert (status, "belongs to the system" in seen) == ("error", True)
        answer = install.doctor([str(python), "-m", "pip", "install", "six"])
        assert answer.verdict == ("externally-managed", "certain")
        assert answer.first.fix[0].startswith("python3 -m venv ")


class TestVersion:
    def test_one_that_torch_builds_for(self, install: RealInstall) -> None:
        if "3.12" not in interpreters.SUPPORTED:
            pytest.skip("no Python 3.12 here")
        assert checked(install, "python-version", interpreters.SUPPORTED["3.12"])[0] == "ok"

    @pytest.mark.parametrize(
        ("version", "last"), [("3.6", "1.10.2"), ("3.7", "1.13.1"), ("3.8", "2.4.1")]
    )  # as the files of PyTorch's releases show
    def test_one_that_torch_builds_no_more_for(self, install: RealInstall, version: str, last: str) -> None:
        if version not in interpreters.SUPPORTED:
            pytest.skip(f"no Python {version} here")
        status, seen = checked(install, "python-version", interpreters.SUPPORTED[version])
        assert (status, f"torch {last} is the last" in seen) == ("warning", True)
