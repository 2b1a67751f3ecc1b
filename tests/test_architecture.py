"""Who may import whom. To change the table is to change the architecture: say why in the commit."""

from __future__ import annotations

import ast
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
STDLIB = sys.stdlib_module_names | {"tomllib"}  # from 3.11 on, guarded where it is used

KNOWLEDGE = {"catalogue", "cards", "card_support", "import_names", "rules"}
DECISIONS = {"plan", "freeze", "diagnose", "checkup", "smoke"}
WORLD = {
    "run",
    "host",
    "target",
    "trial",
    "launch",
    "surroundings",
    "watch",
    "installer",
    "project",
    "registry",
    "files",
}

# What a room, a module or a package of envtool, may import besides the standard library and itself.
ROOMS = {
    "__init__": set[str](),
    "__main__": {"cli"},
    # values
    "errors": set[str](),
    "facts": {"errors", "usage", "packaging"},
    "usage": set[str](),
    "amount": set[str](),
    "demo": set[str](),
    "events": {"demo", "usage"},
    "conditions": {"facts", "catalogue"},  # the latter as a type alone
    # knowledge
    "tables": {"errors"},
    "catalogue": {"errors", "facts", "tables", "packaging"},
    "import_names": {"tables"},
    "cards": {"facts", "catalogue"},
    "card_support": {"facts", "catalogue", "packaging"},
    "wheel_index": {"catalogue", "packaging"},
    "rules": {"facts", "usage", "tables"},
    # decisions
    "plan": {"errors", "facts", "catalogue", "cards", "card_support", "wheel_index", "packaging"},
    "freeze": {"errors", "facts", "import_names", "wheel_index", "packaging", "tomli"},
    "diagnose": {"facts", "usage", "amount", "rules", "tables"},
    "checkup": {"facts", "amount", "conditions", "catalogue", "cards", "card_support", "wheel_index", "packaging"},
    "smoke": {"errors", "facts", "usage", "amount", "demo", "events"},
    # words
    "report": {
        "errors",
        "facts",
        "demo",
        "events",
        "usage",
        "amount",
        "conditions",
        "card_support",
        "rules",
        *DECISIONS,
        "packaging",
        "tomli",
        "tomlkit",
        "rich",
        "jinja2",
        "markupsafe",
        "matplotlib",
    },
    # world
    "run": {"errors", "facts", "psutil"},
    "host": {"errors", "facts", "run", "pynvml", "psutil"},
    "target": {"errors", "facts", "run"},
    "trial": {"events", "run", "host", "target", "watch"},
    "launch": {"events", "run", "target", "trial"},
    "surroundings": {"errors", "facts", "conditions", "run", "host", "target", "psutil"},
    "watch": {"usage", "run", "surroundings", "psutil"},
    "installer": {"errors", "facts"},
    "registry": {"errors", "run"},
    "files": {"errors"},
    "project": {"errors", "facts", "pipreqs", "charset_normalizer", "pathspec"},
    # door
    "cli": {
        "__version__",
        "errors",
        "facts",
        "events",
        "usage",
        "amount",
        "conditions",
        *KNOWLEDGE,
        *DECISIONS,
        "report",
        *WORLD,
        "click",
        "rich",  # the line that lives while a smoke-test runs
    },
}
IN_TARGET = {
    "torch",
    "pynvml",
    "probe",
    "ladder",
    "cores",
    "pace",
    "smoke_runner",
    "shared_lesson",
}  # what a file run by the target may look for there, or find beside it
MODELS = {"torch", "contract", "metrics", "data", "names"}
OWN = {
    "inn": {"hiding", "invertible", "peak"},
    "kd": {"digits_mlp"},
    "lora": {"adapted", "digits_vit"},
}  # what else serves a single model
NEVER = {"torch", "reference_models"}  # for envtool
ACTING = {"os", "subprocess"}  # the standard library's ways into the world that no decision takes
OLDEST = {"_in_target": (3, 6), "reference_models": (3, 8)}


def violations(files: Mapping[str, str]) -> list[str]:
    """What the sources, by path from the checkout's root, do against the architecture: one line each."""
    return [line for path, source in files.items() for line in _violations_of(PurePosixPath(path), source)]


def _violations_of(path: PurePosixPath, source: str) -> Iterator[str]:
    package, *folders = path.parts[:-1]
    room = folders[0] if folders else path.stem
    kind = room if room in OLDEST else package
    if package == "envtool" and room not in ROOMS and kind not in OLDEST:
        yield f"{path}: the room {room} is unknown: add it to the table"
        return
    try:
        tree = ast.parse(source, feature_version=OLDEST.get(kind))
    except SyntaxError as error:
        yield f"{path}:{error.lineno}: not the grammar of Python {_dotted(OLDEST.get(kind, (3, 10)))}: {error.msg}"
        return
    for line, name in _imports(tree, path):
        if kind == "_in_target":
            fault = _fault_in_target(name)
        elif kind == "reference_models":
            fault = _fault_in_model(room, name)
        else:
            fault = _fault_in_room(room, name)
        if fault:
            yield f"{path}:{line}: imports {name}: {fault}"


def _imports(tree: ast.Module, path: PurePosixPath) -> Iterator[tuple[int, str]]:
    """Line and dotted name of all that is imported, wherever it stands; relative names made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = path.parts[: -node.level] if node.level else ()
            origin = [*above, *([node.module] if node.module else [])]
            yield from ((node.lineno, ".".join([*origin, alias.name])) for alias in node.names)


def _fault_in_room(room: str, name: str) -> str | None:
    """Why this import is against the architecture; None where it is not."""
    first, second = (*name.split("."), "")[:2]
    if first in NEVER:
        return "envtool imports neither torch nor a model"
    if first in ACTING and room in DECISIONS:
        return "a decision neither looks nor acts"
    if first == "subprocess" and room != "run":
        return "only run starts a process"
    if first in STDLIB:
        return None
    needed = second if first == "envtool" else first
    return None if needed == room or needed in ROOMS[room] else _fault_between(room, needed)


def _fault_between(room: str, needed: str) -> str:
    if room in DECISIONS and needed in WORLD:
        return "a decision neither looks nor acts"
    if room in WORLD and needed in DECISIONS:
        return "what looks does not decide"
    if room in DECISIONS and needed in DECISIONS:
        return "only cli joins decisions"
    return f"not in the table's row for {room}"


def _fault_in_target(name: str) -> str | None:
    if name == "__future__.annotations":
        return "Python 3.6 has it not"
    if name.split(".", maxsplit=1)[0] not in STDLIB | IN_TARGET:
        return "a file run in the target has the standard library, torch and pynvml alone"
    return None


def _fault_in_model(model: str, name: str) -> str | None:
    first, second = (*name.split("."), "")[:2]
    needed = second if first == "reference_models" else first
    allowed = MODELS | OWN.get(model, set()) if first == "reference_models" else STDLIB | {"torch"}
    return None if needed in allowed else "a model has torch, the standard library, contract, metrics and data alone"


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


PLANTED = [
    ("envtool/surprise.py", "", "add it to the table"),
    ("envtool/surprise/__init__.py", "", "add it to the table"),
    ("envtool/errors.py", "import packaging", "not in the table's row for errors"),
    ("envtool/facts.py", "import envtool", "not in the table's row for facts"),
    ("envtool/catalogue.py", "from envtool import rules", "not in the table's row for catalogue"),
    ("envtool/rules/__init__.py", "from envtool.catalogue import read", "not in the table's row for rules"),
    ("envtool/report.py", "import envtool.host", "not in the table's row for report"),
    ("envtool/run.py", "from .host import look", "not in the table's row for run"),
    ("envtool/host/nvml.py", "from ..target import inspect", "not in the table's row for host"),
    ("envtool/host/nvml.py", "from .. import project", "not in the table's row for host"),
    ("envtool/cli.py", "import numpy", "not in the table's row for cli"),
    ("envtool/cli.py", "from envtool._in_target import probe", "not in the table's row for cli"),
    ("envtool/host.py", "import subprocess", "only run starts a process"),
    ("envtool/target.py", "def f():\n    import click", "target.py:2"),
    ("envtool/plan.py", "from envtool.run import capture", "a decision neither looks nor acts"),
    ("envtool/freeze.py", "from envtool import host", "a decision neither looks nor acts"),
    ("envtool/diagnose.py", "import envtool.target", "a decision neither looks nor acts"),
    ("envtool/smoke.py", "from envtool.project import read", "a decision neither looks nor acts"),
    ("envtool/plan.py", "import subprocess", "a decision neither looks nor acts"),
    ("envtool/freeze.py", "from os import environ", "a decision neither looks nor acts"),
    ("envtool/plan.py", "import os.path", "a decision neither looks nor acts"),
    ("envtool/plan.py", "if TYPE_CHECKING:\n    from envtool.run import Ran", "a decision neither looks nor acts"),
    ("envtool/plan.py", "from envtool.freeze import Freeze", "only cli joins decisions"),
    ("envtool/project.py", "from envtool.freeze import Freeze", "what looks does not decide"),
    ("envtool/host.py", "def f():\n    import torch.cuda", "neither torch nor a model"),
    ("envtool/cli.py", "from reference_models import inn", "neither torch nor a model"),
    ("envtool/_in_target/probe.py", "import packaging", "the standard library, torch and pynvml alone"),
    ("envtool/_in_target/probe.py", "from envtool import facts", "the standard library, torch and pynvml alone"),
    ("envtool/_in_target/probe.py", "from __future__ import annotations", "Python 3.6 has it not"),
    ("envtool/_in_target/probe.py", "if (seen := 1):\n    pass", "not the grammar of Python 3.6"),
    ("envtool/_in_target/probe.py", "def f(a, /):\n    pass", "not the grammar of Python 3.6"),
    ("reference_models/inn.py", "from reference_models import lora", "a model has torch"),
    ("reference_models/inn.py", "from .lora import LoRA", "a model has torch"),
    ("reference_models/inn.py", "from envtool import facts", "a model has torch"),
    ("reference_models/kd.py", "from reference_models.adapted import merge", "a model has torch"),
    ("reference_models/kd.py", "import numpy", "a model has torch"),
    ("reference_models/kd.py", "match 1:\n    case 1: pass", "not the grammar of Python 3.8"),
]


@pytest.mark.parametrize(("path", "source", "fault"), PLANTED)
def test_a_planted_violation_is_found(path: str, source: str, fault: str) -> None:
    [found] = violations({path: source})
    assert fault in found


KEPT = [
    ("envtool/plan.py", "from __future__ import annotations\nimport json\nfrom envtool.catalogue import Catalogue"),
    ("envtool/plan.py", "if TYPE_CHECKING:\n    from envtool.facts import Machine"),
    ("envtool/host/__init__.py", "from envtool.host.nvml import cards\nfrom . import nvidia_smi\nfrom .. import run"),
    ("envtool/cli.py", "def f():\n    from envtool import __version__, plan, run"),
    ("envtool/run.py", "import os\nimport subprocess\ntry:\n    import psutil\nexcept ImportError:\n    pass"),
    ("envtool/_in_target/smoke_runner.py", "import os\ndef f():\n    import torch.distributed"),
    (
        "reference_models/inn.py",
        "import math\nimport torch.nn\nfrom reference_models.contract import Check\nfrom . import data",
    ),
]


@pytest.mark.parametrize(("path", "source"), KEPT)
def test_what_the_table_allows_is_no_violation(path: str, source: str) -> None:
    assert violations({path: source}) == []


def test_the_project_keeps_to_its_table() -> None:
    sources = [path for folder in ("envtool", "reference_models") for path in (ROOT / folder).rglob("*.py")]
    files = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sources}
    assert "envtool/facts.py" in files
    found = violations(files)
    assert not found, "\n".join(found)
