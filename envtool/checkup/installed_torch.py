"""torch as it is installed in the target: whether it imports, is whole, and serves the cards that are here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.version import Version

from envtool.card_support import (
    cards_of,
    drives_natively,
    has_kernels,
    is_left_out_by_cudnn,
    least_driver,
    shown,
    vendor_of,
)
from envtool.catalogue import Capabilities
from envtool.checkup import beside_torch
from envtool.checkup.check import Check, Verdict
from envtool.checkup.installs import again, carried, family, installed, pip, planned, python
from envtool.checkup.torch_part import judged, one_line
from envtool.facts import release

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envtool.checkup.installs import Carried
    from envtool.conditions import Conditions
    from envtool.conditions.installed_torch import Damage, Files, InstalledTorch, Torch
    from envtool.facts import Gpu

_LIBRARY = re.compile(r"\.(?:so(?:\.[\d.]+)?|dll|pyd|dylib)$")
_KERNEL = re.compile(r"(sm|compute)_(\d+)(\d)[af]?")
_LIBRARIES_AT_ODDS = ("undefined symbol", "cannot open shared object", "version `", "symbol lookup error")
DAMAGES_SHOWN = 3


def imports(seen: Conditions, found: InstalledTorch) -> Verdict:
    here, torch = seen.here, found.torch
    package = installed(here, "torch")
    if torch.is_absent and package is None:
        return Verdict("note", f"torch is not installed in {here.target.prefix}", planned(here, None))
    if torch.version:
        return Verdict("ok", f"torch {torch.version} was imported in {torch.seconds} s from {torch.file}")
    what = f"torch {package.version}" if package else "torch"
    if torch.error is None and found.halt:
        reason = one_line(found.halt.ending)
        return Verdict("error", f"{what} cannot be imported: {reason}", _after_a_crash(seen, found, reason))
    reason = one_line(str(torch.error))
    return Verdict("error", f"{what} cannot be imported: {reason}", _after_a_failure(seen, found, reason))


def _after_a_crash(seen: Conditions, found: InstalledTorch, reason: str) -> tuple[str, ...]:
    if "SIGILL" in reason:
        return (
            "The processor lacks an instruction that this torch uses. A virtual machine: give it the host's type of CPU",
            "An old processor: only an older torch or a build of your own runs on it",
        )
    if "did not end" in reason:
        trace = "import faulthandler as f; f.dump_traceback_later(60, exit=True); import torch"
        return (f'{python(seen.here)} -c "{trace}"  # shows where it hangs',)
    return _after_a_failure(seen, found, reason)


def _after_a_failure(seen: Conditions, found: InstalledTorch, reason: str) -> tuple[str, ...]:
    damages = found.files.damages if found.files else ()
    mend = tuple(_anew(seen, found, damages)) or planned(seen.here, carried(seen, found.torch))
    if seen.here.environment.get("LD_LIBRARY_PATH") and any(sign in reason for sign in _LIBRARIES_AT_ODDS):
        return ("unset LD_LIBRARY_PATH  # the first to try: its folders come before torch's own libraries", *mend)
    return mend


def build(seen: Conditions, found: InstalledTorch) -> Verdict:
    torch, package = carried(seen, found.torch), installed(seen.here, "torch")
    if torch is None:
        return Verdict("unknown", f"which build of torch this is could not be learnt from {found.torch.file}")
    if package and found.torch.version and Version(package.version).public != Version(found.torch.version).public:
        return Verdict(
            "warning",
            f"pip knows torch {package.version}, and what is imported from {found.torch.file} is {found.torch.version}",
            (pip(seen.here, "uninstall torch  # until none is left"), *planned(seen.here, None)),
        )
    what = f"torch {found.torch.version or torch.pin}"
    if torch.backend is None:
        return Verdict("unknown", f"{what} names no backend, and the catalogue does not know it")
    return Verdict("ok", f"{what} is {_kind(torch.backend, seen)}")


def _kind(backend: str, seen: Conditions) -> str:
    if backend == "cpu":
        return "a build for the Apple GPU and the CPU" if cards_of(seen.here.machine, "apple") else "a CPU build"
    cuda = seen.catalogue.cuda.get(backend)
    return f"built for CUDA {cuda.cuda} ({backend})" if cuda else f"built for {backend}"


def driver(seen: Conditions, found: InstalledTorch) -> Verdict:
    """An NVIDIA driver against the floor of the CUDA that torch carries."""
    torch, machine = carried(seen, found.torch), seen.here.machine
    if torch is None or torch.backend is None:
        return Verdict("unknown", "which CUDA torch carries could not be learnt")
    if vendor_of(torch.backend) != "nvidia":
        return Verdict("ok", f"torch {torch.pin} carries no CUDA, and asks for no NVIDIA driver")
    if found.device.name and not found.device.error:
        return Verdict("ok", f"torch {torch.pin} computes on the {found.device.name}")
    if machine.gpus is not None and not cards_of(machine, "nvidia"):
        return Verdict("ok", f"there is no NVIDIA card, so torch {torch.pin} computes on the CPU without a driver")
    return _against_floor(seen, torch)


def _against_floor(seen: Conditions, torch: Carried) -> Verdict:
    machine, cuda = seen.here.machine, seen.catalogue.cuda.get(str(torch.backend))
    if cuda is None or machine.os.jetson_l4t:
        return Verdict("unknown", f"which driver torch {torch.pin} needs here is not known")
    floor = least_driver(cuda, machine)
    if machine.driver is None or machine.driver.version is None:
        return Verdict("unknown", f"the driver's version could not be learnt; {torch.backend} needs {floor} or newer")
    if release(machine.driver.version) >= release(floor):
        return Verdict("ok", f"driver {machine.driver.version} serves {torch.backend}, which needs {floor} or newer")
    return Verdict(
        "error",
        f"driver {machine.driver.version} is below {floor}, the least for torch {torch.pin} ({torch.backend})",
        planned(seen.here, torch),
    )


def gpu(seen: Conditions, found: InstalledTorch) -> Verdict:
    """Kernels for every card, and whether torch really computed on the first."""
    torch, machine = carried(seen, found.torch), seen.here.machine
    if torch is None or torch.backend is None:
        return Verdict("unknown", "which cards torch is built for could not be learnt")
    if torch.backend == "cpu":
        return Verdict("ok", f"torch {torch.pin} computes on {_without_cuda(seen)} alone")
    if found.halt and found.halt.doing == "compute on the GPU":
        return Verdict(
            "error", f"torch {torch.pin} did not come back from the GPU: {one_line(found.halt.ending)}", _SICK
        )
    if machine.gpus is None:
        return Verdict("unknown", "; ".join(("whether there is a GPU could not be learnt", *machine.notes)))
    cards = cards_of(machine, vendor_of(torch.backend))
    if not cards:
        return Verdict("ok", f"there is no GPU for torch {torch.pin} to serve")
    return _against_cards(seen, found, torch, cards)


_SICK = ("nvidia-smi  # if that hangs or fails too, driver or card are sick: look for Xid in dmesg, and reboot",)


def _without_cuda(seen: Conditions) -> str:
    return "the Apple GPU and the CPU" if cards_of(seen.here.machine, "apple") else "the CPU"


def _against_cards(seen: Conditions, found: InstalledTorch, torch: Carried, cards: tuple[Gpu, ...]) -> Verdict:
    computes = found.device.name is not None and found.device.error is None
    if computes and len(cards) == 1:
        return Verdict("ok", f"torch {torch.pin} computes on the {found.device.name}")
    served = {card: _serves(seen, found.torch, torch, card) for card in cards}
    unserved = [shown(card) for card, answer in served.items() if answer is False]
    names = ", ".join(dict.fromkeys(map(shown, cards)))
    if unserved:
        return Verdict(
            "error",
            f"torch {torch.pin} has no kernels for the {', '.join(unserved)}: it was built for"
            f" {' '.join(found.torch.kernels) or torch.backend}",
            planned(seen.here, torch),
        )
    if found.device.error:
        return Verdict(
            "warning", f"torch {torch.pin} does not compute on the GPU: {one_line(found.device.error)}", _SEE
        )
    if found.torch.version and found.device.name is None:
        return Verdict("warning", f"torch {torch.pin} finds no GPU, and there is {names}", _SEE)
    if None in served.values():
        return Verdict("unknown", f"whether torch {torch.pin} has kernels for the {names} could not be learnt")
    tried = f", and computes on the {found.device.name}" if computes else ""
    return Verdict("ok", f"torch {torch.pin} has kernels for the {names}{tried}")


_SEE = ("envtool doctor torch-driver visible-devices driver-devices driver-versions library-path",)


def _serves(seen: Conditions, torch: Torch, build: Carried, card: Gpu) -> bool | None:
    """Whether the build has kernels for the card: by what torch says it was compiled for, or else by the catalogue."""
    if card.vendor == "amd":
        return _serves_amd(seen, torch, build, card)
    if card.vendor != "nvidia":
        return True
    compiled = _compiled(torch.kernels) or seen.catalogue.capabilities.get(
        (build.version, str(build.backend), str(family(seen.here.machine)))
    )
    if compiled is None or card.compute_capability is None:
        return None
    may_compile = drives_natively(seen.here.machine, str(build.backend), seen.catalogue)
    is_left_out = is_left_out_by_cudnn(card.compute_capability, build.version)
    return has_kernels(card.compute_capability, compiled, may_compile=may_compile) and not is_left_out


def _serves_amd(seen: Conditions, torch: Torch, build: Carried, card: Gpu) -> bool | None:
    if "HSA_OVERRIDE_GFX_VERSION" in seen.here.environment:  # it makes every card pass for another
        return None
    compiled = {target.partition(":")[0] for target in torch.kernels if target.startswith("gfx")}
    compiled = compiled or set(seen.catalogue.gfx.get((build.version, str(build.backend)), ()))
    return card.architecture in compiled if compiled and card.architecture else None


def _compiled(kernels: Iterable[str]) -> Capabilities | None:
    """sm_86 and compute_90 as capabilities; None where there are none of them."""
    found = [match.groups() for match in map(_KERNEL.fullmatch, kernels) if match]
    cubins = tuple((int(major), int(minor)) for kind, major, minor in found if kind == "sm")
    ptx = tuple((int(major), int(minor)) for kind, major, minor in found if kind == "compute")
    return Capabilities(cubins, ptx, "read") if found else None


def cpu_build(seen: Conditions, found: InstalledTorch) -> Verdict:
    torch, here = carried(seen, found.torch), seen.here
    if torch is None or torch.backend != "cpu":
        return Verdict("ok", f"torch {torch.pin} is no CPU build" if torch else "torch names no build")
    if here.machine.gpus is None:
        return Verdict("unknown", f"torch {torch.pin} is a CPU build, and whether there is a GPU could not be learnt")
    idle = [card for card in here.machine.gpus if card.vendor != "apple"]
    if not idle:
        return Verdict("ok", f"torch {torch.pin} is a CPU build, and there is no GPU that it would leave idle")
    if here.planned is None or here.planned.backend == "cpu":
        return Verdict(
            "note", f"torch {torch.pin} is a CPU build, and no build is known that serves the {shown(idle[0])}"
        )
    return Verdict(
        "warning", f"torch {torch.pin} is a CPU build and leaves the {shown(idle[0])} idle", planned(here, torch)
    )


def files(seen: Conditions, found: InstalledTorch) -> Verdict:
    if found.files is None:
        return Verdict("unknown", "the files of torch could not be compared with what was installed")
    if not found.files.damages:
        return _no_damage(found.files)
    damages = sorted(found.files.damages, key=lambda damage: not _LIBRARY.search(damage.file))
    is_grave = any(damage.found is None or _LIBRARY.search(damage.file) for damage in damages)
    listed = "; ".join(map(_told, damages[:DAMAGES_SHOWN]))
    more = f"; and {len(damages) - DAMAGES_SHOWN} more" if len(damages) > DAMAGES_SHOWN else ""
    return Verdict("error" if is_grave else "warning", f"{listed}{more}", tuple(_anew(seen, found, damages)))


def _no_damage(files: Files) -> Verdict:
    if not files.is_whole:
        return Verdict("unknown", f"{files.looked} files are as they were installed; the time was over for the rest")
    if not files.looked:
        return Verdict("unknown", "the installer of torch left no record of its files")
    return Verdict("ok", f"{files.looked} files of torch and its libraries are as they were installed")


def _told(damage: Damage) -> str:
    how = "is gone" if damage.found is None else f"has {damage.found} bytes and was installed with {damage.recorded}"
    return f"{damage.file} of {damage.package} {how}"


def _anew(seen: Conditions, found: InstalledTorch, damages: Iterable[Damage]) -> Iterable[str]:
    torch = carried(seen, found.torch)
    for name in dict.fromkeys(damage.package for damage in damages):
        package = installed(seen.here, name)
        if package and torch:
            yield again(seen.here, f"{name}=={package.version}", torch)


CHECKS = (
    Check("torch-import", "whether torch can be imported, tried out", "installed_torch", judged(imports, absent=True)),
    Check("torch-build", "which build of torch is installed, and imported", "installed_torch", judged(build)),
    Check("torch-driver", "the CUDA that torch carries against the driver", "installed_torch", judged(driver)),
    Check("torch-gpu", "kernels in torch for every GPU, and a sum on the first", "installed_torch", judged(gpu)),
    Check("torch-cpu-build", "a CPU build of torch beside a GPU", "installed_torch", judged(cpu_build)),
    Check("torch-files", "files of torch that are damaged or gone", "installed_torch", judged(files)),
    *beside_torch.CHECKS,
)
