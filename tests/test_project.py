"""A whole project is read: what it imports from others, and a remark on whatever is wrong in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from project_tree import kinds, names, notebook, plant

from envtool import project
from envtool.errors import EnvtoolError, RequestInvalid
from envtool.facts import Use
from envtool.project import reading, source

ROOT = Path(__file__).resolve().parent.parent


def test_uses_say_where_and_how(tmp_path: Path) -> None:
    root = plant(
        tmp_path,
        {
            "main.py": "import os\nfrom torch import nn\ntry:\n    import cv2\nexcept ImportError:\n    cv2 = None\n",
            "old.py": "import yaml\nprint 'x'\n",
            "笔记.ipynb": notebook(["x = 1\ny = 2", "%matplotlib inline\nimport pandas"]),
            "tests/test_main.py": "import pytest\nimport main\n",
        },
    )
    imports = project.read(root)
    assert imports.root == str(root)
    assert imports.uses == (
        Use("os", "main.py", 1, optional=False),
        Use("torch.nn", "main.py", 2, optional=False),
        Use("cv2", "main.py", 4, optional=True),
        Use("yaml", "old.py", 1, optional=False, python_2=True),
        Use("pytest", "tests/test_main.py", 1, optional=True),
        Use("pandas", "笔记.ipynb", 4, optional=False),
    )
    assert imports.names == (
        ("cv2", "cv2"),
        ("pandas", "pandas"),
        ("pytest", "pytest"),
        ("torch", "torch"),
        ("yaml", "PyYAML"),
    )
    assert kinds(imports) == [("old.py", 2, "python-2")]


@pytest.mark.parametrize("path", ["setup.py", "tests/a.py", "a/test/b.py", "test_a.py", "a_test.py", "a/conftest.py"])
def test_what_a_program_runs_without_is_optional(tmp_path: Path, path: str) -> None:
    [use] = project.read(plant(tmp_path, {path: "import x\n"})).uses
    assert use.optional


@pytest.mark.parametrize("path", ["contest.py", "latest/a.py", "testing.py", "attest_it.py"])
def test_what_sounds_like_a_test_is_none(tmp_path: Path, path: str) -> None:
    [use] = project.read(plant(tmp_path, {path: "import x\n"})).uses
    assert not use.optional


def test_an_import_is_optional_where_all_its_places_in_a_file_are(tmp_path: Path) -> None:
    guarded = "try:\n    import x\nexcept ImportError:\n    pass\n"
    root = plant(tmp_path, {"a.py": guarded + "def f():\n    import x\n", "b.py": guarded * 2})
    assert project.read(root).uses == (
        Use("x", "a.py", 2, optional=False),
        Use("x", "b.py", 2, optional=True),
    )


@pytest.mark.parametrize(
    ("name", "content", "line", "kind"),
    [
        ("a.py", b"import torch\n\0\0\n", None, "null-byte"),
        ("a.py", "# 训练脚本、读取数据\nimport torch\n".encode("gbk"), None, "decoded-by-guess"),
        ("a.py", "# coding: no-such\nimport torch  # 训\n".encode(), None, "wrong-encoding"),
        ("a.py", b"import torch\n<<<<<<< HEAD\nx = 1\n=======\ny = 1\n>>>>>>> a\n", 2, "syntax-error"),
        ("a.py", b"import torch\n\n" + b"(" * 500 + b")" * 500 + b"\n", 3, "syntax-error"),
        ("a.py", b"import torch\nx = " + b"-" * 100_000 + b"1\n", None, "syntax-error"),
        ("a.py", b"import torch\nprint 'x'\n", 2, "python-2"),
        ("a.ipynb", notebook(["x = 1", "import torch\ndef f(:\n"]).encode(), 3, "syntax-error"),
    ],
)
def test_a_bad_file_is_remarked_and_read(tmp_path: Path, name: str, content: bytes, line: int, kind: str) -> None:
    imports = project.read(plant(tmp_path, {name: content, "fine.py": "import yaml\n"}))
    assert kinds(imports) == [(name, line, kind)]
    assert {first for first, _ in imports.names} == {"torch", "yaml"}


def test_a_bad_notebook_is_remarked(tmp_path: Path) -> None:
    imports = project.read(plant(tmp_path, {"a.ipynb": '{"cells": ["import', "fine.py": "import yaml\n"}))
    assert kinds(imports) == [("a.ipynb", None, "no-notebook")]
    assert imports.names == (("yaml", "PyYAML"),)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_remarked(tmp_path: Path) -> None:
    root = plant(tmp_path, {"closed.py": "import torch\n", "fine.py": "import yaml\n"})
    (root / "closed.py").chmod(0)
    assert kinds(project.read(root)) == [("closed.py", None, "unreadable")]


def test_a_file_that_is_gone_meanwhile_is_remarked(tmp_path: Path) -> None:
    found = source.read("gone.py", os.fsencode(tmp_path / "gone.py"), None, whole=True)
    assert [remark.kind for remark in found.remarks] == ["unreadable"]


def test_a_file_of_fifty_megabytes_is_read_for_its_imports(tmp_path: Path) -> None:
    data = "DATA = '''\n" + "0123456789abcdef\n" * 3_000_000 + "'''\n"
    imports = project.read(plant(tmp_path, {"a.py": f"import torch\n{data}import yaml\n"}))
    assert kinds(imports) == [("a.py", None, "large-file")]
    assert {first for first, _ in imports.names} == {"torch", "yaml"}


def test_a_file_that_nobody_wrote_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LARGEST", 100)
    imports = project.read(plant(tmp_path, {"a.py": "import torch\n" * 100}))
    assert kinds(imports) == [("a.py", None, "large-file")]
    assert imports.uses == ()


def test_source_encoding_holds_for_every_file(tmp_path: Path) -> None:
    root = plant(tmp_path, {"a.py": "# coding: utf-8\nfrom 模型 import 网络\n".encode("gbk")})
    imports = project.read(root, source_encoding="gbk")
    assert imports.names == (("模型", "模型"),)
    assert imports.remarks == ()


def test_what_is_excluded_is_not_read_and_can_be_imported(tmp_path: Path) -> None:
    root = plant(tmp_path, {"main.py": "import vendored\nimport yaml\n", "vendored/__init__.py": "import torch\n"})
    assert project.read(root, exclude=["vendored/"]).names == (("yaml", "PyYAML"),)


def test_the_standard_library_is_pipreqs_business(tmp_path: Path) -> None:
    assert names(tmp_path, {"a.py": "import os.path, sys, __future__\nfrom collections import abc\n"}) == set()


def test_names_that_pipreqs_would_stumble_over(tmp_path: Path) -> None:
    """Folders that it never enters, and words that were names once."""
    files = {"env/a.py": "import yaml", "venv/b.py": "import numpy", "c.py": "import async\nprint 1\nimport torch"}
    assert names(tmp_path, files) == {"yaml", "numpy", "torch"}


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    plant(tmp_path, {f"m{number}.py": "import yaml\n" for number in range(70)})
    project.read(tmp_path, progress=lambda done, of: told.append((done, of)))
    assert told == [(32, 70), (64, 70), (70, 70)]


def test_a_project_without_sources_imports_nothing(tmp_path: Path) -> None:
    imports = project.read(tmp_path)
    assert (imports.uses, imports.names, imports.remarks) == ((), (), ())


@pytest.mark.parametrize("encoding", ["no-such", "hex"])
def test_an_encoding_that_is_none_is_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(RequestInvalid, match=encoding):
        project.read(tmp_path, source_encoding=encoding)


def test_a_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestInvalid, match="no folder"):
        project.read(tmp_path / "absent")


def test_a_large_project_is_read_by_all_cores_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"p{number % 7}/m{number}.py": f"import lib{number % 11}\nfrom . import a\n" for number in range(100)}
    alone = project.read(plant(tmp_path, {**files, "broken.py": "import torch\ndef f(:\n    import yaml\n"}))
    monkeypatch.setattr(reading, "LARGE", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert project.read(tmp_path) == alone
    assert len(alone.names) == 13


def _die(_: object) -> list[source.Source]:
    os._exit(9)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a worker does not inherit what was patched")
def test_a_reader_that_is_killed_is_an_error_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGE", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(reading, "_read", _die)
    with pytest.raises(EnvtoolError, match="--exclude"):
        project.read(plant(tmp_path, {"a.py": "import torch\n"}))


@pytest.mark.parametrize("variables", [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {}])
def test_the_locale_makes_no_difference(tmp_path: Path, variables: dict[str, str]) -> None:
    plant(tmp_path, {"训练.py": "from 模型 import 网络\nimport torch\n", "模型.py": "import 数据库\n"})
    code = "import sys, pathlib; from envtool import project; print(ascii(project.read(pathlib.Path(sys.argv[1]))[1:]))"
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        check=True,
    )
    expected = project.read(tmp_path)[1:]
    assert ran.stdout.decode().strip() == ascii(expected)
    assert {use.file for use in expected[0]} == {"训练.py", "模型.py"}
