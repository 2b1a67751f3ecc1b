"""Whether what is installed has what it needs, and what mends it."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from envtool.checkup.check import Check, Verdict
from envtool.checkup.installs import installed, python
from envtool.wheel_index import index_for

if TYPE_CHECKING:
    from envtool.conditions import Conditions, Here
    from envtool.conditions.dependencies import Conflict

TORCH = ("torch", "torchvision", "torchaudio")
SHOWN = 5


def dependencies(seen: Conditions) -> Verdict:
    """An error where torch or a companion of its lacks something: those fail at import."""
    found = seen.dependencies
    if found is None or found.conflicts is None:
        return Verdict("unknown", (found and found.trouble) or "the dependencies were not looked at")
    if not found.conflicts:
        return Verdict("ok", f"{found.tool} finds that all that is installed has what it needs")
    worst_first = sorted(found.conflicts, key=lambda conflict: conflict.package.lower() not in TORCH)
    said = "; ".join(_words(conflict, seen.here) for conflict in worst_first[:SHOWN])
    more = f"; and {len(worst_first) - SHOWN} more" if len(worst_first) > SHOWN else ""
    advice = dict.fromkeys(line for conflict in worst_first for line in _mend(conflict, seen))
    status = "error" if worst_first[0].package.lower() in TORCH else "warning"
    return Verdict(status, said + more, tuple(advice)[:SHOWN])


def _words(conflict: Conflict, here: Here) -> str:
    package = installed(here, canonicalize_name(conflict.package))
    version = conflict.version or (package.version if package else "")
    name = f"{conflict.package} {version}".strip()
    if not conflict.needs:
        return f"{name} was built for another platform"
    return f"{name} needs {conflict.needs}, and {conflict.found or 'none'} is installed"


def _mend(conflict: Conflict, seen: Conditions) -> tuple[str, ...]:
    name = canonicalize_name(conflict.package)
    if not conflict.needs:
        return (_install(f"--force-reinstall --no-deps {name}", seen, of_torch=name in TORCH),)
    try:
        needed = Requirement(conflict.needs)
    except InvalidRequirement:
        return ()
    if needed.name == "Python":
        return (f"{_install(f'--upgrade {name}', seen)}  # or a Python that it is for: {needed.specifier}",)
    if canonicalize_name(needed.name) in TORCH:
        return _mend_torch(name, needed, seen)
    return (_install(shlex.quote(str(needed)), seen, of_torch=name in TORCH),)


def _mend_torch(name: str, needed: Requirement, seen: Conditions) -> tuple[str, ...]:
    """Never torch itself from the default index: its companion is exchanged, or install-torch names the other torch."""
    is_missing = installed(seen.here, canonicalize_name(needed.name)) is None
    if is_missing and (belonging := _companion(needed.name, seen)):
        return (_install(belonging, seen, of_torch=True),)
    if not is_missing and (belonging := _companion(name, seen)):
        return (_install(f"--force-reinstall --no-deps {belonging}", seen, of_torch=True),)
    if is_missing and seen.here.planned and not needed.specifier:
        return (seen.here.planned.command,)
    wanted = f"--torch {shlex.quote(str(needed.specifier))} " if needed.name == "torch" and needed.specifier else ""
    this_python = python(seen.here).removeprefix("& ")
    return (
        f"envtool install-torch {wanted}--python {this_python}  # names the torch that {name} needs, and its index",
        f"{_install(f'--upgrade {name} --no-deps', seen)}  # or a release of {name} for the torch that is here",
    )


def _companion(name: str, seen: Conditions) -> str | None:
    """torchvision or torchaudio as they belong to the torch that is installed: torchvision==0.20.1+cu124."""
    torch = _version_of("torch", seen.here)
    known = seen.catalogue.companions.get(Version(torch.public)) if torch else None
    fitting = {"torchvision": known.torchvision, "torchaudio": known.torchaudio}.get(name, ()) if known else ()
    if not torch or not fitting:
        return None
    return f"{name}=={fitting[-1]}{f'+{torch.local}' if torch.local else ''}"


def _install(words: str, seen: Conditions, *, of_torch: bool = False) -> str:
    """By the tool that was asked; with the index that the installed torch is from, where torch is what it is for."""
    is_uv = seen.dependencies is not None and seen.dependencies.tool == "uv"
    this_python = python(seen.here)
    command = f"uv pip install --python {this_python.removeprefix('& ')}" if is_uv else f"{this_python} -m pip install"
    torch = _version_of("torch", seen.here) if of_torch else None
    if torch is None or torch.local is None or not re.fullmatch(r"cpu|xpu|cu\d{2,3}|rocm\d+(?:\.\d+)+", torch.local):
        return f"{command} {words}"
    index = index_for(torch.local, Version(torch.public))
    return f"{command} {words} {index.option} {index.url}"


def _version_of(name: str, here: Here) -> Version | None:
    package = installed(here, name)
    try:
        return Version(package.version) if package else None
    except InvalidVersion:
        return None


CHECKS = (Check("dependencies", "whether all that is installed has what it needs", "dependencies", dependencies),)
