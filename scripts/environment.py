"""The checkout's own environment, `.venv`, for the scripts beside this file.

Written in Python 3.6's grammar, so that an older Python gets far enough to say what it lacks.
"""

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Callable, NoReturn  # noqa: UP035 - where Python 3.6 has it

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = str(BIN / "python")
FLOOR = (3, 10)
_PIP_INSTALL = [PYTHON, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
TORCH = "torch==2.13.0"  # what the tests of the models run on
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
PEER = "memcnn==1.5.2"  # its dependencies left out: it names a torchvision, which it does not import
ON_PATH = ("python3.13", "python3.12", "python3.11", "python3.10")


def run(main: Callable[[], None]) -> None:
    """Run a script's main function, with a later Python from PATH where this one is too old for envtool."""
    try:
        if sys.version_info[:2] < FLOOR:
            become([_later_python(), *sys.argv])
        main()
    except KeyboardInterrupt:
        sys.exit(130)


def prepare(group: "str | None" = None) -> None:
    """Make `.venv` hold envtool, editable, and one of pyproject.toml's dependency groups; at once if nothing changed."""
    if not _venv_works():
        _make_venv()
    stamp = VENV / f"installed-{group or 'envtool'}"
    wanted = _fingerprint()
    if stamp.exists():
        if stamp.read_text() == wanted:
            return
        stamp.unlink()
    if group is None:
        say("installing envtool into .venv")
        _pip_install("--editable", ".")
    else:
        say(f"installing envtool and what its {group} group names into .venv; the first time takes a minute")
        _pip_install("--upgrade", "pip>=25.1")  # the first that knows --group
        _install_torch()
        _pip_install("--editable", ".", "--group", group)
        _pip_install("--no-deps", PEER)
    stamp.write_text(wanted)


def can_draw() -> bool:
    """Whether `.venv` holds what draws reports; it is installed there where the index is in reach."""
    draws = [PYTHON, "-c", "import jinja2, matplotlib"]
    if subprocess.call(draws, stderr=subprocess.DEVNULL) == 0:
        return True
    say("installing what draws the report into .venv")
    install = [*_PIP_INSTALL, "--editable", ".[report]"]
    return subprocess.call(install, cwd=str(ROOT), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def become(argv: "list[str]") -> NoReturn:
    """Go on as another program. Windows has no such thing: there it is waited for, and its exit status passed on."""
    if os.name == "nt":
        sys.exit(subprocess.call(argv))
    os.execv(argv[0], argv)


def _later_python() -> str:
    for name in ON_PATH:
        for folder in os.get_exec_path():
            python = shutil.which(name, path=folder)
            if python and _is_late_enough(python):
                return python
    sys.exit(
        f"envtool needs Python 3.10 or later; this is {platform.python_version()} at {sys.executable}; "
        f"install a later one and run python3.12 scripts/{os.path.basename(sys.argv[0])}"  # noqa: PTH119 - a name as typed
    )


def _is_late_enough(python: str) -> bool:
    """Ask it: a version manager's stand-in may have the right name and no Python behind it."""
    code = f"import sys; sys.exit(sys.version_info < {FLOOR})"
    return subprocess.call([python, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def _venv_works() -> bool:
    """Whether `.venv` starts, has pip, and takes the same wheels as the Python that runs this."""
    code = "import pip, sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))"
    try:
        answer = subprocess.check_output([PYTHON, "-c", code], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return False
    return answer.decode().strip() == str(sysconfig.get_config_var("EXT_SUFFIX"))


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        this = f"python3.{sys.version_info[1]}"
        sys.exit(
            f"{sys.executable} cannot make a virtual environment: it has no ensurepip. "
            f"On Debian or Ubuntu: apt install python3-venv (or {this}-venv), then run this again."
        )
    say(f"making .venv with Python {platform.python_version()} at {sys.executable}")
    _run_silently([sys.executable, "-m", "venv", "--clear", str(VENV)])


def _fingerprint() -> str:
    """What the environment was made from: another Python, place or pyproject.toml gives another."""
    made_from = [sys.version.encode(), str(ROOT).encode(), (ROOT / "pyproject.toml").read_bytes()]
    return hashlib.sha256(b"\0".join(made_from)).hexdigest()


def _pip_install(*arguments: str) -> None:
    _run_silently([*_PIP_INSTALL, *arguments])


def _install_torch() -> None:
    """A build for the CPU, from its own index; where that is out of reach the default one, whatever it has."""
    from_index = [*_PIP_INSTALL, TORCH, "--index-url", CPU_WHEELS, "--retries", "0", "--timeout", "15"]
    if subprocess.call(from_index, cwd=str(ROOT), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) != 0:
        _pip_install(TORCH)


def _run_silently(argv: "list[str]") -> None:
    """Run a program from the checkout's root; only if it fails show its words, and end with its status."""
    ran = subprocess.run(argv, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if ran.returncode != 0:
        say(ran.stdout.decode(errors="replace").rstrip())
        say(f"failed: {' '.join(argv)}")
        sys.exit(ran.returncode)
