"""What takes a module's place: other folders, files of the user's, distributions that overwrite each other."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from envtool.checkup.check import Check, Verdict
from envtool.checkup.installs import pip
from envtool.checkup.interpreter_part import judged_by_own

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envtool.conditions import Conditions, Here
    from envtool.conditions.interpreter import Broken, Clash, Own, Visitor

SHOWN = 5  # of many names
TORCH = frozenset({"torch", "torchvision", "torchaudio"})
# Of the standard library, what `import torch` loads: counted with torch 2.13.0 on Python 3.11, 2026-11-24.
LOADED_BY_TORCH = frozenset(
    """
    argparse array ast asyncio base64 binascii bisect bz2 calendar cmath collections concurrent contextlib
    contextvars copy copyreg csv ctypes dataclasses datetime difflib dis email enum fcntl fnmatch functools gettext
    glob grp gzip hashlib heapq http importlib inspect ipaddress json keyword linecache locale logging lzma math
    mmap multiprocessing ntpath numbers opcode operator pathlib pickle pickletools pkgutil platform pprint queue
    quopri random re reprlib runpy select selectors shutil signal socket ssl string struct subprocess tarfile
    tempfile textwrap threading timeit token tokenize traceback types typing unicodedata unittest urllib uuid
    warnings weakref zipfile zlib
    """.split()  # noqa: SIM905 - a hundred quotes are no easier to read
)


def _some(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more


@judged_by_own
def pythonpath(seen: Conditions, own: Own) -> Verdict:
    home = seen.here.environment.get("PYTHONHOME")
    said = [_visitor_words(visitor) for visitor in own.visitors]
    if home:
        said.insert(0, f"PYTHONHOME is {home}: every Python takes its standard library from there")
    if not said:
        return Verdict("ok", "neither PYTHONPATH nor a folder of the user's own is searched for modules")
    status = _worst(own)
    if home and status == "note":
        status = "warning"
    origins = dict.fromkeys(visitor.origin for visitor in own.visitors)
    variables = [*(["PYTHONHOME"] if home else []), *(["PYTHONPATH"] if "PYTHONPATH" in origins else [])]
    return Verdict(status, "; ".join(said), tuple(_without(variables, seen.here, user_site="user site" in origins)))


def _worst(own: Own) -> str:
    """Of the visitors: an error where they hide what pip or torch needs."""
    fatal = TORCH | LOADED_BY_TORCH | frozenset(own.needed_by_pip)
    hidden = {name for visitor in own.visitors for name in (*visitor.hides_standard, *visitor.hides_installed)}
    return "error" if hidden & fatal else "warning" if hidden else "note"


def _visitor_words(visitor: Visitor) -> str:
    folder = f"{visitor.folder} ({visitor.origin})"
    if not visitor.is_there:
        return f"{folder} is not there"
    hidden = [
        f"hides {_some(names)} {what}"
        for names, what in (
            (visitor.hides_standard, "of the standard library"),
            (visitor.hides_installed, "of this environment"),
        )
        if names
    ]
    if hidden:
        return f"{folder} {' and '.join(hidden)}"
    if visitor.distributions:
        return f"{folder} adds {_some(visitor.distributions)}"
    return f"{folder} hides nothing"


def _without(variables: list[str], here: Here, *, user_site: bool) -> Iterable[str]:
    is_windows = here.machine.os.system == "Windows"
    if variables and is_windows:
        yield f"Remove-Item {', '.join(f'env:{name}' for name in variables)}"
    elif variables:
        yield f"unset {' '.join(variables)}  # and take them out of the files that set them: ~/.bashrc, ~/.profile"
    if user_site:
        yield '$env:PYTHONNOUSERSITE = "1"' if is_windows else "export PYTHONNOUSERSITE=1"


@judged_by_own
def shadowing_files(seen: Conditions, own: Own) -> Verdict:
    """pip itself takes the current folder off its path."""
    if not own.shadows:
        return Verdict("ok", f"no file in {seen.here.folder} hides a module")
    fatal = TORCH | LOADED_BY_TORCH
    worst_first = sorted(own.shadows, key=lambda shadow: shadow.module not in fatal)
    said = _some(
        f"{shadow.file} hides {shadow.module} of {shadow.hidden or 'the standard library'}" for shadow in worst_first
    )
    first = worst_first[0]
    is_fatal = first.module in fatal
    what = "torch does not import" if is_fatal else "programs get the one for the other"
    advice = f"mv {_moved(first.file, first.module)}  # and what imports it in the same way"
    return Verdict("error" if is_fatal else "warning", f"{said}: in that folder {what}", (advice,))


def _moved(file: str, module: str) -> str:
    at = file.rfind(module)
    return shlex.join([file, f"{file[:at]}my_{file[at:]}"])


@judged_by_own
def module_clash(seen: Conditions, own: Own) -> Verdict:
    shared = [clash for clash in own.clashes if clash.module == clash.other_module]
    if not shared:
        return Verdict("ok", "no two distributions install the same module")
    said = _some(f"{clash.module} is installed by {' and by '.join(clash.distributions)}" for clash in shared)
    what = "the last to be installed wins, and to remove one breaks the other"
    return Verdict("warning", f"{said}: {what}", _keep_one(shared, seen.here))


@judged_by_own
def case_clash(seen: Conditions, own: Own) -> Verdict:
    apart = [clash for clash in own.clashes if clash.module != clash.other_module]
    if not apart:
        return Verdict("ok", "no two distributions have names that differ by case alone")
    worst = next((clash for told in (False, None, True) for clash in apart if clash.told_apart is told), apart[0])
    status, what = _CASES[worst.told_apart]
    alike = [clash for clash in apart if clash.told_apart is worst.told_apart]
    said = _some(
        f"{clash.module} of {clash.distributions[0]} and {clash.other_module} of {clash.distributions[1]}"
        for clash in alike
    )
    return Verdict(
        status, f"{said} differ by case alone{what}", _keep_one(alike, seen.here) if status == "error" else ()
    )


_CASES = {  # by whether their disk tells them apart
    True: ("note", ": this disk tells them apart, those of macOS and Windows do not"),
    False: ("error", ", and on this disk one has overwritten the other"),
    None: ("unknown", ", and whether this disk tells them apart is not known"),
}


def _keep_one(clashes: list[Clash], here: Here) -> tuple[str, ...]:
    """For the first of them: both out, then the one that is wanted in."""
    names = [_name(distribution) for distribution in clashes[0].distributions]
    return (pip(here, f"uninstall {' '.join(names)}"), f"{pip(here, f'install {names[0]}')}  # or {names[1]}, not both")


def _name(distribution: str) -> str:
    return distribution.rpartition("-")[0].replace("_", "-").lower()


@judged_by_own
def broken_packages(seen: Conditions, own: Own) -> Verdict:
    if not own.broken:
        return Verdict("ok", "every distribution that is recorded is whole")
    said = _some(f"{broken.folder} {_FAULTS[broken.fault]}" for broken in own.broken)
    advice = dict.fromkeys(_mend(broken, seen.here) for broken in own.broken)
    return Verdict("warning", said, tuple(advice)[:SHOWN])


_FAULTS = {
    "left-over": "is left of a removal that was cut short",
    "no-metadata": "has no METADATA that could be read: to pip it is not installed",
    "twice": "is one of several records of the same distribution",
}


def _mend(broken: Broken, here: Here) -> str:
    if broken.fault == "left-over":
        return f"mv {shlex.quote(broken.folder)} {shlex.quote(here.target.prefix)}  # out of the way: nothing imports it there"
    name = broken.name.replace("_", "-").lower()
    if name in TORCH and here.planned:
        return f"{here.planned.command} --force-reinstall"
    pin = f"{name}=={broken.version}" if broken.version and broken.fault != "twice" else name
    return pip(here, f"install --force-reinstall --no-deps {pin}")


CHECKS = (
    Check(
        "pythonpath", "PYTHONPATH, PYTHONHOME and the user's own folder: what they hide here", "interpreter", pythonpath
    ),
    Check(
        "shadowing-files",
        "files in this folder that an import finds in a module's place",
        "interpreter",
        shadowing_files,
    ),
    Check("module-clash", "distributions that install the same module", "interpreter", module_clash),
    Check("case-clash", "distributions whose names differ by case alone", "interpreter", case_clash),
    Check(
        "broken-packages",
        "left-overs and records in site-packages that are not whole",
        "interpreter",
        broken_packages,
    ),
)
