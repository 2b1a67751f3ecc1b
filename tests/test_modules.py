"""What can be imported of each distribution, as every Python of this machine tells it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import interpreters
import pytest

from envtool import target
from envtool.errors import TargetUnusable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXTENSION = "import importlib.machinery as m; print(m.EXTENSION_SUFFIXES[0])"

every_python = pytest.mark.parametrize("python", interpreters.SUPPORTED.values(), ids=interpreters.SUPPORTED)


def record(*paths: str) -> str:
    return "".join(f"{path},sha256=47DEQpj8HBSa,0\n" for path in paths)


def headers(name: str) -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"


def dist_info(name: str, **files: str) -> dict[str, str]:
    stem = f"{name.replace('-', '_')}-1.0.dist-info"
    return {
        f"{stem}/METADATA": headers(name),
        **{f"{stem}/{file.replace('__', '.')}": text for file, text in files.items()},
    }


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return folder


def modules_in(python: str, monkeypatch: pytest.MonkeyPatch, *folders: Path) -> dict[str, tuple[str, ...] | None]:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, folders)))
    return {package.name: package.modules for package in target.inspect(python, modules=True).packages}


@every_python
def test_what_was_installed_is_told_by_its_record(python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suffix = subprocess.run([python, "-c", EXTENSION], check=True, capture_output=True, text=True).stdout.strip()
    installed = record(
        "cv2/__init__.py",
        "cv2/gapi/__init__.py",
        f"_speed{suffix}",
        "six.py",
        "__pycache__/six.cpython-311.pyc",
        "opencv_python.libs/libopenblas.so",
        "cv2-stubs/__init__.pyi",
        "../../../bin/tool.py",
        "opencv_python-1.0.dist-info/METADATA",
        "distutils-precedence.pth",
    )
    site = write(tmp_path, dist_info("opencv-python", RECORD=installed, top_level__txt="wrong\n"))
    assert modules_in(python, monkeypatch, site)["opencv-python"] == ("_speed", "cv2", "six")


@every_python
def test_a_namespace_is_left_to_those_who_share_it(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharing = "# A licence.\n__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
    files = {
        "azure/__init__.py": sharing,
        "azure/storage/__init__.py": sharing,
        "zope/__init__.py": "__import__('pkg_resources').declare_namespace(__name__)\n",
        "whole/__init__.py": "# extend_path is not called here\n" + "x = 1\n" * 500,
        **dist_info("native", RECORD=record("google/cloud/storage/__init__.py", "google/cloud/storage/blob.py")),
        **dist_info("single", RECORD=record("google/api/http_pb2.py")),
        **dist_info(
            "shared",
            RECORD=record("azure/__init__.py", "azure/storage/__init__.py", "azure/storage/blob/__init__.py"),
        ),
        **dist_info("older", RECORD=record("zope/__init__.py", "zope/event/__init__.py", "zope/event/classhandler.py")),
        **dist_info("whole", RECORD=record("whole/__init__.py", "whole/part.py")),
    }
    found = modules_in(python, monkeypatch, write(tmp_path, files))
    assert {name: found[name] for name in ("native", "single", "shared", "older", "whole")} == {
        "native": ("google.cloud.storage",),
        "single": ("google.api.http_pb2",),
        "shared": ("azure.storage.blob",),
        "older": ("zope.event",),
        "whole": ("whole",),
    }


@every_python
def test_older_metadata(python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "old-1.0.egg-info/PKG-INFO": headers("old"),
        "old-1.0.egg-info/installed-files.txt": "../old/__init__.py\n../old_tool.py\nPKG-INFO\n",
        "debian-1.0.egg-info/PKG-INFO": headers("debian"),
        "debian-1.0.egg-info/top_level.txt": "debian\ndebian_bundle\nstubs-only\nlazr\n",
        "debian-1.0.egg-info/namespace_packages.txt": "lazr\n",
        "bare-1.0.egg-info": headers("bare"),
    }
    found = modules_in(python, monkeypatch, write(tmp_path, files))
    assert [found[name] for name in ("old", "debian", "bare")] == [("old", "old_tool"), ("debian", "debian_bundle"), ()]


@every_python
def test_editable_installs(python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(
        tmp_path / "my 源" / "src",
        {"flat.py": "", "deep/__init__.py": "", "data/x.json": "", "developed.egg-info/PKG-INFO": headers("developed")},
    )
    write(source, {"developed.egg-info/top_level.txt": "developed\n"})
    editable = '{"url": "file:///home/me/src", "dir_info": {"editable": true}}'
    stub = "__editable___by_setuptools_1_0_finder"
    files = {
        "_by_path.pth": f"{source}\n{tmp_path / 'gone'}\nimport os\n",
        f"{stub}.py": "MAPPING = {}\n",
        "developed.egg-link": f"{source}\n../",
        **dist_info("by-path", RECORD=record("_by_path.pth"), direct_url__json=editable),
        **dist_info(
            "by-setuptools", RECORD=record(f"{stub}.py"), top_level__txt="by_setuptools\n", direct_url__json=editable
        ),
        **dist_info("by-unknown", RECORD=record("_by_unknown_loader.py"), direct_url__json=editable),
    }
    found = modules_in(python, monkeypatch, write(tmp_path / "site", files), source)
    assert [found[name] for name in ("by-path", "by-setuptools", "by-unknown", "developed")] == [
        ("deep", "flat"),
        ("by_setuptools",),
        (),
        ("developed",),
    ]


def test_nothing_is_told_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(write(tmp_path, dist_info("x", RECORD=record("x.py")))))
    [package] = [package for package in target.inspect(sys.executable).packages if package.name == "x"]
    assert package.modules is None


@pytest.mark.skipif(interpreters.PYTHON_2 is None, reason="no Python 2.7 here")
def test_python_2_is_refused_in_words() -> None:
    assert interpreters.PYTHON_2 is not None
    with pytest.raises(TargetUnusable, match=r"is Python 2\.7\.\d+, and envtool needs 3\.6"):
        target.inspect(interpreters.PYTHON_2, modules=True)
