"""The Python of a notebook: magics and shell lines out, other languages left alone."""

from __future__ import annotations

import ast
import json
import textwrap

import pytest
from project_tree import notebook

from envtool.project.notebook import NotANotebook, cells

PYTHON = {"kernelspec": {"name": "python3", "language": "python"}}


def only_cell(source: str | list[str]) -> str:
    found = cells(notebook([source], **PYTHON))
    ast.parse("".join(found))
    return "".join(found)


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("import torch\nx = 1", "import torch\nx = 1"),
        ("%matplotlib inline\nimport torch", "pass\nimport torch"),
        ("!pip install einops\nimport torch", "pass\nimport torch"),
        ("if a:\n    !ls\n    %cd x\nimport torch", "if a:\n    pass\n    pass\nimport torch"),
        ("!python run.py \\\n  --lr 1 \\\n  --epochs 2\nimport torch", "pass\n\n\nimport torch"),
        ("files = !ls -l\nx, y = %who_ls\nimport torch", "files = None\nx, y = None\nimport torch"),
        ("?torch\ntorch.nn?\ntorch??\nimport torch", "pass\npass\npass\nimport torch"),
        ("%%time\nimport torch", "\nimport torch"),
        ("\n%%capture out\n%%time\nimport torch", "\n\n\nimport torch"),
        ("%time import torch", "import torch"),
        ("%timeit -n 10 -r3 f(x)", "f(x)"),
        ("%load_ext tensorboard\n%load_ext autoreload\nimport torch", "import tensorboard\npass\nimport torch"),
        ("  import torch\n  x = 1", "import torch\nx = 1"),
        ("x = ('a %s'\n     % b)\nimport torch", "x = ('a %s'\n     % b)\nimport torch"),
        ("s = '''\n%d and !x\n'''\nimport torch", "s = '''\n%d and !x\n'''\nimport torch"),
    ],
)
def test_python_is_what_is_left(source: str, python: str) -> None:
    assert only_cell(source) == python
    assert only_cell(source.splitlines(keepends=True)) == python


@pytest.mark.parametrize("magic", ["bash", "html", "javascript", "R", "writefile x.py", "cython", "sql"])
def test_a_cell_of_another_language_is_left_out(magic: str) -> None:
    assert cells(notebook([f"%%{magic}\nimport torch"])) == []


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"name": "ir", "language": "R"}},
        {"kernelspec": {"name": "julia-1.9"}},
        {"language_info": {"name": "scala"}},
    ],
)
def test_another_kernel_is_left_out(metadata: dict[str, object]) -> None:
    assert cells(notebook(["import torch"], **metadata)) == []


@pytest.mark.parametrize(
    "metadata",
    [{}, {"kernelspec": {}}, {"kernelspec": {"name": "conda-env-x-py"}}, {"language_info": {"name": "python"}}],
)
def test_a_notebook_that_does_not_say_is_python(metadata: dict[str, object]) -> None:
    assert cells(notebook(["import torch"], **metadata)) == ["import torch"]


def test_the_third_format_has_sheets() -> None:
    cell = {"cell_type": "code", "language": "python", "input": ["import torch\n", "x = 1"]}
    old = {"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": [cell, {"cell_type": "markdown"}]}]}
    assert cells(json.dumps(old)) == ["import torch\nx = 1"]


def test_text_cells_are_left_out() -> None:
    text = {"cell_type": "markdown", "source": "import torch"}
    assert cells(json.dumps({"cells": [text, {"cell_type": "code"}, "nonsense"], "metadata": {}})) == []


@pytest.mark.parametrize("text", ['{"cells": [', "", "[]", "3", "[" * 100_000])
def test_what_is_no_notebook_is_refused(text: str) -> None:
    with pytest.raises(NotANotebook):
        cells(text)


def test_help_in_a_cell_of_real_shape() -> None:
    source = textwrap.dedent(
        """\
        # numbers
        import numpy as np
        np.array?
        assert np.ones(3).sum() == 3  # why?
        """
    )
    assert "import numpy as np" in only_cell(source)
