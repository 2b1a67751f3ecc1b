"""The environment that is installed into: who owns it, what lies in it, whether it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.rules.rule import Cause, Rule, Stage

if TYPE_CHECKING:
    import re

    from envtool.rules.log import Log

EXTERNALLY_MANAGED = Cause(
    id="externally-managed",
    what="the system's Python is marked as managed by its package manager",
    recognise="`externally-managed-environment`",
    title="This Python belongs to the system's package manager, and pip may not install into it.",
    why="PEP 668: distributions mark their Python so, since pip and the package manager would overwrite each other's files.",
    fix=(
        "python3 -m venv .venv && .venv/bin/python -m pip install {package}",
        "pipx install {package}  # where it is a program, not a library",
    ),
    neighbours=(("permission-denied", "no marker: the folder is not writable"),),
    source="PEP 668",
)
UNINSTALL_BLOCKED = Cause(
    id="uninstall-blocked",
    what="pip cannot remove the copy that is installed",
    recognise="`distutils installed project`, `uninstall-no-record-file`, `RECORD file not found`",
    title="pip cannot remove the {package} that is installed: nothing records which files are its.",
    why="It was installed by the system, by conda or by setup.py, or the record was deleted. pip removes only what it can name.",
    fix=(
        "python3 -m venv .venv && .venv/bin/python -m pip install {package}  # leave the system's copy alone",
        "{install} --ignore-installed {package}  # puts the new copy beside it, in an environment of your own",
    ),
    neighbours=(
        ("permission-denied", "the files are known, and not the user's"),
        ("file-in-use", "the files are locked"),
    ),
    source="pip's messages uninstall-distutils-installed-package and uninstall-no-record-file",
)
BROKEN_PYTHON_ENV = Cause(
    id="broken-python-env",
    what="the Python or its pip is damaged, half replaced or polluted by another environment",
    recognise="`No module named pip`, `cannot import name 'main'`, a standard module that is missing, `Fatal error in launcher`",
    title="This Python environment is damaged: {line}",
    why="pip was replaced halfway or by another version's files, the environment was moved, a backport shadows the standard library, or Python was built without a part.",
    fix=(
        "python3 -m venv --clear .venv && .venv/bin/python -m pip install {package}  # a fresh environment is quickest",
        "python -m ensurepip --upgrade  # where only pip is gone",
        "[Unix] env | grep ^PYTHON  # PYTHONPATH and PYTHONHOME let other environments in: unset them",
    ),
    neighbours=(
        ("undeclared-build-dep", "what is missing is a module that a build needs"),
        ("pip-too-old", "pip is whole, and old"),
        ("ssl-module-missing", "the missing part is ssl"),
    ),
    source="CPython's venv and ensurepip; pip's get-pip; the launcher of setuptools scripts",
)
NUMPY_ABI = Cause(
    id="numpy-abi",
    what="a compiled extension was built for another numpy",
    recognise="`numpy.dtype size changed`, `_ARRAY_API not found`, `compiled using NumPy 1.x cannot be run in NumPy 2`",
    title="A compiled package was built for another numpy than the one that is installed.",
    why="Compiled code holds the layout of numpy's objects. Built for numpy 1 it does not run with numpy 2, and built for a newer one not with an older.",
    fix=(
        "{pip} 'numpy<2'  # where what was built for numpy 1 has no newer release",
        "{pip} --upgrade {package}  # better: a release built for numpy 2",
        "{pip} --force-reinstall --no-cache-dir {package}  # where it was compiled here, against another numpy",
    ),
    neighbours=(
        ("resolver-conflict", "the versions contradict on paper, before anything is installed"),
        ("undeclared-build-dep", "numpy is missing"),
    ),
    source="NumPy documentation, ABI handling and the NumPy 2.0 migration guide",
)


def _outside_a_build(log: Log, _match: re.Match[str]) -> bool:
    """It is the pip that was called, not one that a setup script imports."""
    return not log.run.build_failed


def _finds_no_standard_library(log: Log, _match: re.Match[str]) -> bool:
    return log.says("no module named 'encodings'")


def _stops_there(log: Log, _match: re.Match[str]) -> bool:
    """Python does not go on, as it does where a .pth file alone asks for the module."""
    return not log.says("remainder of file ignored")


def _before_python_312(log: Log, _match: re.Match[str]) -> bool:
    return log.run.python is not None and log.run.python < (3, 12)


RULES = (
    Rule(
        EXTERNALLY_MANAGED,
        Stage.MACHINE,
        (r"externally-managed-environment", r"is externally managed", r"(?<!version-)EXTERNALLY-MANAGED"),
        over=("permission-denied",),
    ),
    Rule(
        NUMPY_ABI,
        Stage.INSTALL,
        (
            r"numpy\.(?:dtype|ndarray|ufunc|broadcast|flatiter) size changed",
            r"_ARRAY_API not found",
            r"compiled using NumPy [12]\.x",
            r"compiled against (?:API|ABI) version",
            r"compiled against NumPy C-API version",
            r"numpy\._?core\.\w{1,30} failed to import",
            r"numpy\.core\._multiarray_umath' has no attribute",
            r"was removed in the NumPy 2\.0 release",
            r"binary incompatib\w{2,6}[^\n]{0,80}numpy",
        ),
        over=("broken-source-package",),
    ),
    Rule(
        UNINSTALL_BLOCKED,
        Stage.INSTALL,
        (
            r"Cannot uninstall '?(?P<package>[\w.-]{1,99})'?\. It is a distutils installed",
            r"distutils[- ]installed (?:project|distribution|package)",
            r"uninstall-distutils-installed-package",
            r"uninstall-no-record-file",
            r"Cannot uninstall (?P<package>[\w.-]{1,99}) \S{1,40},? (?:RECORD|no RECORD)",
            r"RECORD file (?:was )?not found",
            r"no RECORD file was found",
            r"Unable to uninstall `(?P<package>[\w.-]{1,99})",
            r"Cannot uninstall requirement (?P<package>[\w.-]{1,99}), not installed",
            r"Cannot remove entries from nonexistent file",
            r"The package was installed by (?:debian|conda|rpm)",
        ),
        over=("permission-denied",),
    ),
    Rule(
        BROKEN_PYTHON_ENV,
        Stage.MACHINE,
        (r"^\s{0,9}PYTHONHOME = '(?P<path>[^'\n]{1,400})'",),
        _finds_no_standard_library,
        title="PYTHONHOME is {path}, where this Python's standard library is not.",
        fix=(
            "[Unix] unset PYTHONHOME  # and take it out of what sets it: ~/.bashrc, ~/.profile, a module file",
            "[Windows] Remove-Item Env:PYTHONHOME  # and from the user's variables, where it is set there",
        ),
    ),
    Rule(
        BROKEN_PYTHON_ENV,
        Stage.MACHINE,
        (r"Failed to import encodings module", r"failed to get the Python codec of the filesystem encoding"),
        title="Python does not find its own standard library: PYTHONHOME leads it elsewhere, or it was moved or removed.",
        fix=(
            "[Unix] env | grep ^PYTHONHOME=  # unset it where it is set",
            "[Windows] Get-ChildItem Env:PYTHONHOME  # remove it where it is set",
            "python3 -m venv --clear .venv && .venv/bin/python -m pip install {package}  # an environment of a Python that is there",
        ),
    ),
    Rule(
        BROKEN_PYTHON_ENV,
        Stage.MACHINE,
        (
            r"No module named '?pip\._",
            r"No module named '?_internal\b",
            r"failed: expected value at line 1 column",
            r"'module' object is not callable",
            r"No module named '?(?:ensurepip|encodings|_ctypes|zlib|_bz2|_lzma|_sqlite3|_socket|_struct|_posixsubprocess|_hashlib|pyexpat|_sysconfigdata\w{0,60})(?![\w.])",
            r"cannot import name '?main'?",
            r"cannot import name '?\w{1,60}'? from '?pip\.",
            r"cannot import name '?\w{1,60}'? from (?:partially initialized module )?'?(?:requests\.|urllib3|six|packaging)",
            r"Fatal error in launcher",
            r"Unable to create process using",
            r"bad interpreter",
            r"Error while finding module specification for 'pip",
            r"did not find executable at",
            r"Querying Python at [^\n]{1,300} (?:failed|returned)|Failed to inspect Python interpreter",
            r"(?:^|\s)pip[\d.]{0,5}: (?:command )?not found|command not found: pip[\d.]{0,5}$|'pip[\d.]{0,5}' is not recognized",
            r"Fatal Python error",
            r"SRE module mismatch",
            r"sys\.stderr\.write\(f\"ERROR: \{exc\}\"\)",
            r"canonicalize_name[^\n]{0,200}\n(?:[^\n]{0,200}\n){0,3}?\s{0,9}TypeError: expected string or bytes-like object",
            r"\[Errno 2\] No such file or directory: '[^'\n]{0,300}(?:dist|egg)-info[/\\]{1,2}(?:METADATA|RECORD|PKG-INFO)'",
            r"module 'enum' has no attribute 'IntFlag'",
            r"module 'typing' has no attribute '_ClassVar'",
            r"AttributeError: install_layout",
            r"ensurepip is not available",
            r"ensurepip'[^\n]{0,120} returned non-zero exit status",
            r"AssertionError: [^\n]{0,200}distutils[/\\](?:core|__init__)\.py",
            r"error while loading shared libraries: libpython",
            r"can't decompress data; zlib not available",
            r"failed to locate pyvenv\.cfg",
            r"No pyvenv\.cfg file",
            r"Library not loaded: [^\n]{0,60}Python",
            r"json\.decoder\.JSONDecodeError",
            r"is not a valid Win32 application",
            r"No module named '?(?:setuptools\._vendor|pip\._vendor)",
            r"Could not find platform (?:in)?dependent libraries",
            r"module '(?:pip|setuptools|importlib|importlib_metadata|pyparsing|packaging)' has no attribute '\w{1,40}'",
            r"has no attribute '(?:build_editable|prepare_metadata_for_build_editable)'",
            r"module 'lib' has no attribute '\w{1,60}'",
            r"pip is being invoked by an old script wrapper",
        ),
        over=("undeclared-build-dep", "broken-source-package"),
    ),
    Rule(
        BROKEN_PYTHON_ENV,
        Stage.MACHINE,
        (r"No module named '?pip(?:'|$)",),
        _outside_a_build,
        over=("undeclared-build-dep",),
    ),
    Rule(BROKEN_PYTHON_ENV, Stage.MACHINE, (r"No module named '?_distutils_hack",), _stops_there),
    Rule(
        BROKEN_PYTHON_ENV,
        Stage.BUILD,
        (r"No module named '?distutils",),
        _before_python_312,
        confidence="likely",
        over=("undeclared-build-dep",),
    ),
)
