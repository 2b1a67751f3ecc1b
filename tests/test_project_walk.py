"""Which files are a project's own, on disks with environments, caches, links and rules of their own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from project_tree import plant

from envtool.errors import RequestInvalid
from envtool.project.walk import Walk, shown

if TYPE_CHECKING:
    from pathlib import Path

posix_only = pytest.mark.skipif(os.name != "posix", reason="links, pipes and names that are no text")


def walked(root: Path, *exclude: str) -> Walk:
    return Walk(os.fsencode(root), exclude)


def paths(root: Path, *exclude: str) -> list[str]:
    return [file.path for file in walked(root, *exclude).files()]


def test_sources_are_found_everywhere(tmp_path: Path) -> None:
    plant(tmp_path, {"b.py": "", "a/c.pyw": "", "a/d/数据.ipynb": "", "a/e.txt": "", "a/f.pyc": "", "g.pyi": ""})
    assert paths(tmp_path) == ["a/c.pyw", "a/d/数据.ipynb", "b.py"]


@pytest.mark.parametrize(
    "left_out",
    [
        {"myenv/pyvenv.cfg": "", "myenv/lib/a.py": ""},
        {"conda/conda-meta/history": "", "conda/lib/a.py": ""},
        {"old/lib/python2.7/site-packages/a.py": ""},
        {"node_modules/x/gyp.py": ""},
        {".git/hooks/a.py": ""},
        {".tox/py/a.py": ""},
        {"x/__pycache__/a.py": ""},
        {".ipynb_checkpoints/a.ipynb": ""},
        {"build/lib/a.py": ""},
        {"build/bdist.linux-x86_64/a.py": "", "build/b.py": ""},
        {"x.egg-info/a.py": ""},
    ],
)
def test_what_is_not_the_projects_own_is_left_out(tmp_path: Path, left_out: dict[str, str]) -> None:
    assert paths(plant(tmp_path, {"main.py": "", **left_out})) == ["main.py"]


def test_a_package_called_build_is_read(tmp_path: Path) -> None:
    assert paths(plant(tmp_path, {"build/__init__.py": "", "build/lib/a.py": ""})) == [
        "build/__init__.py",
        "build/lib/a.py",
    ]


def test_gitignore_holds_in_its_folder_and_the_inner_one_decides(tmp_path: Path) -> None:
    root = plant(
        tmp_path,
        {
            ".gitignore": "out/\n*_old.py\n/only_here.py\n# comment\n",
            "a_old.py": "",
            "only_here.py": "",
            "out/a.py": "",
            "x/only_here.py": "",
            "x/.gitignore": "!kept_old.py\nsecret.py\n",
            "x/kept_old.py": "",
            "x/gone_old.py": "",
            "x/secret.py": "",
            "secret.py": "",
        },
    )
    assert paths(root) == ["secret.py", "x/kept_old.py", "x/only_here.py"]


def test_exclude_takes_such_patterns_too(tmp_path: Path) -> None:
    root = plant(tmp_path, {"a.py": "", "tests/b.py": "", "x/c_old.py": "", "x/d.py": ""})
    assert paths(root, "tests/", "*_old.py") == ["a.py", "x/d.py"]


def test_a_pattern_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestInvalid, match="--exclude"):
        walked(tmp_path, "!")


def test_a_gitignore_that_cannot_be_read_is_left_aside(tmp_path: Path) -> None:
    walk = walked(plant(tmp_path, {"a.py": "", ".gitignore": "!\n"}))
    assert [file.path for file in walk.files()] == ["a.py"]
    assert [(remark.file, remark.kind) for remark in walk.remarks] == [(".gitignore", "unreadable")]


@posix_only
def test_links_that_lead_round_end(tmp_path: Path) -> None:
    root = plant(tmp_path / "project", {"a/b/c.py": "", "d.py": ""})
    (root / "a/b/up").symlink_to("../..")
    (root / "a/b/here").symlink_to(".")
    (root / "all").symlink_to("/")
    assert paths(root) == ["a/b/c.py", "d.py"]


@posix_only
def test_a_link_to_a_folder_elsewhere_is_followed_once(tmp_path: Path) -> None:
    plant(tmp_path, {"common/a.py": "", "project/b.py": ""})
    for name in ("one", "two"):
        (tmp_path / "project" / name).symlink_to("../common")
    assert paths(tmp_path / "project") == ["b.py", "one/a.py"]


@posix_only
def test_what_looks_like_a_source_and_is_none_is_remarked(tmp_path: Path) -> None:
    root = plant(tmp_path, {"folder.py/inner.py": "", "fine.py": ""})
    (root / "dangling.py").symlink_to("nowhere.py")
    os.mkfifo(root / "pipe.py")
    walk = walked(root)
    assert [file.path for file in walk.files()] == ["fine.py", "folder.py/inner.py"]
    assert sorted((remark.file, remark.kind) for remark in walk.remarks) == [
        ("dangling.py", "unreadable"),
        ("folder.py", "not-a-file"),
        ("pipe.py", "not-a-file"),
    ]


@posix_only
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_may_not_be_listed_is_remarked(tmp_path: Path) -> None:
    closed = plant(tmp_path, {"a.py": "", "closed/b.py": ""}) / "closed"
    closed.chmod(0)
    walk = walked(tmp_path)
    found = [file.path for file in walk.files()]
    closed.chmod(0o755)
    assert (found, [remark.file for remark in walk.remarks]) == (["a.py"], ["closed"])


@posix_only
def test_a_name_that_is_no_utf_8_leads_to_its_file(tmp_path: Path) -> None:
    name = "训练.py".encode("gbk")
    (tmp_path / os.fsdecode(name)).write_bytes(b"import torch\n")
    walk = walked(tmp_path)
    [found] = walk.files()
    assert walk.raw(found.path).endswith(b"/" + name)
    assert "\ufffd" in shown(found.path)


def test_a_listing_tells_what_can_be_imported(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "nms.cpython-312-x86_64-linux-gnu.so": "", "b.pyx": "", "c.txt": "", "d/e.py": ""})
    here = walked(tmp_path).listing("")
    assert (set(here.modules), set(here.folders)) == ({"a", "nms", "b"}, {"d"})
