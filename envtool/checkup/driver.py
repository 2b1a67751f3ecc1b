"""The driver of the cards: whether kernel, libraries and /dev belong together, and reach torch."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from envtool.card_support import BRAND, cards_of, least_driver, shown
from envtool.cards import find
from envtool.checkup import around_cuda
from envtool.checkup.check import Check, Verdict
from envtool.checkup.driver_part import judged
from envtool.checkup.installs import family
from envtool.facts import release

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

    from envtool.catalogue import Catalogue
    from envtool.conditions import Conditions
    from envtool.conditions.driver import DeviceFile, DriverState, HeldCard, Wsl
    from envtool.facts import Machine

NVIDIA, AMD = "10de:", "1002:"
NO_CARD_WISHED = ("", "void", "none")  # of NVIDIA_VISIBLE_DEVICES
_HOLDERS = {
    "nouveau": "which serves no CUDA",
    "vfio-pci": "which keeps it for a virtual machine",
    None: "so no program reaches it",
}


def versions(seen: Conditions, state: DriverState) -> Verdict:
    """Kernel module against libraries, which must be of the very same version."""
    told = seen.here.machine.driver
    userspace = (told.userspace_version if told and told.vendor == "nvidia" else None) or state.userspace
    if state.module is None:
        return Verdict("ok", "no NVIDIA kernel module is loaded")
    if userspace is None:
        return Verdict("unknown", f"the NVIDIA module is {state.module}, and no libcuda was found to compare it with")
    if userspace == state.module:
        return Verdict("ok", f"the NVIDIA driver is {state.module} in the kernel and in its libraries")
    what = f"the NVIDIA module in the kernel is {state.module}, its libraries are {userspace}"
    if state.container:
        return Verdict(
            "error", what, ("Start the container anew: it holds the libraries of before the host's upgrade",)
        )
    return Verdict("error", f"{what}, as after an upgrade", ("sudo reboot  # loads the module that was installed",))


def devices(seen: Conditions, state: DriverState) -> Verdict:
    """The files in /dev: those that are missing, and those that this user may not use."""
    wanted = _wanted(seen.here.machine, state)
    if not wanted:
        return Verdict("ok", "there is no driver that needs files in /dev")
    barred = [device for device in state.devices if not device.is_usable and _is_of(device, wanted)]
    if barred:
        told = ", ".join(f"{device.path} ({device.rights})" for device in barred)
        return Verdict("error", f"this user may not read and write {told}", tuple(_admission(barred)))
    there = [device.path for device in state.devices]
    missing = [pattern for pattern in wanted if not fnmatch.filter(there, pattern)]
    if not missing:
        return Verdict("ok", f"{', '.join(there)} may be used")
    if state.container:
        return Verdict("note", f"{', '.join(missing)} is not in this container: see container-runtime")
    return Verdict("error", f"the driver is loaded, and {', '.join(missing)} is not there", tuple(_creation(missing)))


def _wanted(machine: Machine, state: DriverState) -> list[str]:
    """Patterns of paths. A container may be given some of the cards alone."""
    if machine.os.wsl or machine.os.jetson_l4t:
        return []
    held = {card.driver for card in state.cards or ()}
    nvidia = ["/dev/nvidiactl", "/dev/nvidia[0-9]*", "/dev/nvidia-uvm"] if "nvidia" in held else []
    return nvidia + (["/dev/kfd", "/dev/dri/renderD*"] if "amdgpu" in held and cards_of(machine, "amd") else [])


def _is_of(device: DeviceFile, wanted: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(device.path, pattern) for pattern in wanted)


def _admission(barred: Iterable[DeviceFile]) -> Iterable[str]:
    groups = dict.fromkeys(device.group for device in barred)
    for group in groups:
        if group:
            yield f'sudo usermod -aG {group} "$USER"  # then log out and in'
        else:
            yield "sudo nvidia-modprobe -c 0 -u  # as the driver makes them; else ask who administers this machine"


def _creation(missing: Iterable[str]) -> Iterable[str]:
    if any("nvidia" in name for name in missing):
        yield "sudo nvidia-modprobe -c 0 -u"
    if any("nvidia" not in name for name in missing):
        yield "sudo modprobe amdgpu  # and look for its errors: dmesg | grep -i amdgpu"


def container(seen: Conditions, state: DriverState) -> Verdict:
    """A container that was started without the card that the host has."""
    if state.container is None:
        return Verdict("ok", "this is no container")
    held = {card.driver for card in state.cards or ()}
    there = {device.path for device in state.devices}
    if "amdgpu" in held and "/dev/kfd" not in there:
        return Verdict("warning", f"{_in(state)} the host's AMD card is not let in: /dev/kfd is not there", _LET_AMD_IN)
    if state.module or "nvidia" in held:
        return _nvidia_in_container(state, there)
    wish = seen.here.environment.get("NVIDIA_VISIBLE_DEVICES", "")
    if wish not in NO_CARD_WISHED and "/dev/nvidiactl" not in there and not seen.here.machine.os.wsl:
        return Verdict(
            "note", f"{_in(state)} NVIDIA_VISIBLE_DEVICES={wish} asks for cards, and none is let in", _LET_IN
        )
    return Verdict("ok", f"{_in(state)} no card of the host is missing")


def _nvidia_in_container(state: DriverState, there: Iterable[str]) -> Verdict:
    if "/dev/nvidiactl" not in there:
        what = f"the host's NVIDIA driver ({state.module or 'of unknown version'}) shows, and /dev/nvidia* is not there"
        return Verdict("warning", f"{_in(state)} {what}", _LET_IN)
    if state.userspace is None:
        return Verdict("warning", f"{_in(state)} /dev/nvidia* is there, and libcuda is not", _LET_LIBRARIES_IN)
    return Verdict("ok", f"{_in(state)} the host's NVIDIA driver {state.module} is let in")


def _in(state: DriverState) -> str:
    return f"in this container ({state.container})"


_LET_IN = ("docker run --gpus all ...  # the host needs the NVIDIA Container Toolkit",)
_LET_LIBRARIES_IN = ("docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility ...",)
_LET_AMD_IN = ("docker run --device /dev/kfd --device /dev/dri --group-add video ...",)


def kernel_driver(_seen: Conditions, state: DriverState) -> Verdict:
    """Who holds the cards in the kernel."""
    if not state.cards:
        return Verdict("ok", "there is no NVIDIA or AMD card on the PCI bus")
    idle = [card for card in dict.fromkeys(state.cards) if card.driver not in ("nvidia", "amdgpu")]
    if not idle:
        drivers = sorted({str(card.driver) for card in state.cards})
        return Verdict("ok", f"the cards on the PCI bus are held by {' and '.join(drivers)}")
    told = "; ".join(map(_held, idle))
    return Verdict("warning", told, tuple(dict.fromkeys(_release(card) for card in idle)))


def _held(card: HeldCard) -> str:
    brand = BRAND["nvidia" if card.pci_id.startswith(NVIDIA) else "amd"]
    holder = f"is held by {card.driver}" if card.driver else "has no kernel driver"
    return f"{brand} card {card.pci_id} {holder}, {_HOLDERS.get(card.driver, 'which torch does not use')}"


def _release(card: HeldCard) -> str:
    if card.driver == "vfio-pci":
        return "Take the card out of the virtual machine's configuration, if torch is to use it here"
    if card.pci_id.startswith(AMD):
        return "sudo modprobe amdgpu  # and look for its errors: dmesg | grep -i amdgpu"
    return (
        "Install NVIDIA's driver and reboot; where it is installed, Secure Boot may refuse it: dmesg | grep -i nvidia"
    )


def age(seen: Conditions, _state: DriverState) -> Verdict:
    """The driver against the newest torch that is built for this machine."""
    machine = seen.here.machine
    driver = machine.driver
    if driver is None or driver.vendor != "nvidia" or machine.os.jetson_l4t:
        return Verdict("ok", "there is no NVIDIA driver to grow old")
    if driver.version is None:
        return Verdict("unknown", "the NVIDIA driver's version could not be learnt")
    newest, floors = _floors(machine, seen.catalogue)
    if not floors:
        return Verdict("unknown", "no torch with CUDA is known for this machine")
    floor = floors[newest]
    if release(driver.version) >= release(floor):
        return Verdict("ok", f"driver {driver.version} serves torch {newest}, the newest, which needs {floor} or newer")
    served = [version for version, least in floors.items() if release(driver.version) >= release(least)]
    last = f"torch {max(served)} is the newest that it serves" if served else "no torch that is built serves it"
    what = f"driver {driver.version} is below {floor}, the least for torch {newest}: {last}"
    return Verdict("note" if served else "warning", what, _newer_driver(floor, machine, seen.catalogue))


def _floors(machine: Machine, catalogue: Catalogue) -> tuple[Version, dict[Version, str]]:
    """The newest torch with CUDA for this machine, and the least driver for each."""
    floors: dict[Version, str] = {}
    newest = max(build.version for build in catalogue.builds)
    tag = family(machine)
    for build in catalogue.builds:
        backends = (wheel.backend for wheel in build.wheels if wheel.family == tag)
        for cuda in filter(None, map(catalogue.cuda.get, backends)):
            floor = least_driver(cuda, machine)
            floors[build.version] = min(floors.get(build.version, floor), floor, key=release)
    return max(floors, default=newest), floors


def _newer_driver(floor: str, machine: Machine, catalogue: Catalogue) -> tuple[str, ...]:
    """To update helps where NVIDIA still makes a driver for the card."""
    for card in cards_of(machine, "nvidia"):
        last = next((known.last_driver for known in find(card.name or "", catalogue.cards) if known.last_driver), None)
        if last and release(last).major < release(floor).major:
            return (f"{last} is the last driver branch for the {shown(card)}: an older torch is what it runs",)
    return (f"Install NVIDIA's driver {floor} or newer",)


def wsl(_seen: Conditions, state: DriverState) -> Verdict:
    """Under WSL the driver is Windows' alone."""
    if state.wsl is None:
        return Verdict("ok", "this is not WSL")
    return _wsl(state.wsl)


def _wsl(found: Wsl) -> Verdict:
    if not found.has_dxg:
        return Verdict(
            "warning",
            "/dev/dxg is not there: no card reaches WSL 1, nor a container that was started without --gpus all",
            ("wsl --set-version <distribution> 2  # in Windows; `wsl -l -v` lists the names", "wsl --update"),
        )
    if found.own_libcuda:
        return Verdict(
            "warning",
            f"{found.own_libcuda} comes from a Linux driver, which does not work under WSL and hides Windows' own",
            (f"dpkg -S {found.own_libcuda}  # names the package: take it out with apt",),
        )
    if not found.has_libcuda:
        return Verdict(
            "warning",
            "/usr/lib/wsl/lib/libcuda.so.1 is not there: Windows has no NVIDIA driver for WSL",
            ("Install NVIDIA's driver in Windows, none in Linux, then in Windows: wsl --shutdown",),
        )
    return Verdict("ok", "WSL 2 has /dev/dxg and Windows' libcuda")


CHECKS = (
    Check("driver-versions", "the NVIDIA driver in the kernel against its libraries", "driver", judged(versions)),
    Check("driver-devices", "the files in /dev that the driver is reached by", "driver", judged(devices)),
    Check("driver-age", "the NVIDIA driver against the newest torch", "driver", judged(age)),
    Check("kernel-driver", "cards that nouveau or no driver holds", "driver", judged(kernel_driver)),
    Check("container-runtime", "a container that the host's card was not let into", "driver", judged(container)),
    Check("wsl", "what Windows gives to WSL of its driver", "driver", judged(wsl)),
    *around_cuda.CHECKS,
)
