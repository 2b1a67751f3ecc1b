"""What the environment changes of the CUDA that torch finds: hidden cards, foreign libraries, another toolkit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.card_support import BRAND, cards_of
from envtool.checkup.check import Check, Verdict
from envtool.checkup.driver_part import judged
from envtool.checkup.installs import carried
from envtool.conditions.installed_torch import Torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envtool.conditions import Conditions
    from envtool.conditions.driver import DriverState, Library, Toolkit

MASKS = {  # whose cards each variable hides; HIP heeds CUDA's too
    "CUDA_VISIBLE_DEVICES": ("nvidia", "amd"),
    "HIP_VISIBLE_DEVICES": ("amd",),
    "ROCR_VISIBLE_DEVICES": ("amd",),
}


def visible_devices(seen: Conditions, state: DriverState) -> Verdict:
    """The first entry that names no card hides itself and all that follow."""
    set_here = {name: seen.here.environment[name] for name in MASKS if name in seen.here.environment}
    if set_here and seen.here.machine.gpus is None:
        return Verdict("unknown", f"{' and '.join(set_here)} is set, and which cards there are could not be learnt")
    faults = [verdict for name, value in set_here.items() if (verdict := _mask(name, value, seen, state))]
    if faults:
        return min(faults, key=lambda verdict: verdict.status != "warning")
    told = " and ".join(f"{name}={value}" for name, value in set_here.items())
    return Verdict("ok", f"{told} hides no card" if told else f"{', '.join(MASKS)} are not set")


def _mask(name: str, value: str, seen: Conditions, state: DriverState) -> Verdict | None:
    machine = seen.here.machine
    vendor = next((vendor for vendor in MASKS[name] if cards_of(machine, vendor)), None)
    if vendor is None:
        return None
    count = len(cards_of(machine, vendor))
    entries = [entry.strip() for entry in value.split(",")]
    uuids = state.uuids if vendor == "nvidia" else None
    shown = next((at for at, entry in enumerate(entries) if not _names(entry, count, uuids)), len(entries))
    cure = (f"Remove-Item Env:{name}" if machine.os.system == "Windows" else f"unset {name}",)
    what = f"{name}={value!r} shows torch {shown} of {count} {BRAND[vendor]} cards"
    if shown < len(entries):
        reason = f": {entries[shown]!r} names none of them, and hides what follows" if value else ""
        return Verdict("warning", f"{what}{reason}", cure)
    return Verdict("note", what, cure) if shown < count else None


def _names(entry: str, count: int, uuids: tuple[str, ...] | None) -> bool:
    """Whether it names a card; where the UUIDs are not known, any may be right. A slice (MIG) is not looked up."""
    if entry.startswith("GPU-"):
        return uuids is None or any(uuid.startswith(entry) for uuid in uuids)
    return entry.startswith("MIG-") or (entry.isdecimal() and int(entry) < count)


def library_path(seen: Conditions, state: DriverState) -> Verdict:
    """CUDA's libraries on LD_LIBRARY_PATH, where the loader looks before it comes to torch's own."""
    stubs = [library for library in state.libraries if "/stubs/" in library.path and "libcuda." in library.path]
    replacing = [library for library in state.libraries if library.replaces]
    if stubs:
        what = f"{stubs[0].path} is there for linking alone: CUDA ends with error 34 where it is loaded"
        return Verdict("warning", what, _without(stubs, seen))
    if replacing:
        told = ", ".join(f"{_told(library)} in place of {library.replaces}" for library in replacing[:2])
        more = f" and {len(replacing) - 2} more" if len(replacing) > 2 else ""  # noqa: PLR2004 - those shown
        return Verdict("warning", f"LD_LIBRARY_PATH may load {told}{more}", _without(replacing, seen))
    if state.libraries:
        told = ", ".join(map(_told, state.libraries[:2]))
        return Verdict("note", f"LD_LIBRARY_PATH holds {told}: torch brings none of that name")
    return Verdict("ok", "LD_LIBRARY_PATH holds no library of CUDA")


def _told(library: Library) -> str:
    return f"{library.path} ({library.version})" if library.version else library.path


def _without(libraries: Iterable[Library], seen: Conditions) -> tuple[str, ...]:
    culprits = {library.path.rpartition("/")[0] for library in libraries}
    folders = filter(None, seen.here.environment.get("LD_LIBRARY_PATH", "").split(":"))
    rest = ":".join(folder for folder in folders if folder.rstrip("/") not in culprits)
    return (f'export LD_LIBRARY_PATH="{rest}"' if rest else "unset LD_LIBRARY_PATH",)


def cuda_toolkit(seen: Conditions, state: DriverState) -> Verdict:
    """nvcc against the CUDA of torch, of which an extension has to be of the same major version."""
    kit = state.toolkit
    if kit.variable and kit.nvcc is None:
        instead = f"export {kit.variable}={kit.on_path.path.rpartition('/bin/')[0]}" if kit.on_path else None
        return Verdict(
            "warning",
            f"{kit.variable} is {kit.home}, and there is no bin/nvcc in it",
            (instead or f"unset {kit.variable}",),
        )
    if kit.nvcc is None:
        return Verdict("ok", "there is no CUDA toolkit, which only those need who compile extensions")
    if kit.nvcc.release is None:
        return Verdict("unknown", f"the version of {kit.nvcc.path} could not be learnt: {kit.nvcc.trouble}")
    return _against_torch(seen, kit, kit.nvcc.release)


def _against_torch(seen: Conditions, kit: Toolkit, toolkit: str) -> Verdict:
    what = " and ".join(_compilers(kit))
    cuda = _cuda_of_torch(seen)
    if cuda is None:
        return Verdict("ok", f"{what}; there is no torch with CUDA that it has to match")
    if cuda.partition(".")[0] != toolkit.partition(".")[0]:
        return Verdict(
            "warning",
            f"{what}, and torch is built for CUDA {cuda}: an extension does not compile against it",
            (
                f"Install the CUDA {cuda} toolkit, and set CUDA_HOME to its folder: conda install -c nvidia cuda-toolkit={cuda}",
            ),
        )
    if kit.on_path:
        return Verdict("note", f"{what}: torch takes the first, a build that calls plain nvcc the second")
    return Verdict("ok", f"{what}, and torch is built for CUDA {cuda}")


def _compilers(kit: Toolkit) -> Iterator[str]:
    for nvcc in filter(None, (kit.nvcc, kit.on_path)):
        yield f"{nvcc.path} is of CUDA {nvcc.release or '?'}"


def _cuda_of_torch(seen: Conditions) -> str | None:
    torch = carried(seen, seen.installed_torch.torch if seen.installed_torch else Torch())
    cuda = seen.catalogue.cuda.get(torch.backend or "") if torch else None
    return cuda.cuda if cuda else None


CHECKS = (
    Check("visible-devices", "cards that a variable hides from torch", "driver", judged(visible_devices)),
    Check("library-path", "a foreign CUDA on LD_LIBRARY_PATH", "driver", judged(library_path)),
    Check("cuda-toolkit", "nvcc and CUDA_HOME against torch's CUDA, for extensions", "driver", judged(cuda_toolkit)),
)
