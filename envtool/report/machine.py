"""A Machine as the JSON object that --machine reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envtool.facts import Gpu, Machine


def machine_fields(machine: Machine) -> dict[str, object]:
    return {
        "schema": 1,
        "os": _known(machine.os._asdict(), always=("system", "distribution", "version", "wsl")),
        "arch": machine.arch,
        "libc": machine.libc and machine.libc._asdict(),
        "python": machine.python._asdict(),
        "driver": machine.driver and _known(machine.driver._asdict(), always=("vendor", "version")),
        "gpus": None if machine.gpus is None else [_gpu_fields(gpu) for gpu in machine.gpus],
        "environment": dict(machine.environment),
        **dict(machine.extra),
    }


def _gpu_fields(gpu: Gpu) -> dict[str, object]:
    capability = gpu.compute_capability and "{}.{}".format(*gpu.compute_capability)
    fields = gpu._asdict() | {"compute_capability": capability}
    return _known(fields, always=("vendor", "name", "memory_mib"))


def _known(fields: dict[str, object], always: tuple[str, ...]) -> dict[str, object]:
    """Without those that say nothing, but for `always`."""
    return {name: value for name, value in fields.items() if name in always or value not in (None, ())}
