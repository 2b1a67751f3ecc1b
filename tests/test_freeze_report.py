"""A Freeze in each of its forms, read back by who is to read it."""

from __future__ import annotations

import json
import sys

import pytest
import yaml
from freezing import frozen, installed

from envtool.errors import IndexUnusable, RequestInvalid
from envtool.facts import Package, Remark, Use
from envtool.freeze import Drift
from envtool.report.freeze import FORMATS, Paper, difference, drift_text, freeze_text, remark_lines
from envtool.report.pyproject import edited, new
from envtool.wheel_index import URL

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGES = (
    installed("torch", "2.5.1+cu124", "torch"),
    installed("numpy", "1.26.4", "numpy"),
    installed("PyYAML", "6.0.2", "yaml"),
    installed("pandas", "2.2.2", "pandas"),
    installed("tomli", "2.0.1", "tomli"),
    Package("my-lib", "0.1", "file:///home/me/my-lib", editable=True, modules=("my_lib",)),
)
FREEZE = frozen(
    "torch",
    "yaml",
    "my_lib",
    Use("pandas", "a.py", 1, optional=True),
    Use("tomli", "a.py", 2, optional=True),
    Use("numpy", "数据/a.py", 3, optional=False),
    packages=PACKAGES,
)
PAPER = Paper("my project", "envtool freeze --write")
HEADING = "# Python 3.11.7 on linux-x86_64\n# made by: envtool freeze --write\n"


class TestRequirements:
    def test_the_whole_text(self) -> None:
        assert freeze_text(FREEZE, "requirements", PAPER) == (
            f"{HEADING}"
            f"--extra-index-url {URL}/cu124\n"
            "numpy==1.26.4\n"
            "PyYAML==6.0.2\n"
            'tomli==2.0.1; python_version < "3.11"\n'
            "torch==2.5.1+cu124\n"
            "# my-lib: only this machine has file:///home/me/my-lib\n"
            "# optional:\n"
            "# pandas==2.2.2\n"
        )

    def test_optional_ones_included_or_omitted(self) -> None:
        included = freeze_text(FREEZE, "requirements", PAPER._replace(optional="include"))
        omitted = freeze_text(FREEZE, "requirements", PAPER._replace(optional="omit"))
        assert "\npandas==2.2.2\n" in included
        assert "pandas" not in omitted
        assert "# optional:" not in included + omitted

    def test_a_project_that_needs_nothing(self) -> None:
        assert freeze_text(frozen(), "requirements", PAPER) == HEADING

    def test_it_is_ascii_whatever_the_command_was(self) -> None:
        text = freeze_text(FREEZE, "requirements", PAPER._replace(command="envtool freeze --exclude 数据"))
        assert text.isascii()
        assert "# made by: envtool freeze --exclude \\u6570\\u636e\n" in text

    @pytest.mark.parametrize(
        ("encoding", "first"),
        [
            ("gbk", "# -*- coding: gbk -*-"),
            ("utf8", "# Python 3.11.7 on linux-x86_64"),
            ("UTF-16", "# Python 3.11.7 on linux-x86_64"),
        ],
    )
    def test_pip_is_told_of_an_encoding_that_matters(self, encoding: str, first: str) -> None:
        text = freeze_text(frozen("模型"), "requirements", PAPER._replace(encoding=encoding))
        assert text.splitlines()[0] == first
        assert "# 模型: no distribution can have this name\n" in text
        assert "coding" not in freeze_text(FREEZE, "requirements", PAPER._replace(encoding=encoding))


def test_json_is_as_the_interface_says() -> None:
    text = freeze_text(FREEZE._replace(warnings=(Remark("旧.py", None, "unreadable", "…"),)), "json", PAPER)
    assert text.isascii()
    assert text.endswith("}\n")
    answer = json.loads(text)
    assert list(answer) == ["schema", "root", "python", "packages", "index_urls", "warnings"]
    assert (answer["schema"], answer["root"], answer["python"]) == (1, ".", "3.11.7")
    assert [package["name"] for package in answer["packages"]] == [
        "my-lib", "numpy", "pandas", "pyyaml", "tomli", "torch",
    ]  # fmt: skip
    assert answer["packages"][3] == {
        "name": "pyyaml",
        "imports": ["yaml"],
        "version": "6.0.2",
        "source": "installed",
        "optional": False,
        "files": ["train.py"],
    }
    assert [package["optional"] for package in answer["packages"]] == [False, False, True, False, True, False]
    assert answer["packages"][1]["files"] == ["数据/a.py"]
    assert answer["index_urls"] == [f"{URL}/cu124"]
    assert answer["warnings"] == [{"file": "旧.py", "line": None, "kind": "unreadable", "message": "…"}]


def test_environment_yml_is_yaml() -> None:
    text = freeze_text(FREEZE, "environment-yml", PAPER._replace(project="我的: project"))
    assert text.isascii()
    assert yaml.safe_load(text) == {
        "name": "我的: project",
        "channels": ["conda-forge"],
        "dependencies": [
            "python=3.11",
            "pip",
            {
                "pip": [
                    f"--extra-index-url {URL}/cu124",
                    "numpy==1.26.4",
                    "PyYAML==6.0.2",
                    'tomli==2.0.1; python_version < "3.11"',
                    "torch==2.5.1+cu124",
                ]
            },
        ],
    }
    assert yaml.safe_load(freeze_text(frozen(), "environment-yml", PAPER))["dependencies"] == ["python=3.11", "pip"]


class TestPylock:
    LOCK = """
lock-version = "1.0"
created-by = "a resolver"
requires-python = ">=3.11.7"

[[packages]]
name = "numpy"
version = "1.26.4"
wheels = [{ url = "https://example.org/numpy-1.26.4-py3-none-any.whl", upload-time = 2024-02-05T23:48:00Z, hashes = { sha256 = "%s" } }]
"""

    def test_the_resolver_s_answer_is_read_and_kept(self) -> None:
        lock = self.LOCK % ("0" * 64)
        text = freeze_text(FREEZE, "pylock", PAPER._replace(locked=lock))
        assert text.startswith(HEADING)
        assert tomllib.loads(text) == tomllib.loads(lock)

    @pytest.mark.parametrize("lock", ["", "lock-version = 1\n", "lock-version =\n", LOCK.replace("name", "nom")])
    def test_what_is_no_lock_file_is_refused(self, lock: str) -> None:
        with pytest.raises(IndexUnusable, match="The resolver wrote a lock file that is none"):
            freeze_text(FREEZE, "pylock", PAPER._replace(locked=lock))


class TestPyproject:
    PRESENT = """\
# the build
[build-system]
requires = ["hatchling"]   # odd   spacing

[project]
name = 'p'
version = "1"
dependencies = [
    "NumPy>=1.20",           # arrays
    "requests[socks]~=2.0",
    # a driver
    "psycopg2",
    "tomli>=2; python_version < '3.11'",
]

[tool.x]
a.b = 1
"""

    def test_only_the_dependencies_change(self) -> None:
        assert freeze_text(FREEZE, "pyproject", PAPER._replace(present=self.PRESENT)) == self.PRESENT.replace(
            '"NumPy>=1.20",           # arrays', '"NumPy==1.26.4",           # arrays'
        ).replace(
            """"tomli>=2; python_version < '3.11'",\n""",
            """"tomli==2.0.1; python_version < '3.11'",\n    "PyYAML==6.0.2",\n    "torch==2.5.1+cu124",\n""",
        )

    def test_twice_is_as_once(self) -> None:
        once = freeze_text(FREEZE, "pyproject", PAPER._replace(present=self.PRESENT))
        assert freeze_text(FREEZE, "pyproject", PAPER._replace(present=once)) == once

    @pytest.mark.parametrize(
        ("listed", "expected"),
        [
            ("", ["numpy==1.26.4"]),
            ("dependencies = []", ["numpy==1.26.4"]),
            ('dependencies = ["numpy"]', ["numpy==1.26.4"]),
            ("dependencies = [\"numpy[a] ; os_name == 'nt'\"]", ["numpy[a]==1.26.4; os_name == 'nt'"]),
            ('dependencies = ["x",\n  "y"\n  # the last\n]', ["x", "y", "numpy==1.26.4"]),
            ('dependencies = ["x", "not a requirement"]', ["x", "not a requirement", "numpy==1.26.4"]),
            (
                "dependencies = [\"numpy<2; os_name == 'nt'\", \"numpy>2; os_name != 'nt'\"]",
                ["numpy<2; os_name == 'nt'", "numpy>2; os_name != 'nt'"],
            ),
        ],
    )
    @pytest.mark.parametrize("after", ["", '\n[project.urls]\na = "b"\n', "\n[tool.x]\na = 1\n"])
    def test_lists_of_every_kind(self, listed: str, expected: list[str], after: str) -> None:
        text = f'[project]\nname = "p"\nversion = "1"\n{listed}\n{after}'
        result = edited(text, {"numpy": "numpy==1.26.4"}, {"numpy": "numpy==1.26.4"})
        assert tomllib.loads(result)["project"]["dependencies"] == expected
        before = tomllib.loads(text)
        before["project"]["dependencies"] = expected
        assert tomllib.loads(result) == before

    def test_what_is_not_installed_keeps_its_version(self) -> None:
        text = '[project]\nname = "p"\ndependencies = ["numpy>=1.20"]\n'
        assert edited(text, {"numpy": "numpy"}, {"numpy": "numpy"}) == text

    def test_ends_of_lines_stay(self) -> None:
        text = self.PRESENT.replace("\n", "\r\n")
        result = freeze_text(FREEZE, "pyproject", PAPER._replace(present=text))
        assert result.count("\n") == result.count("\r\n") == text.count("\n") + 2

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[tool.poetry]\nname = 'p'\n", r"has no \[project\]: add it"),
            ("project = 3\n", r"has no \[project\]: add it"),
            ("[project]\nname = 'p'\ndynamic = ['dependencies']\n", "dependencies are dynamic: freeze the file"),
            ("[project\n", "pyproject.toml is no TOML"),
        ],
    )
    def test_what_cannot_hold_dependencies(self, text: str, said: str) -> None:
        with pytest.raises(RequestInvalid, match=said):
            edited(text, {}, {})

    @pytest.mark.parametrize(("folder", "name"), [("my project", "my-project"), ("模型", "project"), ("_x_", "x")])
    def test_a_project_that_has_none_gets_one(self, folder: str, name: str) -> None:
        project = tomllib.loads(new(folder, "3.11", ["numpy==1.26.4", 'tomli; python_version < "3.11"']))["project"]
        assert project == {
            "name": name,
            "version": "0.1.0",
            "requires-python": ">=3.11",
            "dependencies": ["numpy==1.26.4", "tomli; python_version < '3.11'"],
        }


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_freeze_gives_the_same_text(form: str) -> None:
    paper = PAPER._replace(locked=TestPylock.LOCK % ("0" * 64))
    assert freeze_text(FREEZE, form, paper) == freeze_text(FREEZE, form, paper)


def test_difference() -> None:
    assert difference("a\nb\nc\n", "a\nB\nc\n", "r.txt") == (
        "--- r.txt\n+++ r.txt (new)\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c"
    )
    assert difference("a\n", "a\n", "r.txt") == ""


def test_drift() -> None:
    assert drift_text([Drift("numpy==1", "numpy==2"), Drift(None, "torch"), Drift("x", None)]) == (
        "- numpy==1\n+ numpy==2\n+ torch\n- x"
    )


def test_remarks_are_told_with_their_places_but_not_without_end() -> None:
    remarks = (Remark("a.py", 3, "k", "bad"), Remark("b.py", None, "k", "worse"))
    assert remark_lines(FREEZE._replace(warnings=remarks)) == [
        ("found", "6 distributions, 2 of them optional"),
        ("index", f"--extra-index-url {URL}/cu124"),
        ("note", "a.py:3: bad"),
        ("note", "b.py: worse"),
    ]
    many = remark_lines(FREEZE._replace(warnings=remarks * 50))
    assert len(many) == 23
    assert many[-1] == ("note", "80 further warnings: --format json has them all")
