"""Texts that Python cannot parse give their imports all the same."""

from __future__ import annotations

import pytest

from envtool.project import loose


def modules(text: str) -> list[tuple[str, int]]:
    return sorted(((one.module, one.line) for one in loose.imported(text)), key=lambda found: found[1])


def optional(text: str) -> set[str]:
    return {one.module for one in loose.imported(text) if one.optional}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import torch\ndef f(:\nimport yaml\n", [("torch", 1), ("yaml", 3)]),
        ("x = (\nimport torch, yaml as y\n", [("torch", 2), ("yaml", 2)]),
        ("x = (\n    import torch; import yaml; from numpy import array\n", [("torch", 2), ("yaml", 2), ("numpy.array", 2)]),
        ("print 1\nfrom torch import (\n    nn,  # layers\n    optim,\n)\n", [("torch.nn", 2), ("torch.optim", 2)]),
        ("def f():\n    print 1\n    from torch import (nn,\n        optim)\n", [("torch.nn", 3), ("torch.optim", 3)]),
        ("def f():\n    print 1\n    import torch, \\\n        yaml\n    import numpy\n", [("torch", 3), ("yaml", 3), ("numpy", 5)]),
        ("def f():\n    print 1\n    from torch \\\n        import nn\n", [("torch.nn", 3)]),
        ("def f():\n    print 1\n    from .a import b\n    from . import c\n    from torch import *\n", [("torch", 5)]),
        ("if 1: import torch\nelse print 1\n", [("torch", 1)]),
        ("def f():\n    print 'x; import no', \"import no\"  # import no\n    '''\n    import no\n    '''\n", []),
        ("def f():\n    print 1\n    x = importlib.import_module('yaml')\n    __import__(\n        'numpy')\n", [("yaml", 3), ("numpy", 4)]),
        ("def f():\n    import the rest of it\n    from here on import\n    reimport x\n    print 1\n", []),
        ("x = '''\nimport no\n'''\nprint 1\nimport yaml\n", [("yaml", 5)]),
        ("import torch\nx = '''\nimport no\n", [("torch", 1)]),  # what nothing ends, ends nowhere
        ("print 1\nimport 网络.层\n", [("网络.层", 2)]),
    ],
)  # fmt: skip
def test_imports(text: str, found: list[tuple[str, int]]) -> None:
    assert modules(text) == found


def test_both_sides_of_a_merge_are_read() -> None:
    text = "import torch\n<<<<<<< HEAD\nimport cv2\n||||||| base\n=======\nimport PIL\n>>>>>>> other branch\ny = 1\n"
    assert modules(text) == [("torch", 1), ("cv2", 3), ("PIL", 6)]


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    import x\nexcept ImportError, error:\n    print error\n",
        "def f():\n    try:\n        print 1\n        import x\n    except (ImportError, ValueError), e:\n        pass\n",
        "try:\n    import json\nexcept ImportError:\n    print 1\n    import x\n",
        "def f():\n    if sys.version_info < (3,):\n        print 1\n        import x\n",
    ],
)
def test_optional(text: str) -> None:
    assert optional(text) - {"json"} == {"x"}


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    print 1\n    import x\n",
        "try:\n    import x\nexcept ValueError, error:\n    print error\n",
        "def f():\n    try:\n        print 1\n    except ImportError:\n        pass\n    import x\n",
    ],
)
def test_required(text: str) -> None:
    assert modules(text)
    assert not optional(text)


@pytest.mark.parametrize(
    "text",
    [
        'print "loss", 3',
        "if a:\n    print x",
        "print >>sys.stderr, 1",
        'exec "x = 1"',
        "try:\n    pass\nexcept Exception, e:\n    pass",
        "try:\n    pass\nexcept (A, B), e:\n    pass",
        'raise ValueError, "no"',
        "os.chmod(a, 0755)",
        "a <> b",
        "n = 10L",
    ],
)
def test_python_2_is_recognised(text: str) -> None:
    assert loose.is_python_2(text)


@pytest.mark.parametrize(
    "text",
    [
        "def f(:\n    print(1)\n",
        "# print x\nx = 'print x, 0755'\n<<<<<<< HEAD\n",
        "print (1)\nprint(0, 00, 0o755, 1.07)\nx = a[0]\n",
        "except_, y = 1, 2\nraise ValueError(a, b)\n",
    ],
)
def test_what_is_merely_broken_is_not_taken_for_python_2(text: str) -> None:
    assert not loose.is_python_2(text)


@pytest.mark.parametrize(
    "piece", ['"\\', "'''", '"""', '\\"""\n', "except ,", "(", "import ", "from a import (", "=======\n", "\\\n"]
)
def test_no_text_takes_long(piece: str) -> None:
    """A pattern that tries everything would take minutes here."""
    text = "import torch\n" + piece * 20_000
    assert ("torch", 1) in modules(text)
    loose.is_python_2(text)
