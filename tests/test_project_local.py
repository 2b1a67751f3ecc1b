"""A name is the project's own only where the importing file could import it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
from project_tree import names

from envtool.project.search_path import literal_folders

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "files",
    [
        {"main.py": "import x", "x.py": ""},
        {"main.py": "import x", "x/__init__.py": ""},
        {"main.py": "from x import y", "x/y.py": ""},
        {"main.py": "import x.y.z", "x/y/z.py": ""},
        {"main.py": "from x.y import Z", "x/y.py": ""},
        {"main.py": "from x import y, Z", "x/y.py": ""},
        {"main.py": "from x import y", "x/y/z.py": ""},
        {"tools/run.py": "import x", "x.py": ""},
        {"tools/run.py": "import x", "tools/x.py": ""},
        {"tools/deep/run.py": "import x", "tools/x.py": "", "tools/main.py": ""},
        {"main.py": "import x", "src/x/__init__.py": ""},
        {"tests/test_a.py": "import x", "src/x.py": ""},
        {"a/tests/test_a.py": "import x", "a/src/x.py": "", "a/pyproject.toml": ""},
        {"b/run.py": "import x", "a/x/__init__.py": "", "a/setup.py": ""},
        {"x/a.py": "import x.b", "x/__init__.py": "", "x/b.py": ""},
        {"main.py": "from x.nms import nms", "x/nms.pyx": ""},
        {"main.py": "import x", "x.cpython-312-x86_64-linux-gnu.so": b""},
        {"main.py": "from 模型 import 网络", "模型.py": ""},
        {"main.ipynb": '{"cells": [{"cell_type": "code", "source": "import x"}]}', "x.py": ""},
        {"main.py": "import x", "x.py": "", ".gitignore": "x.py"},  # git does not keep it: it is there
        {"main.py": "import x", "x.ipynb": "", "x/__init__.py": ""},
    ],
)
def test_own(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    assert names(tmp_path, files) == set()


@pytest.mark.parametrize(
    "files",
    [
        {"main.py": "import x", "x/config.yaml": "a: 1"},
        {"main.py": "import x", "x/run-1/files/code.py": ""},  # an output folder with a copy of the code
        {"main.py": "import x", "x/code.py": ""},  # no package, for it has no __init__.py
        {"main.py": "from x import y", "x/z.py": ""},
        {"main.py": "import x", "elsewhere/x.py": ""},
        {"a/main.py": "import x", "b/x.py": ""},
        {"x.py": "import x"},  # the file is not what it imports
        {"hooks/x.py": "import x", "hooks/__init__.py": ""},
        {"main.py": "import x", "x.ipynb": ""},
        {"main.py": "import x", "x.py.txt": ""},
        {"main.py": "import x", ".venv/pyvenv.cfg": "", ".venv/x.py": ""},
    ],
)
def test_not_own(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    assert names(tmp_path, files) == {"x"}


@pytest.mark.parametrize(
    "code",
    [
        "sys.path.append('lib')",
        "sys.path.insert(0, '../lib')",
        "sys.path += ['lib']",
        "sys.path[:0] = ['lib']",
        "sys.path.extend(['a', 'lib'])",
        "sys.path.append(os.path.join(os.path.dirname(__file__), '..', 'lib'))",
        "here = os.path.dirname(os.path.abspath(__file__))\nsys.path.insert(0, os.path.join(here, '../lib'))",
        "sys.path.append(os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + '/lib')",
        "sys.path.append(str(Path(__file__).resolve().parent.parent / 'lib'))",
        "sys.path.append(str(Path(__file__).parents[1].joinpath('lib')))",
        "sys.path.append(os.path.join(os.getcwd(), 'lib'))",
        "def add(path):\n    if path not in sys.path:\n        sys.path.insert(0, path)\nadd(osp.join(here(), '..', 'lib'))",
        "for name in ['a', 'lib']:\n    sys.path.append(name)",
    ],
)
def test_a_folder_that_is_put_on_sys_path_by_literals_is_searched(tmp_path: Path, code: str) -> None:
    files = {
        "tools/run.py": f"import os, sys\nfrom pathlib import Path\n{code}\n",
        "lib/x.py": "",
        "b/c.py": "import x",
    }
    assert names(tmp_path, files) == set()


@pytest.mark.parametrize(
    "code",
    [
        "sys.path.append(argument)",
        "sys.path.append(1)",
        "sys.path.append(f'{here}/lib')",
        "sys.path.append('/usr/lib')",
        "sys.path.append('../../..')",
        "path = path\nsys.path.append(path)",
        "a = b\nb = a\nsys.path.append(os.path.join(a, b, a, b))",
        "other.path.append('lib')",
        "sys.path.append(" + "+".join(["'lib'"] * 5000) + ")",
    ],
)
def test_what_no_literal_says_is_not_searched(tmp_path: Path, code: str) -> None:
    files = {"tools/run.py": f"import sys\n{code}\n", "lib/x.py": "", "b/c.py": "import x"}
    assert names(tmp_path, files) == {"x"}


def test_names_that_may_be_much_give_little() -> None:
    """Each of the names stands for each of the others: their readings would be without number."""
    several = "\n".join(f"p = os.path.join(p, {name!r}, p)" for name in "abcdefgh")
    tree = ast.parse(f"import sys\np = 'x'\n{several}\nsys.path.append(p)")
    assert len(list(literal_folders(tree, "main.py"))) < 100
