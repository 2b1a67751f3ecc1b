"""What was seen of the driver of the cards, and of what stands between it and torch."""

from __future__ import annotations

from typing import NamedTuple


class HeldCard(NamedTuple):
    """A card on the PCI bus and the kernel driver that holds it."""

    pci_id: str  # "10de:1b06"
    driver: str | None  # nvidia, nouveau, vfio-pci, amdgpu ...


class DeviceFile(NamedTuple):
    """A file in /dev that the driver is reached by."""

    path: str
    is_usable: bool  # may be read and written by who asks
    rights: str  # crw-rw---- root:video
    group: str | None  # whose members may use it; None: no group does


class Library(NamedTuple):
    """A library of CUDA in a folder of LD_LIBRARY_PATH."""

    path: str
    version: str | None  # as the file that it leads to is called: 12.2.140
    replaces: str | None  # the file of the same name that torch brings


class Nvcc(NamedTuple):
    """A compiler of CUDA."""

    path: str
    release: str | None  # 12.4
    trouble: str | None = None  # why it did not tell


class Toolkit(NamedTuple):
    """What a build of an extension finds of CUDA."""

    variable: str | None = None  # CUDA_HOME or CUDA_PATH, where one is set
    home: str | None = None  # what it says
    nvcc: Nvcc | None = None  # the one that torch's own rules choose
    on_path: Nvcc | None = None  # where PATH has another one


class Wsl(NamedTuple):
    """What Windows gives to its Linux."""

    has_dxg: bool  # /dev/dxg, through which the card is reached
    has_libcuda: bool  # in /usr/lib/wsl/lib
    own_libcuda: str | None  # one that a Linux package installed, which does not work there


class DriverState(NamedTuple):
    cards: tuple[HeldCard, ...] | None = None  # NVIDIA's and AMD's; None: there is no PCI bus to read
    module: str | None = None  # version of the NVIDIA kernel module that is loaded
    userspace: str | None = None  # version of the libcuda that is installed
    devices: tuple[DeviceFile, ...] = ()
    container: str | None = None  # what shows that this is one
    uuids: tuple[str, ...] | None = None  # of the NVIDIA cards
    libraries: tuple[Library, ...] = ()
    toolkit: Toolkit = Toolkit()
    wsl: Wsl | None = None
