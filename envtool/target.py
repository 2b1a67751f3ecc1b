"""The interpreter that torch is for: which one it is, what it says of itself, and what torch sees from within it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from envtool import run
from envtool.errors import TargetUnusable
from envtool.facts import Target, parse_target, release

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

IN_TARGET = Path(__file__).with_name("_in_target")
IN_ENVIRONMENT = ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe")  # the last: conda on Windows
OLDEST = "3.6"
INSPECT_LIMIT_S = 30.0
TORCH_LIMIT_S = 180.0
LINES_SHOWN = 8  # of what a failed interpreter printed
ADVICE = "Name a Python interpreter, an environment's folder or a version with --python"


class Chosen(NamedTuple):
    executable: str  # an absolute path
    why: str  # "--python", "$VIRTUAL_ENV", ".venv" ...
    active: bool  # a plain `pip` on PATH would serve this environment


class TorchSeen(NamedTuple):
    """What torch found when it was tried; None where it did not get that far, and `error` says why."""

    version: str | None
    build: str | None  # cu124, rocm6.2, xpu, cpu
    device: str | None
    error: str | None


class Told(NamedTuple):
    """What was written before the process ended, and how it ended; None where it ended well."""

    answer: str
    ending: str | None


def choose(python: str | None, environment: Mapping[str, str], cwd: Path, own: str) -> Chosen:
    """What `--python` names, else $VIRTUAL_ENV, else .venv here, else $CONDA_PREFIX, else `own`, which runs envtool.

    Raises TargetUnusable for a name that leads nowhere; whether it is a Python is for `inspect` to find.
    """
    if python is not None:
        return Chosen(_named(python, environment.get("PATH", os.defpath), cwd), "--python", active=False)
    if prefix := environment.get("VIRTUAL_ENV"):
        return Chosen(_active(prefix, "$VIRTUAL_ENV", cwd), "$VIRTUAL_ENV", active=True)
    if found := _python_in(cwd / ".venv"):
        return Chosen(found, ".venv", active=False)
    if prefix := environment.get("CONDA_PREFIX"):
        return Chosen(_active(prefix, "$CONDA_PREFIX", cwd), "$CONDA_PREFIX", active=True)
    return Chosen(own, "the one that runs envtool; --python names another", active=False)


def _named(python: str, search_path: str, cwd: Path) -> str:
    path = cwd / os.path.expanduser(python)  # noqa: PTH111 - Path.expanduser raises for a user that is not there
    if found := _python_in(path):
        return found
    if not os.path.dirname(python):  # noqa: PTH120 - "./python" has one, and Path drops it
        name = f"python{python}" if python[:1].isdigit() else python
        if on_path := shutil.which(name, path=search_path):
            return str(cwd / on_path)
        if not path.exists():
            raise TargetUnusable(f"There is no {name} on PATH. {ADVICE}")
    if path.is_dir():
        raise TargetUnusable(
            f"{path} is a folder but no environment: it has neither bin/python nor Scripts/python.exe. {ADVICE}"
        )
    return str(path)


def _active(prefix: str, variable: str, cwd: Path) -> str:
    if found := _python_in(cwd / prefix):
        return found
    raise TargetUnusable(
        f"{variable} is {prefix}, and there is no Python in it. Deactivate it or make it anew. {ADVICE}"
    )


def _python_in(folder: Path) -> str | None:
    """The interpreter of an environment; a link that leads nowhere counts, so that `inspect` can tell of it."""
    return next((str(folder / name) for name in IN_ENVIRONMENT if os.path.lexists(folder / name)), None)


def inspect(executable: str, *, modules: bool = False) -> Target:
    """What the interpreter at this absolute path says of itself, with the packages' modules too if asked.

    Raises TargetUnusable.
    """
    scripts = ("modules.py", "probe.py") if modules else ("probe.py",)
    try:
        answer = ask(executable, INSPECT_LIMIT_S, *scripts)
    except TargetUnusable as failure:
        raise TargetUnusable(f"{failure}\n{ADVICE}") from None
    _refuse_old(answer, executable)
    return parse_target(answer, executable)


def inspect_meanwhile(executable: str) -> Callable[[], Target]:
    """`inspect` in a thread of its own; what is given back waits for it and ends as it ended."""
    outcome: list[Target | TargetUnusable] = []

    def inquire() -> None:
        try:
            outcome.append(inspect(executable))
        except TargetUnusable as failure:
            outcome.append(failure)

    def answer() -> Target:
        thread.join()
        if isinstance(outcome[0], TargetUnusable):
            raise outcome[0]
        return outcome[0]

    thread = Thread(target=inquire, daemon=True)
    thread.start()
    return answer


def _refuse_old(answer: str, executable: str) -> None:
    try:
        match json.loads(answer):
            case {"python": {"version": str(version)}} if release(version) < release(OLDEST):
                raise TargetUnusable(f"{executable} is Python {version}, and envtool needs {OLDEST} or newer. {ADVICE}")
    except ValueError:  # parse_target says what is wrong with it
        return


def sees_gpu(executable: str) -> TorchSeen:
    """What torch in this interpreter can compute on, tried out; a torch that is absent or broken is told in `error`."""
    try:
        seen = json.loads(ask(executable, TORCH_LIMIT_S, "torch_check.py"))
    except (TargetUnusable, ValueError) as failure:
        return TorchSeen(None, None, None, str(failure))
    build = build_name(seen["cuda"], seen["hip"], seen["xpu"]) if seen["version"] else None
    return TorchSeen(seen["version"], build, seen["device"], seen["error"])


def build_name(cuda: str | None, hip: str | None, xpu: str | None) -> str:
    """As the folders of the wheels are called, from what torch.version holds: "12.4" or "6.2.41133-dd7f95766"."""
    if cuda:
        return "cu" + "".join(cuda.split(".")[:2])
    if hip:
        return "rocm" + ".".join(hip.split(".")[:2])
    return "xpu" if xpu else "cpu"


def ask(executable: str, limit_s: float, script: str, *beside: str) -> str:
    """What a file of `_in_target` writes when this interpreter runs it; `beside` are what it imports.

    Raises TargetUnusable, which says how the program ended.
    """
    told = hear(executable, limit_s, (script, *beside))
    if not told.answer:
        raise TargetUnusable(told.ending)
    return told.answer


def hear(executable: str, limit_s: float, scripts: Sequence[str], arguments: Sequence[str] = ()) -> Told:
    """What the first of these files of `_in_target` writes, and how its process ends: a copy, in a folder of its own.

    A copy, for nobody knows what a program that is no Python does to its arguments; the other files are what it imports.
    """
    try:
        environment = {"PYENV_DIR": os.getcwd(), **os.environ}  # noqa: PTH109 - text; pyenv's shims choose by it
        with tempfile.TemporaryDirectory(prefix="envtool-", ignore_cleanup_errors=True) as folder:
            copy, *_ = [shutil.copy(IN_TARGET / name, folder) for name in scripts]
            out = Path(folder, "OUT.json")
            ran = run.capture([executable, copy, str(out), *arguments], limit_s, environment, folder)
            answer = out.read_text("utf-8", "surrogateescape") if out.is_file() else ""
    except OSError as error:
        return Told("", f"{executable} could not be asked: {error}")
    return Told(answer, None if answer and ran.status == 0 else _ending(executable, ran, answer))


def _ending(executable: str, ran: run.Ran, answer: str) -> str:
    if os.path.islink(executable) and not os.path.exists(executable):  # noqa: PTH110, PTH114 - text
        gone = os.path.realpath(executable)
        return f"{executable} leads to {gone}, which is not there: make this environment anew"
    if ran.trouble:
        return ran.trouble
    printed = [line for line in (ran.stderr or ran.stdout).splitlines() if line.strip()][-LINES_SHOWN:]
    ended = f"{executable} {status_words(ran.status or 0)}"
    return "\n  ".join([ended if answer else f"{ended} and gave no answer", *printed])


def status_words(status: int) -> str:
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
