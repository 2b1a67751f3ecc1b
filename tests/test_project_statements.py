"""What is imported by statements, which of it is optional, and that a shorter text says the same."""

from __future__ import annotations

import ast
import sysconfig
import warnings
from pathlib import Path

import pytest

from envtool.project import statements
from envtool.project.decode import decode
from envtool.project.outline import outline

STDLIB = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))


def found(text: str, *, whole: bool = True) -> set[tuple[str, bool]]:
    """Module, and whether it is optional."""
    return {(one.module, one.optional) for one in statements.imported(statements.parse(text, whole=whole))}


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        ("import torch", {"torch"}),
        ("import numpy as np, yaml", {"numpy", "yaml"}),
        ("import google.cloud.storage", {"google.cloud.storage"}),
        ("from google.cloud import storage", {"google.cloud.storage"}),
        ("from torch import nn, optim as o", {"torch.nn", "torch.optim"}),
        ("from a.b.c import d", {"a.b.c"}),  # deeper than a distribution's name
        ("from torch import *", {"torch"}),
        ("from . import a\nfrom .b import c\nfrom .. import d", set()),
        ("x = 1; import yaml", {"yaml"}),
        ("def f():\n    class C:\n        import yaml", {"yaml"}),
        ("for a in b:\n    pass\nelse:\n    import yaml", {"yaml"}),
        ("match 1:\n    case 1:\n        import yaml", {"yaml"}),
        ("try:\n    pass\nfinally:\n    import yaml", {"yaml"}),
        ("async def f():\n    async with a:\n        import yaml", {"yaml"}),
        ("s = 'import yaml'  # import numpy\n'''\nimport torch\n'''", set()),
        ("import importlib\nx = importlib.import_module('yaml')", {"importlib", "yaml"}),
        ("def f(a=import_module('yaml')):\n    return [__import__('torch.nn')]", {"yaml", "torch.nn"}),
        ("import_module('.a', 'b')\nimport_module('models.' + name)\n__import__(name)\nimport_module('a b')", set()),
    ],
)
def test_imports(text: str, modules: set[str]) -> None:
    assert {module for module, _ in found(text)} == modules
    assert {module for module, _ in found(text, whole=False)} == modules


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    import x\nexcept ImportError:\n    x = None",
        "try:\n    import x\nexcept (ValueError, ModuleNotFoundError) as error:\n    print(error)",
        "try:\n    import x\nexcept:\n    pass",
        "try:\n    import json\nexcept ImportError:\n    import x",
        "try:\n    pass\nexcept ImportError:\n    pass\nelse:\n    import x",
        "with contextlib.suppress(ImportError):\n    import x",
        "if TYPE_CHECKING:\n    import x",
        "if typing.TYPE_CHECKING:\n    import x",
        "if not TYPE_CHECKING:\n    pass\nelse:\n    import x",
        "if False:\n    import x",
        "if sys.platform == 'win32':\n    import x",
        "if os.name == 'nt':\n    pass\nelse:\n    import x",
        "if platform.system() == 'Windows' and y:\n    import x",
        "if sys.version_info < (3, 11):\n    import x",
        "if is_x_available():\n    import x",
        "if HAS_X:\n    def f():\n        import x",
        "try:\n    def f():\n        import x\nexcept ImportError:\n    pass",
    ],
)
def test_optional(text: str) -> None:
    assert ("x", True) in found(text)
    assert ("x", True) in found(text, whole=False)


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    import x\nexcept ValueError:\n    pass",
        "try:\n    import x\nexcept ImportError:\n    raise SystemExit('install x')",
        "try:\n    import x\nexcept ImportError:\n    print('install x')\n    sys.exit(1)",
        "try:\n    import x\n    a()\n    b()\n    c()\n    d()\n    e()\nexcept Exception:\n    pass",  # a program
        "if not TYPE_CHECKING:\n    import x",
        "if TYPE_CHECKING:\n    pass\nelse:\n    import x",
        "if debug:\n    import x",
        "def f():\n    import x",
        "if __name__ == '__main__':\n    import x",
        "with suppress(ValueError):\n    import x",
    ],
)
def test_required(text: str) -> None:
    assert ("x", False) in found(text)
    assert ("x", False) in found(text, whole=False)


@pytest.mark.parametrize(
    "text",
    [
        'x = f"""\n{y}""".strip()\nimport yaml\n',
        'x = """\na""" + y\nimport yaml\n',
        "import yaml, \\\n    numpy\n",
        "import yaml, \\\nnumpy\n",
        "from yaml import (\nload,\ndump)\n",
        "try:\n    import yaml\n    x = [\n1,\n2]\nexcept ImportError:\n    pass\n",
        "@decorated(\n1\n)\ndef f():\n    import yaml\n",
        "if a:\n    import yaml\n# far left\nelif b:\n    import numpy\nelse:\n    import torch\n",
        "class A:\n    '''\nimport no\n    '''\n    import yaml\n",
        "x = 'it''s \"\"\" no string'\nimport yaml\n",
    ],
)
def test_a_text_that_is_hard_to_cut_is_read_as_a_whole(text: str) -> None:
    imported = [statements.imported(statements.parse(text, whole=whole)) for whole in (True, False)]
    assert imported[0] == imported[1] != []


def test_the_outline_keeps_what_imports_and_every_line() -> None:
    text = '"""Doc.\n\nimport no\n"""\nimport torch\n\n\ndef f():\n    return 1\n\n\ndef g():\n    import yaml\n'
    kept = outline(text)
    assert kept.count("\n") == text.count("\n")
    assert "return 1" not in kept
    ast.parse(kept)


def test_the_outline_of_the_standard_library_says_what_the_whole_says() -> None:
    """Real sources, of whichever Python runs the tests."""
    assert len(STDLIB) > 100
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what old modules hold
        for path in STDLIB:
            text = decode(path.read_bytes()).text
            imported = [statements.imported(statements.parse(text, whole=whole)) for whole in (True, False)]
            assert imported[0] == imported[1], path


@pytest.mark.skipif(not hasattr(ast, "TryStar"), reason="except* came with Python 3.11")
def test_except_star_catches_too() -> None:
    assert found("try:\n    import x\nexcept* ImportError:\n    pass") == {("x", True)}
