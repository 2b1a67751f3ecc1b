"""What was seen of torch as it is installed in the target, and of what works with it there."""

from __future__ import annotations

from typing import NamedTuple


class Torch(NamedTuple):
    """What the imported torch says of itself; the rest is None where `error` says why it could not be imported."""

    error: str | None = None
    is_absent: bool = False  # there is no torch
    version: str | None = None  # 2.5.1+cu124
    build: str | None = None  # cu124, rocm6.2, xpu, cpu
    file: str | None = None
    kernels: tuple[str, ...] = ()  # sm_80, compute_90, gfx1100; none where it does not tell
    seconds: float | None = None  # that the import took


class Device(NamedTuple):
    """The first GPU that torch finds, and why it does not compute there."""

    name: str | None = None
    error: str | None = None


class Numpy(NamedTuple):
    version: str | None = None
    error: str | None = None  # of its import, or of torch taking an array


class Halt(NamedTuple):
    """Where the process that tried it all died or hung."""

    doing: str  # import torch, compute on the GPU, import numpy ...
    ending: str


class Companion(NamedTuple):
    """torchvision or torchaudio, as installed, and what came of trying it beside torch."""

    name: str
    version: str
    error: str | None = None


class Damage(NamedTuple):
    """A file that is not as it was installed."""

    package: str
    file: str
    recorded: int  # bytes
    found: int | None  # None: it is gone


class Files(NamedTuple):
    """The files of torch and of the libraries it loads, against what their installer recorded."""

    looked: int = 0
    is_whole: bool = True  # False: the time was over before all were looked at
    damages: tuple[Damage, ...] = ()
    openmp: tuple[str, ...] = ()  # OpenMP runtimes on disk, of any package


class InstalledTorch(NamedTuple):
    torch: Torch
    device: Device = Device()
    numpy: Numpy | None = None  # None: not tried
    openmp: tuple[str, ...] | None = None  # OpenMP runtimes in one process with torch, numpy, scipy and scikit-learn
    halt: Halt | None = None
    companions: tuple[Companion, ...] = ()  # those that are installed
    files: Files | None = None  # None: could not be looked at
