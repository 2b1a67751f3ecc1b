"""Planning for a machine that is not here: what is said of it in place of what was seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import InvalidVersion, Version

from envtool import cards
from envtool.card_support import own_driver
from envtool.errors import RequestInvalid
from envtool.facts import Driver, Gpu, Libc, OperatingSystem, parse_capability, release

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envtool.catalogue import Capabilities, Catalogue
    from envtool.facts import Machine
    from envtool.plan.request import Request

SYSTEMS = {"linux": "Linux", "windows": "Windows", "macos": "Darwin"}
USUAL_ARCH = {"Linux": "x86_64", "Windows": "AMD64", "Darwin": "arm64"}
ASSUMED_GLIBC = "2.28"  # the floor of today's Linux wheels
ASSUMED_MACOS = "14"  # likewise on macOS


class Assumptions(NamedTuple):
    """What the person said of the machine; None where nothing was said."""

    os: str | None = None  # linux, windows, macos
    arch: str | None = None
    python: str | None = None  # 3.12, 3.13t
    driver: str | None = None
    gpus: tuple[str, ...] = ()  # names or compute capabilities; "none"


def assume(machine: Machine, said: Assumptions, catalogue: Catalogue) -> Machine:
    """The machine with what was said in place of what was seen. Raises RequestInvalid for what makes no sense."""
    if said.os is not None:
        machine = _on_system(machine, SYSTEMS[said.os])
    if said.arch is not None:
        machine = machine._replace(arch=said.arch, python=machine.python._replace(executable=None))
    if said.python is not None:
        machine = _with_python(machine, said.python)
    if said.gpus:
        machine = _with_gpus(machine, said.gpus, catalogue)
    if said.driver is not None:
        machine = _with_driver(machine, said.driver)
    elif said.gpus:
        machine = _with_newest_driver(machine, catalogue)
    return machine


def machine_for(machine: Machine, request: Request, catalogue: Catalogue) -> Machine | None:
    """The machine with a card that the backend asked for has kernels for, and a driver for it."""
    lists = [
        compiled
        for (_version, backend, _family), compiled in catalogue.capabilities.items()
        if backend == request.backend
    ]
    if not lists:
        return None
    card = Gpu("nvidia", None, compute_capability=_served_by_most(lists))
    return _with_newest_driver(machine._replace(gpus=(card,), driver=None), catalogue)


def _served_by_most(lists: Sequence[Capabilities]) -> tuple[int, int]:
    every = [cubin for compiled in lists for cubin in compiled.cubins]
    return max(set(every), key=lambda cubin: (every.count(cubin), cubin))


def _on_system(machine: Machine, system: str) -> Machine:
    if system == machine.os.system:
        return machine
    return machine._replace(
        os=OperatingSystem(system, version=ASSUMED_MACOS if system == "Darwin" else None),
        arch=USUAL_ARCH[system],
        libc=Libc("glibc", ASSUMED_GLIBC) if system == "Linux" else None,
        python=machine.python._replace(executable=None),
        gpus=(Gpu("apple", "Apple GPU", architecture="mps"),) if system == "Darwin" else machine.gpus,
        notes=(),
    )


def _with_python(machine: Machine, said: str) -> Machine:
    found = re.fullmatch(r"(\d+\.\d+(?:\.\d+)?)(t?)", said)
    if not found:
        raise RequestInvalid(
            f"--python-version {said!r} is no Python version: write it as 3.12, or 3.13t without the GIL"
        )
    python = machine.python._replace(implementation="cpython", version=found[1], free_threaded=bool(found[2]))
    return machine._replace(python=python._replace(executable=None))


def _with_driver(machine: Machine, said: str) -> Machine:
    try:
        Version(said)
    except InvalidVersion:
        raise RequestInvalid(f"--driver {said!r} is no driver version: write it as 580.95.05") from None
    return machine._replace(driver=Driver("nvidia", said))


def _with_gpus(machine: Machine, said: Sequence[str], catalogue: Catalogue) -> Machine:
    if [name.lower() for name in said] == ["none"]:
        return machine._replace(gpus=(), driver=None)
    gpus = tuple(_gpu(name, catalogue) for name in said)
    keeps_driver = machine.driver is not None and machine.driver.vendor in {gpu.vendor for gpu in gpus}
    return machine._replace(gpus=gpus, driver=machine.driver if keeps_driver else None)


def _gpu(said: str, catalogue: Catalogue) -> Gpu:
    if re.fullmatch(r"\d{1,2}\.\d", said):
        return Gpu("nvidia", None, compute_capability=parse_capability(said))
    if re.fullmatch(r"gfx[0-9a-f]+", said.lower()):
        return Gpu("amd", None, architecture=said.lower())
    if re.search(r"\barc\b|\bintel\b", said.lower()):
        return Gpu("intel", said, architecture="xe")
    found = cards.find(said, catalogue.cards)
    values = {value for card in found for value in card.values}
    if len(values) == 1:
        return cards.gpu_of(found[0])
    if values:
        raise RequestInvalid(
            f"--gpu {said!r} may be one of several chips ({', '.join(sorted(values))}): give that in place of the name"
        )
    raise RequestInvalid(f"--gpu {said!r} is no card that is known{_alike(said, catalogue)}")


def _alike(said: str, catalogue: Catalogue) -> str:
    import difflib  # noqa: PLC0415 - only a misspelling needs it

    names = {card.name.lower(): card.name for card in catalogue.cards}
    close = difflib.get_close_matches(said.lower(), names, n=3, cutoff=0.5)
    return (
        f": did you mean {', '.join(names[name] for name in close)}?"
        if close
        else ": give its compute capability, such as 8.6, or its gfx target, such as gfx1100"
    )


def _with_newest_driver(machine: Machine, catalogue: Catalogue) -> Machine:
    """With the newest driver that CUDA's releases name, or that the cards' generation still gets."""
    if machine.driver is not None or not any(gpu.vendor == "nvidia" for gpu in machine.gpus or ()):
        return machine
    newest = max((own_driver(cuda, machine) for cuda in catalogue.cuda.values()), key=release)
    last = [card.last_driver for gpu in machine.gpus or () for card in catalogue.cards if _is(card.values, gpu)]
    branch = min((f"{branch}.999" for branch in last if branch), key=release, default=newest)
    driver = min(newest, branch, key=release)
    return machine._replace(
        driver=Driver("nvidia", driver),
        notes=(*machine.notes, f"driver {driver} assumed: give --driver VERSION if it is older"),
    )


def _is(values: tuple[str, ...], gpu: Gpu) -> bool:
    return gpu.compute_capability is not None and values == (".".join(map(str, gpu.compute_capability)),)
