"""Machine literals for the tests of decisions: one ordinary machine, changed where a test says so."""

from __future__ import annotations

from envtool.facts import Driver, Gpu, Interpreter, Libc, Machine, OperatingSystem

RTX_3090 = Gpu("nvidia", "NVIDIA GeForce RTX 3090", compute_capability=(8, 6), memory_mib=24576)
GTX_1080 = Gpu("nvidia", "NVIDIA GeForce GTX 1080", compute_capability=(6, 1), memory_mib=8192)
RTX_5090 = Gpu("nvidia", "NVIDIA GeForce RTX 5090", compute_capability=(12, 0), memory_mib=32607)
RX_7900 = Gpu("amd", "Radeon RX 7900 XTX", architecture="gfx1100")
ARC = Gpu("intel", "Intel Arc A770", architecture="xe")

UBUNTU = OperatingSystem("Linux", distribution="ubuntu", version="22.04")
WINDOWS = OperatingSystem("Windows", version="11")


def linux(
    python: str = "3.12.7",
    driver: str | None = "580.95.05",
    *gpus: Gpu,
    arch: str = "x86_64",
    glibc: str = "2.35",
    os: OperatingSystem = UBUNTU,
) -> Machine:
    """A Linux machine; without cards an NVIDIA driver is left out too."""
    seen = Driver("nvidia", driver) if driver and any(gpu.vendor == "nvidia" for gpu in gpus) else None
    return Machine(os, arch, Libc("glibc", glibc), Interpreter("cpython", python), seen, gpus)


def windows(python: str = "3.12.7", driver: str | None = None, *gpus: Gpu, arch: str = "AMD64") -> Machine:
    seen = Driver("nvidia", driver) if driver else None
    return Machine(WINDOWS, arch, None, Interpreter("cpython", python), seen, gpus)


def macos(python: str = "3.12.7", version: str = "15.1", arch: str = "arm64") -> Machine:
    gpus = (Gpu("apple", "Apple M3", architecture="mps"),) if arch == "arm64" else ()
    system = OperatingSystem("Darwin", version=version)
    return Machine(system, arch, None, Interpreter("cpython", python), None, gpus)
