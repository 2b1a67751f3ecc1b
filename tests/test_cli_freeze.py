"""envtool freeze as a shell sees it: what goes where, what is written, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from loopback import bare_environment, make_wheel, serving

import envtool
from envtool.cli import show
from envtool.cli.freeze import freeze
from envtool.freeze.pins import PINS
from envtool.report import freeze as report

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOUT = Path(envtool.__file__).parent.parent
SOURCES = {
    "train.py": "# -*- coding: gbk -*-\n# 训练\nimport numpy as np\nfrom yaml import load\n".encode("gbk"),
    "tools/plot.py": b"try:\n    import pandas\nexcept ImportError:\n    pandas = None\n",
}
LINES = "numpy==1.26.4\nPyYAML==6.0.2\n"
posix_only = pytest.mark.skipif(os.name != "posix", reason="terminals and locales as POSIX has them")


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def distribution(name: str, version: str, module: str) -> dict[str, str]:
    info = f"{name}-{version}.dist-info"
    return {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/RECORD": f"{module}/__init__.py,,\n",
    }


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is installed, as far as metadata tell."""
    files = distribution("numpy", "1.26.4", "numpy") | distribution("PyYAML", "6.0.2", "yaml")
    return write(tmp_path_factory.mktemp("packages"), files)


@pytest.fixture
def project(tmp_path: Path, packages: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENVTOOL_TEST_PACKAGES", str(packages))
    return write(tmp_path / "my project", SOURCES)


def ran(
    *arguments: str | Path, cwd: Path | None = None, stdin: int = subprocess.DEVNULL, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    path = os.pathsep.join([os.environ["ENVTOOL_TEST_PACKAGES"], str(CHECKOUT)])
    return subprocess.run(
        [sys.executable, "-m", "envtool", "freeze", "--python", sys.executable, *arguments],
        stdin=stdin,
        cwd=cwd,
        env=bare_environment(PYTHONPATH=path, **environment),
        capture_output=True,
        check=False,
        timeout=120,
    )


def body(text: bytes) -> str:
    """The lines that pip reads."""
    return "".join(line for line in text.decode().splitlines(keepends=True) if not line.startswith("#"))


class TestStreams:
    def test_requirements_on_stdout_and_words_on_stderr(self, project: Path) -> None:
        found = ran(project)
        assert (found.returncode, body(found.stdout)) == (0, LINES)
        assert found.stdout.decode().startswith(f"# Python {sys.version.split()[0]} on ")
        assert found.stdout.endswith(b"# optional:\n# pandas\n") or b"# pandas==" in found.stdout
        assert f"at {sys.executable} (--python)" in found.stderr.decode()
        assert "3 distributions, 1 of them optional" in found.stderr.decode()

    def test_json_is_one_object_and_nothing_else(self, project: Path) -> None:
        answer = json.loads(ran(".", "--json", cwd=project).stdout)
        assert (answer["schema"], answer["root"]) == (1, ".")
        assert [(package["name"], package["files"]) for package in answer["packages"]] == [
            ("numpy", ["train.py"]),
            ("pandas", ["tools/plot.py"]),
            ("pyyaml", ["train.py"]),
        ]

    def test_the_command_in_the_heading_makes_the_same_text(self, project: Path) -> None:
        options = ["--pin", "minimum", "--optional", "omit", "--exclude", "a b"]
        text = ran(project, *options).stdout.decode()
        made_by = text.splitlines()[1].partition("made by: ")[2]
        assert made_by.endswith("--pin minimum --optional omit --exclude 'a b' --write")
        assert made_by.startswith(f"envtool freeze --python {sys.executable}")
        written = ran(*options, "--write", cwd=project)
        assert written.returncode == 0, written.stderr
        assert (project / "requirements.txt").read_text("utf-8") == text

    @pytest.mark.parametrize("form", ["requirements", "pyproject", "environment-yml", "json"])
    def test_the_same_bytes_twice_and_in_every_locale(self, project: Path, form: str) -> None:
        write(project, {"数据.py": "import 模型\n"})
        options = ("--format", form)
        first = ran(project, *options)
        assert first.returncode == 0, first.stderr
        assert ran(project, *options, LC_ALL="C.UTF-8", PYTHONHASHSEED="7").stdout == first.stdout
        assert ran(project, *options, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0").stdout == first.stdout

    def test_warnings_have_their_place(self, project: Path) -> None:
        write(project, {"old.py": "import numpy\nimport qwertz\n\nprint 'hello'\n"})
        found = ran(project)
        assert found.returncode == 0
        assert "old.py:2: qwertz is not installed in " in found.stderr.decode()
        assert body(found.stdout) == LINES + "qwertz\n"
        assert ran(project, "--strict").returncode == 1

    def test_what_is_excluded_is_not_read(self, project: Path) -> None:
        write(project, {"attic/old.py": "import qwertz\n"})
        assert body(ran(project, "--exclude", "attic/").stdout) == LINES


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf8", "UTF-8", "utf-8-sig", "utf-16", "gbk", "latin-1"])
    def test_stdout_and_files_have_the_encoding_that_was_asked_for(self, project: Path, encoding: str) -> None:
        printed = ran(project, "--encoding", encoding)
        assert "numpy==1.26.4\n" in printed.stdout.decode(encoding)
        assert ran(project, "--encoding", encoding, "--write").returncode == 0
        assert (project / "requirements.txt").read_bytes() == printed.stdout

    def test_pip_reads_a_name_of_another_script(self, project: Path) -> None:
        write(project, {"数据.py": "import 模型\n"})
        text = ran(project, "--encoding", "gbk").stdout.decode("gbk")
        assert text.startswith("# -*- coding: gbk -*-\n")
        assert "# 模型: no distribution can have this name\n" in text

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
    def test_what_an_encoding_lacks_stops_it_before_anything_is_touched(self, project: Path, encoding: str) -> None:
        write(project, {"数据.py": "import 模型\n", "requirements.txt": "old\n"})
        found = ran(project, "--encoding", encoding, "--write", "--force")
        assert found.returncode == 2
        assert f"envtool: {encoding} has no '\\u6a21'" in found.stderr.decode()
        assert (project / "requirements.txt").read_text() == "old\n"

    def test_an_encoding_that_is_none(self, project: Path) -> None:
        found = ran(project, "--encoding", "utf9")
        assert (found.returncode, found.stdout) == (2, b"")
        assert b"'utf9' is no text encoding of Python" in found.stderr

    def test_source_encoding_is_forced(self, project: Path) -> None:
        write(project, {"a.py": "import 模型\n".encode("gb18030")})
        assert b"\\u6a21" in ran(project, "--source-encoding", "gb18030", "--json").stdout
        assert ran(project, "--source-encoding", "utf9").returncode == 2


class TestWriting:
    def test_a_new_file(self, project: Path) -> None:
        found = ran(project, "--write")
        assert (found.returncode, found.stdout) == (0, b"")
        assert "written" in found.stderr.decode()
        assert body((project / "requirements.txt").read_bytes()) == LINES

    def test_the_same_again_is_left_alone(self, project: Path) -> None:
        file = project / "requirements.txt"
        assert ran(project, "--write").returncode == 0
        os.utime(file, (1, 1))
        again = ran(project, "--write")
        assert (again.returncode, file.stat().st_mtime) == (0, 1)
        assert "is up to date" in again.stderr.decode()

    def test_another_file_is_not_overwritten(self, project: Path) -> None:
        file = write(project, {"requirements.txt": "numpy==1.0\n"}) / "requirements.txt"
        found = ran(project, "--write")
        assert (found.returncode, file.read_text()) == (1, "numpy==1.0\n")
        assert "\n-numpy==1.0\n" in found.stderr.decode()
        assert "\n+numpy==1.26.4\n" in found.stderr.decode()
        assert "--force replaces it" in found.stderr.decode()

    def test_unless_it_is_forced(self, project: Path) -> None:
        file = write(project, {"pinned.txt": "numpy==1.0\n"}) / "pinned.txt"
        found = ran(project, "--output", file, "--force")
        assert (found.returncode, body(file.read_bytes())) == (0, LINES)
        assert "\n-numpy==1.0\n" in found.stderr.decode()

    @posix_only
    @pytest.mark.parametrize(("answer", "status", "text"), [("y\n", 0, LINES), ("n\n", 1, "numpy==1.0\n")])
    def test_a_terminal_is_asked(self, project: Path, answer: str, status: int, text: str) -> None:
        file = write(project, {"requirements.txt": "numpy==1.0\n"}) / "requirements.txt"
        ours, theirs = os.openpty()
        try:
            os.write(ours, answer.encode())
            found = ran(project, "--write", stdin=theirs)
        finally:
            os.close(theirs)
            os.close(ours)
        assert (found.returncode, body(file.read_bytes())) == (status, text)
        assert f"Replace {file}? [y/N]" in found.stderr.decode()

    def test_a_pyproject_is_edited(self, project: Path) -> None:
        before = '[project]\nname = "p"\nversion = "1"\ndependencies = [\n  "numpy",  # arrays\n]\n\n[tool.x]\ny = 1\n'
        file = write(project, {"pyproject.toml": before}) / "pyproject.toml"
        assert ran(project, "--format", "pyproject", "--write", "--force").returncode == 0
        assert file.read_text() == before.replace('"numpy",', '"numpy==1.26.4",').replace(
            "\n]\n", '\n  "PyYAML==6.0.2",\n]\n'
        )

    def test_a_folder_that_is_not_there(self, project: Path) -> None:
        found = ran(project, "--output", project / "gone" / "r.txt")
        assert found.returncode == 3
        assert b"r.txt is as it was, for it could not be written: No such file or directory" in found.stderr

    @pytest.mark.parametrize(
        "options",
        [
            ("--write", "--output", "r.txt"),
            ("--write", "--json"),
            ("--check", "r.txt", "--json"),
            ("--format", "pyproject", "--encoding", "gbk"),
            ("--pin", "tight"),
            ("--format", "poetry"),
            ("--source-encoding", "hex"),
        ],
    )
    def test_wrong_usage(self, project: Path, options: tuple[str, ...]) -> None:
        found = ran(project, *options)
        assert (found.returncode, found.stdout) == (2, b"")
        assert b"Traceback" not in found.stderr

    @pytest.mark.parametrize("path", ["gone", "train.py"])
    def test_a_path_that_is_no_folder(self, project: Path, path: str) -> None:
        assert ran(path, cwd=project).returncode == 2


class TestCheck:
    def test_a_file_that_fits(self, project: Path) -> None:
        assert ran(project, "--write").returncode == 0
        for file in ([], [project / "requirements.txt"]):
            found = ran(project, "--check", *file)
            assert (found.returncode, found.stdout) == (0, b""), found.stderr

    def test_a_folder_stands_for_the_file_in_it(self, project: Path) -> None:
        assert ran(project, "--write").returncode == 0
        assert ran("--check", ".", cwd=project).returncode == 0

    def test_a_file_that_has_drifted(self, project: Path) -> None:
        write(project, {"requirements.txt": "# by hand\nnumpy==1.0\nflask\n"})
        found = ran(project, "--check")
        assert (found.returncode, found.stdout.decode()) == (
            1,
            "- flask\n- numpy==1.0\n+ numpy==1.26.4\n+ PyYAML==6.0.2\n",
        )

    def test_the_form_is_known_by_the_name(self, project: Path) -> None:
        lists = '[project]\nname = "p"\ndependencies = ["numpy<2", "PyYAML", "gunicorn"]\n'
        write(project, {"pyproject.toml": lists, "env.yaml": "dependencies:\n  - numpy=1.26.4\n"})
        assert ran(project, "--check", project / "pyproject.toml").returncode == 0
        found = ran(project, "--check", project / "env.yaml")
        assert (found.returncode, found.stdout) == (1, b"+ PyYAML==6.0.2\n")

    def test_nothing_is_written(self, project: Path) -> None:
        write(project, {"requirements.txt": "numpy==1.0\n"})
        assert ran(project, "--check", "--write", "--force").returncode == 1
        assert (project / "requirements.txt").read_text() == "numpy==1.0\n"

    @pytest.mark.parametrize(
        ("content", "said"),
        [(None, b"cannot be read: No such file"), ("模型\n".encode("gbk"), b"requirements.txt is not utf8: name its")],
    )
    def test_a_file_that_cannot_be_read(self, project: Path, content: bytes | None, said: bytes) -> None:
        if content:
            write(project, {"requirements.txt": content})
        found = ran(project, "--check")
        assert found.returncode == 2
        assert said in found.stderr


class TestOnline:
    def test_the_newest_version_of_what_is_missing(self, project: Path, tmp_path: Path) -> None:
        write(project, {"more.py": "import qwertz\nimport qwertzgone\n"})
        for version in ("1.0", "1.2"):
            make_wheel(tmp_path / "index" / "qwertz", "qwertz", version)
        with serving(tmp_path / "index") as url:
            found = ran(project, "--online", "--json", PIP_INDEX_URL=url)
        told = {package["name"]: package for package in json.loads(found.stdout)["packages"]}
        assert (told["qwertz"]["source"], told["qwertz"]["version"]) == ("index", "1.2")
        assert (told["qwertzgone"]["source"], told["qwertzgone"]["version"]) == ("unresolved", None)
        assert (told["numpy"]["source"], told["numpy"]["version"]) == ("installed", "1.26.4")

    def test_a_lock_file(self, project: Path, tmp_path: Path) -> None:
        write(project, {"train.py": "import numpy\n"})
        make_wheel(tmp_path / "index" / "numpy", "numpy", "1.26.4")
        with serving(tmp_path / "index") as url:
            found = ran(
                project, "--format", "pylock", "--write", UV_DEFAULT_INDEX=url, UV_NO_CONFIG="1", UV_NO_CACHE="1"
            )
        assert found.returncode == 0, found.stderr
        text = (project / "pylock.toml").read_text("utf-8")
        assert text.startswith(f"# Python {sys.version.split()[0]} on ")
        assert "sha256" in text


def test_the_choices_are_those_that_there_are() -> None:
    choices = {option.name: option.type.choices for option in freeze.params if isinstance(option.type, click.Choice)}
    assert choices == {"pin": PINS, "optional": report.OPTIONAL, "form": tuple(report.FORMATS)}


def test_progress_is_shown_on_a_terminal_when_it_takes_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show.progress("files read") is None
    clock = iter([0.0, 0.5, 2.0, 3.0])
    with monkeypatch.context() as patch:
        patch.setattr(sys.stderr, "isatty", lambda: True)
        patch.setattr(time, "monotonic", lambda: next(clock))
        tell = show.progress("files read")
        assert tell is not None
        for done in (10, 20, 30):
            tell(done, 30)
    assert capsys.readouterr().err == "\r20 of 30 files read\r\033[K"
