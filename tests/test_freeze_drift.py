"""A file of requirements against the project that it is for, in each form."""

from __future__ import annotations

import pytest
from freezing import frozen, installed

from envtool.errors import RequestInvalid
from envtool.facts import Package, Use
from envtool.freeze import Drift, compare
from envtool.freeze.listed import listed
from envtool.report.freeze import Paper, freeze_text
from envtool.wheel_index import URL

COMMIT = "1f0c6b1e5a7d4c3b2a190807f6e5d4c3b2a19080"
GIT = f"tool @ git+https://example.org/tool.git@{COMMIT}"
PACKAGES = (
    installed("torch", "2.5.1+cu124", "torch"),
    installed("numpy", "1.26.4", "numpy"),
    installed("PyYAML", "6.0.2", "yaml"),
    installed("tool", "1.0", "tool", origin="https://example.org/tool.git", revision=COMMIT),
    installed("pandas", "2.2.2", "pandas"),
    Package("mine", "0", "file:///home/me/mine", editable=True, modules=("mine",)),
)
FREEZE = frozen(
    "torch", "numpy", "yaml", "tool", "mine", "einops", Use("pandas", "a.py", 1, optional=True), packages=PACKAGES
)
FRESH = f"""\
# -*- a comment -*-
--extra-index-url {URL}/cu124
Numpy >= 1.20, <2  # by hand
pyyaml==6.0.2 \\
    --hash=sha256:0123456789abcdef
torch==2.5.1
{GIT}
einops==0.8.0
-r other.txt
./here
"""


def test_a_file_that_would_do_has_not_drifted() -> None:
    assert compare(FREEZE, FRESH, "requirements") == ()
    assert compare(FREEZE, FRESH.replace("\n", "\r\n"), "requirements") == ()
    assert compare(FREEZE, "\ufeff" + FRESH, "requirements") == ()


@pytest.mark.parametrize("form", ["requirements", "environment-yml", "pyproject"])
def test_what_freeze_writes_has_not_drifted(form: str) -> None:
    assert compare(FREEZE, freeze_text(FREEZE, form, Paper("p", "c")), form) == ()


@pytest.mark.parametrize(
    ("old", "new", "drift"),
    [
        ("Numpy >= 1.20, <2", "numpy<1.20", Drift("numpy<1.20", "numpy==1.26.4")),
        ("Numpy >= 1.20, <2", "", Drift(None, "numpy==1.26.4")),
        ("torch==2.5.1", "torch==2.5.1+cu121", Drift("torch==2.5.1+cu121", "torch==2.5.1+cu124")),
        (f"@{COMMIT}", "@v1", Drift("tool @ git+https://example.org/tool.git@v1", GIT)),
        ("./here", "gunicorn==23.0", Drift("gunicorn==23.0", None)),
        ("./here", "pandas==1.0", Drift("pandas==1.0", "pandas==2.2.2")),
        ("./here", "pandas", None),
        ("./here", "mine==0", None),
        (f"--extra-index-url {URL}/cu124", "", Drift(None, f"--extra-index-url {URL}/cu124")),
        ("einops==0.8.0", "", Drift(None, "einops")),
        ("./here", 'numpy==1.21; python_version < "3.9"', None),
    ],
)
def test_one_drift(old: str, new: str, drift: Drift | None) -> None:
    text = FRESH.replace(old, new)
    assert text != FRESH
    assert compare(FREEZE, text, "requirements") == ((drift,) if drift else ())


def test_a_pyproject_may_list_more() -> None:
    text = """
[project]
name = "p"
dependencies = ["torch", "numpy[extra]==1.26.*", "gunicorn", "tool @ git+https://example.org/tool.git@x"]
[project.optional-dependencies]
more = ["PyYAML", "einops"]
"""
    assert compare(FREEZE, text, "pyproject") == (Drift("tool @ git+https://example.org/tool.git@x", GIT),)


def test_a_lock_file_lists_what_is_needed_in_turn() -> None:
    text = f"""
lock-version = "1.0"
created-by = "a resolver"
packages = [
    {{ name = "torch", version = "2.5.1+cu124" }},
    {{ name = "sympy", version = "1.13.1" }},
    {{ name = "numpy", version = "1.26.3" }},
    {{ name = "pyyaml", version = "6.0.2" }},
    {{ name = "einops", version = "0.8.0" }},
    {{ name = "tool", vcs = {{ type = "git", url = "https://example.org/tool.git", commit-id = "{COMMIT}" }} }},
]
"""
    assert compare(FREEZE, text, "pylock") == (Drift("numpy==1.26.3", "numpy==1.26.4"),)


def test_an_environment_of_conda() -> None:
    text = f"""
name: p
channels:
  - pytorch
dependencies:
  - python=3.11
  - pip
  - numpy=1.26.4=py311h64a7726_0  # built by conda
  - "pyyaml=6.0.2"
  - python-dateutil
  - pip:
      - --extra-index-url {URL}/cu124
      - "torch==2.5.1+cu124"
      - einops
"""
    assert compare(FREEZE, text, "environment-yml") == (
        Drift("python-dateutil", None),
        Drift(None, GIT),
    )


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("pyproject", "[tool.x]\na = 1\n"),
        ("pyproject", "project = 3\n"),
        ("pyproject", "numpy==1\n"),
        ("pylock", "[project]\n"),
        ("pylock", "packages = [1]\n"),
    ],
)
def test_a_file_of_another_form_is_refused(form: str, text: str) -> None:
    with pytest.raises(RequestInvalid, match=f"no {form} file"):
        listed(text, form)
