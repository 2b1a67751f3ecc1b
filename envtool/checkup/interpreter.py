"""The interpreter and its pip."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from envtool.checkup import imposters
from envtool.checkup.check import Check, Verdict
from envtool.checkup.installs import family, installed, pip, python
from envtool.checkup.interpreter_part import judged, judged_by_own

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from envtool.catalogue import Catalogue
    from envtool.conditions import Conditions, Here
    from envtool.conditions.interpreter import InterpreterState, Own, PipOnPath
    from envtool.facts import Interpreter, Machine

# The last month with security fixes: python/devguide, include/release-cycle.json, read 2026-11-24.
LAST_FIXES = {"3.6": "2021-12", "3.7": "2023-06", "3.8": "2024-10", "3.9": "2025-10", "3.10": "2026-10"}
PIP_FOR_TAGS = Version("20.3")  # pip's changelog: PEP 600 (manylinux_2_28), and the tags of macOS 11
PIP_FOR_PYTHON_3_12 = Version("23.1.2")  # github.com/pypa/pip/pull/11997: an older one does not start
# What each is needed by, and Debian's package to build it with.
LIBRARIES = {
    "ssl": ("pip cannot open https without it", "libssl-dev"),
    "ctypes": ("torch does not import without it", "libffi-dev"),
    "zlib": ("pip cannot unpack a wheel without it", "zlib1g-dev"),
    "bz2": ("torchvision does not import without it", "libbz2-dev"),
    "lzma": ("torchvision does not import without it", "liblzma-dev"),
    "sqlite3": ("notebooks and some data sets need it", "libsqlite3-dev"),
}
LIVES_WITHOUT = ("sqlite3",)


def python_version(seen: Conditions) -> Verdict:
    machine = seen.here.machine
    newest = _newest_builds(machine, seen.catalogue)
    name = _python_name(seen.here.target.python)
    if not newest:
        return Verdict("unknown", f"{name}: no torch is known for {machine.os.system} {machine.arch}")
    latest = max(newest.values())
    working = [tag for tag, version in newest.items() if version == latest]
    has = f"torch {latest} has wheels for Python {_spelled(working)}"
    status, fault = _python_fault(seen.here.target.python, newest, seen.catalogue.as_of)
    if status == "ok":
        return Verdict("ok", f"{name}: {has}")
    best = _best(working)
    return Verdict(status, f"{name}: {fault}; {has}", (f"uv venv --python {best}  # an environment of Python {best}",))


def _python_fault(python: Interpreter, newest: Mapping[str, Version], as_of: str) -> tuple[str, str]:
    """The status, and what is wrong."""
    if python.implementation != "cpython":
        return "error", "torch has wheels for CPython alone"
    if python.tag not in newest:
        return "error", "no torch that is known has a wheel for it"
    if newest[python.tag] < max(newest.values()):
        return "warning", f"torch {newest[python.tag]} is the last that has a wheel for it"
    if Version(python.version).is_prerelease:
        return "warning", "it is no final release, and wheels are made for the final one"
    last_fixes = LAST_FIXES.get(".".join(python.version.split(".")[:2]))
    if last_fixes and last_fixes < as_of:
        return "note", f"it has had no security fixes since {last_fixes}"
    return "ok", ""


def _python_name(python: Interpreter) -> str:
    name = "Python" if python.implementation == "cpython" else python.implementation
    return f"{name} {python.version}{' free-threaded' if python.free_threaded else ''}"


def _newest_builds(machine: Machine, catalogue: Catalogue) -> dict[str, Version]:
    """By Python tag, the newest torch with a wheel for this platform."""
    newest: dict[str, Version] = {}
    for build in catalogue.builds:
        for wheel in build.wheels:
            if wheel.family == family(machine):
                for tag in wheel.pythons:
                    newest[tag] = max(build.version, newest.get(tag, build.version))
    return newest


def _minors(tags: Iterable[str]) -> list[int]:
    return sorted(int(tag[len("cp3") :]) for tag in tags if re.fullmatch(r"cp3\d+", tag))


def _spelled(tags: Iterable[str]) -> str:
    minors = _minors(tags)
    return f"3.{minors[0]} to 3.{minors[-1]}"


def _best(tags: Iterable[str]) -> str:
    """Neither the newest, which other projects do not build for yet, nor the oldest."""
    minors = _minors(tags)
    return f"3.{minors[len(minors) // 2]}"


@judged
def virtual_environment(seen: Conditions, state: InterpreterState) -> Verdict:
    target = seen.here.target
    if target.is_venv:
        return Verdict("ok", f"{target.prefix} is a virtual environment")
    if state.is_conda:
        return Verdict("ok", f"{target.prefix} is an environment of conda's")
    advice = (f"{python(seen.here)} -m venv .venv",)
    if target.externally_managed:
        refused = f"{target.prefix} belongs to the system, which lets no pip install into it (PEP 668)"
        return Verdict("error", refused, advice)
    shared = f"{target.prefix} is no virtual environment: what is installed there, every project gets"
    return Verdict("note", shared, advice)


@judged
def pip_version(seen: Conditions, state: InterpreterState) -> Verdict:
    found = installed(seen.here, "pip")
    if found is None:
        return _without_pip(seen.here, state)
    try:
        version = Version(found.version)
    except InvalidVersion:
        return Verdict("unknown", f"pip calls its version {found.version}, which is none")
    mend = (pip(seen.here, "install --upgrade pip"),)
    if _minor(seen.here) >= 12 and version < PIP_FOR_PYTHON_3_12:  # noqa: PLR2004 - Python 3.12
        why = f"pip {version} does not start on Python 3.12 and later; {PIP_FOR_PYTHON_3_12} is the first that does"
        return Verdict("error", why, (f"{python(seen.here)} -m ensurepip --upgrade",))
    if version < PIP_FOR_TAGS and seen.here.machine.os.system != "Windows":
        why = (
            f"pip {version} does not know the tags of today's wheels (manylinux_2_28, macosx_11_0): {PIP_FOR_TAGS} does"
        )
        return Verdict("error", why, mend)
    return Verdict("ok", f"pip {version} knows the wheels of today")


def _minor(here: Here) -> int:
    return int(here.target.python.version.split(".")[1])


def _without_pip(here: Here, state: InterpreterState) -> Verdict:
    if state.uv:
        return Verdict("ok", f"{here.target.prefix} has no pip; {state.uv} installs into it: uv pip install --python")
    lacking = f"{here.target.prefix} has no pip, and uv is not on PATH: nothing can be installed"
    return Verdict("error", lacking, (f"{python(here)} -m ensurepip --upgrade",))


@judged_by_own
def ensurepip(seen: Conditions, own: Own) -> Verdict:
    version = seen.here.target.python.version
    if own.ensurepip:
        return Verdict("ok", f"ensurepip has pip {own.ensurepip} for new environments")
    minor = ".".join(version.split(".")[:2])
    if seen.here.machine.os.distribution in ("debian", "ubuntu"):
        advice = f"Install python{minor}-venv with the package manager of the system, or use uv venv"
    else:
        advice = "Use uv venv, which needs no ensurepip"
    lacking = f"Python {version} has no ensurepip: `python -m venv` cannot put a pip into what it makes"
    return Verdict("note" if installed(seen.here, "pip") else "warning", lacking, (advice,))


@judged
def pip_and_python(seen: Conditions, state: InterpreterState) -> Verdict:
    """In an environment that is active, a plain `pip install` is what everybody types."""
    found, here = state.pip_on_path, seen.here
    if found is None:
        return Verdict("ok", f"no pip on PATH could serve another Python; {pip(here, 'install')} serves this one")
    if found.package is None:
        return Verdict("warning", f"{found.file} does not work: {found.trouble}", _own_way(here))
    if _serves(found, here):
        return Verdict("ok", f"{found.file} serves {here.target.prefix}")
    elsewhere = f"{found.file} serves Python {found.python} of {found.package}, not {here.target.prefix}"
    return Verdict("warning" if _is_active(here) else "note", elsewhere, _own_way(here))


def _is_active(here: Here) -> bool:
    return here.target.prefix in (here.environment.get("VIRTUAL_ENV"), here.environment.get("CONDA_PREFIX"))


def _own_way(here: Here) -> tuple[str, ...]:
    if here.planned and here.planned.command.startswith("pip "):
        return (pip(here, here.planned.command.removeprefix("pip ")),)
    if here.target.is_venv and not _is_active(here):
        if here.machine.os.system == "Windows":
            return (f'& "{here.target.prefix}\\Scripts\\Activate.ps1"',)
        return (f". {shlex.quote(here.target.prefix)}/bin/activate",)
    return (pip(here, "--version") + "  # and so for every install",)


def _serves(found: PipOnPath, here: Here) -> bool:
    """By where the package lies; a pip that several Pythons of the system share, by its Python's version as well."""
    package, prefix = str(found.package).replace("\\", "/"), here.target.prefix.replace("\\", "/").rstrip("/")
    if here.target.is_venv:
        return package.startswith(f"{prefix}/")
    is_of_this = here.target.python.version.startswith(f"{found.python}.")
    return is_of_this and (package.startswith(f"{prefix}/") or "/.local/" in package)


@judged_by_own
def stdlib_modules(seen: Conditions, own: Own) -> Verdict:
    target, missing = seen.here.target, dict(own.unusable)
    if not missing:
        return Verdict("ok", f"{', '.join(LIBRARIES)} are there")
    named = "; ".join(f"{name} ({LIBRARIES[name][0]}): {said}" for name, said in missing.items())
    packages = " ".join(LIBRARIES[name][1] for name in missing)
    best = _best(tag for tag in _newest_builds(seen.here.machine, seen.catalogue))
    advice = (
        f"Take another Python, whole and ready: uv venv --python {best}",
        f"Or build this one anew, with {packages} installed (Debian's names)",
    )
    status = "warning" if set(missing) <= set(LIVES_WITHOUT) else "error"
    return Verdict(status, f"Python {target.python.version} lacks {named}", advice)


CHECKS = (
    Check("python-version", "whether torch builds for this Python", None, python_version),
    Check(
        "virtual-environment",
        "whether the interpreter is of an environment of its own",
        "interpreter",
        virtual_environment,
    ),
    Check("pip-version", "whether pip knows the wheels of today", "interpreter", pip_version),
    Check("ensurepip", "whether new environments get a pip", "interpreter", ensurepip),
    Check("pip-and-python", "whether `pip` on PATH serves this Python", "interpreter", pip_and_python),
    Check("stdlib-modules", "ssl, ctypes, lzma and others that a build may lack", "interpreter", stdlib_modules),
    *imposters.CHECKS,
)
