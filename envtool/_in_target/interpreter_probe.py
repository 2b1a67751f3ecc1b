"""What this interpreter's library is, and where it looks for modules: `python interpreter_probe.py OUT.json`.

Stand-alone, Python 3.6 grammar; read by `surroundings.interpreter`. Whatever fails here is an answer.
"""

import importlib
import os
import sys
from typing import Dict, List, Optional

LOADED = frozenset(sys.modules)  # what a start has loaded no file of a user can hide
STDLIB = os.path.dirname(os.__file__)
OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
PATH = [os.path.abspath(entry) for entry in sys.path if os.path.abspath(entry) != OWN_FOLDER]
OFTEN_MISSING = ("ssl", "ctypes", "zlib", "bz2", "lzma", "sqlite3")  # those that need a library to be compiled
SUFFIXES = (".py", ".so", ".pyd")

sys.path[:] = [STDLIB] + PATH  # noqa: RUF005 - as in probe.py, which says why


def main() -> None:
    standard = shadowable()
    answer = {
        "site_folders": site_folders(),
        "user_site": user_site(),
        "standard": sorted(standard),
        "unusable": unusable(),
        "ensurepip": ensurepip_version(),
        "needed_by_pip": sorted(standard & needed_by_pip()),
    }
    json = importlib.import_module("json")
    with open(sys.argv[1], "w", encoding="ascii") as out:
        json.dump(answer, out)


def shadowable() -> "frozenset[str]":
    """The modules of the standard library that the first folder on the path could hide."""
    names = getattr(sys, "stdlib_module_names", None)  # from 3.10 on
    if names is None:
        folders = [STDLIB, os.path.join(STDLIB, "lib-dynload")]
        names = [entry.partition(".")[0] for folder in folders for entry in listed(folder) if is_module(folder, entry)]
    return frozenset(names) - frozenset(sys.builtin_module_names) - LOADED


def listed(folder: str) -> List[str]:
    return os.listdir(folder) if os.path.isdir(folder) else []


def is_module(folder: str, entry: str) -> bool:
    return entry.endswith(SUFFIXES) or os.path.isfile(os.path.join(folder, entry, "__init__.py"))


def site_folders() -> List[str]:
    """What comes behind the standard library on the path; before it stands PYTHONPATH."""
    behind = PATH[PATH.index(STDLIB) + 1 :] if STDLIB in PATH else PATH
    own = (os.path.join(STDLIB, "lib-dynload"), user_site())
    return [folder for folder in behind if folder not in own and os.path.isdir(folder)]


def user_site() -> Optional[str]:
    """None where this interpreter does not look into it."""
    site = sys.modules.get("site")  # None under -S
    folder = getattr(site, "USER_SITE", None) if getattr(site, "ENABLE_USER_SITE", None) else None
    return folder if folder in PATH else None


def unusable() -> Dict[str, str]:
    """By name, what the import of a module of the standard library says."""
    said = {name: trouble_with(name) for name in OFTEN_MISSING}
    return {name: trouble for name, trouble in said.items() if trouble}


def trouble_with(module: str) -> Optional[str]:
    try:
        importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
        return "{}: {}".format(type(error).__name__, error)
    return None


def ensurepip_version() -> Optional[str]:
    try:
        return str(importlib.import_module("ensurepip").version())
    except Exception:  # noqa: BLE001 - without its wheels it fails in many ways
        return None


def needed_by_pip() -> "frozenset[str]":
    """What an install by pip loads."""
    try:
        importlib.import_module("pip._internal.commands.install")
    except Exception:  # noqa: BLE001 - no pip, or a broken one
        return frozenset()
    return frozenset(sys.modules)


if __name__ == "__main__":
    main()
