"""What a build asks of cards and driver: the rules of NVIDIA and AMD, over the catalogue's facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from envtool.facts import release

if TYPE_CHECKING:
    from envtool.catalogue import Capabilities, Catalogue, CudaRelease
    from envtool.facts import Gpu, Machine

VENDOR_OF = {"cu": "nvidia", "rocm": "amd", "xpu": "intel"}
BRAND = {"nvidia": "NVIDIA", "amd": "AMD", "intel": "Intel", "apple": "Apple"}
CUDNN_9_SINCE = Version("2.4")  # cuDNN 9 has no kernels below compute capability 5.0


def vendor_of(backend: str) -> str | None:
    """Whose cards the backend drives; None for cpu."""
    return VENDOR_OF.get(backend.rstrip("0123456789."))


def least_driver(release_: CudaRelease, machine: Machine) -> str:
    """The floor of a CUDA build on this machine. WSL counts in Windows' driver numbers."""
    return release_.floor_windows if _windows_numbers(machine) else release_.floor_linux


def own_driver(release_: CudaRelease, machine: Machine) -> str:
    """The driver that came with the toolkit: from it on nothing is left to compatibility, and PTX can be compiled."""
    return release_.own_windows if _windows_numbers(machine) else release_.own_linux


def drives_natively(machine: Machine, backend: str, catalogue: Catalogue) -> bool:
    """Whether the driver is at least the one that came with the build's toolkit; always true without CUDA."""
    cuda = catalogue.cuda.get(backend)
    if cuda is None:
        return True
    driver = machine.driver.version if machine.driver else None
    return driver is not None and release(driver) >= release(own_driver(cuda, machine))


def has_cubin(capability: tuple[int, int], compiled: Capabilities) -> bool:
    """A cubin runs on its own minor version and every later one of the same major."""
    return any(cubin[0] == capability[0] and cubin <= capability for cubin in compiled.cubins)


def has_kernels(capability: tuple[int, int], compiled: Capabilities, *, may_compile: bool) -> bool:
    """By a cubin, or by PTX where the driver may compile it: one that is at least as new as the toolkit."""
    from_ptx = may_compile and any(ptx <= capability for ptx in compiled.ptx)
    return from_ptx or has_cubin(capability, compiled)


def is_left_out_by_cudnn(capability: tuple[int, int], torch: Version) -> bool:
    return capability < (5, 0) and torch >= CUDNN_9_SINCE


def cards_of(machine: Machine, vendor: str | None) -> tuple[Gpu, ...]:
    return tuple(gpu for gpu in machine.gpus or () if gpu.vendor == vendor)


def shown(gpu: Gpu) -> str:
    """A card as messages name it: NVIDIA GeForce GTX 1080 (6.1)."""
    what = gpu.architecture or (".".join(map(str, gpu.compute_capability)) if gpu.compute_capability else None)
    name = gpu.name or f"{BRAND[gpu.vendor]} card{f' {gpu.pci_id}' if gpu.pci_id else ''}"
    return f"{name} ({what})" if what else name


def _windows_numbers(machine: Machine) -> bool:
    return machine.os.system == "Windows" or machine.os.wsl
