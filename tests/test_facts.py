"""Facts: the machine file as it is written down, and one machine from what was seen."""

from __future__ import annotations

import json

import pytest

from envtool.errors import MachineUnreadable
from envtool.facts import (
    Driver,
    Gpu,
    Host,
    Interpreter,
    Libc,
    Machine,
    OperatingSystem,
    Package,
    Target,
    machine_of,
    parse_capability,
    parse_machine,
)

FILE = {
    "schema": 1,
    "os": {"system": "Linux", "distribution": "ubuntu", "version": "22.04", "wsl": True, "jetson_l4t": None},
    "arch": "x86_64",
    "libc": {"name": "glibc", "version": "2.35"},
    "python": {
        "implementation": "CPython",
        "version": "3.13.2",
        "free_threaded": True,
        "executable": "/usr/bin/python3",
    },
    "driver": {"vendor": "nvidia", "version": "525.105.17", "userspace_version": "525.85.12"},
    "gpus": [
        {"vendor": "nvidia", "name": "NVIDIA GeForce RTX 3090", "compute_capability": "8.6", "memory_mib": 24576},
        {"vendor": "amd", "name": None, "architecture": "gfx1100", "slot": 3},
    ],
    "environment": {"CUDA_VISIBLE_DEVICES": None, "HSA_OVERRIDE_GFX_VERSION": "11.0.0"},
    "rack": {"row": 7},
}
TARGET = Target(
    python=Interpreter("cpython", "3.12.7", executable="/env/bin/python"),
    arch="x86_64",
    libc=Libc("glibc", "2.35"),
    platform="linux-x86_64",
    prefix="/env",
    is_venv=True,
    externally_managed=False,
    site_packages="/env/lib/python3.12/site-packages",
    packages=(Package("pip", "25.1"),),
)


def test_a_machine_file_is_read_whole() -> None:
    assert parse_machine(json.dumps(FILE), "machine.json") == Machine(
        os=OperatingSystem("Linux", "ubuntu", "22.04", wsl=True),
        arch="x86_64",
        libc=Libc("glibc", "2.35"),
        python=Interpreter("cpython", "3.13.2", free_threaded=True, executable="/usr/bin/python3"),
        driver=Driver("nvidia", "525.105.17", "525.85.12"),
        gpus=(
            Gpu("nvidia", "NVIDIA GeForce RTX 3090", compute_capability=(8, 6), memory_mib=24576),
            Gpu("amd", None, architecture="gfx1100"),
        ),
        environment=(("CUDA_VISIBLE_DEVICES", None), ("HSA_OVERRIDE_GFX_VERSION", "11.0.0")),
        extra=(("rack", {"row": 7}),),
    )


def test_none_is_unknown_and_empty_is_none_there() -> None:
    assert parse_machine(json.dumps({**FILE, "gpus": None}), "x").gpus is None
    assert parse_machine(json.dumps({**FILE, "gpus": []}), "x").gpus == ()


def test_a_flag_is_no_number() -> None:
    with pytest.raises(MachineUnreadable, match=r"gpus\[0\]\.memory_mib should be a whole number, found true"):
        parse_machine(json.dumps({**FILE, "gpus": [{"vendor": "nvidia", "memory_mib": True}]}), "x")


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(MachineUnreadable) as unreadable:
        parse_machine(json.dumps({**FILE, "arch": ["x"] * 1000}), "x")
    assert len(str(unreadable.value)) < 150


@pytest.mark.parametrize(
    ("version", "free_threaded", "tag"),
    [("3.9.18", False, "cp39"), ("3.13.2", True, "cp313t"), ("3.15.0a3", False, "cp315")],
)
def test_the_tag_of_an_interpreter(version: str, free_threaded: bool, tag: str) -> None:
    assert Interpreter("cpython", version, free_threaded).tag == tag


def test_capabilities() -> None:
    assert parse_capability("12.0") == (12, 0)
    with pytest.raises(ValueError, match="invalid literal"):
        parse_capability("sm_90")


def test_a_machine_is_its_host_and_its_target() -> None:
    host = Host(OperatingSystem("Linux"), Driver("nvidia", "580.95.05"), (), (("A", "b"),), ("seen",))
    machine = machine_of(host, TARGET)
    assert machine == Machine(
        host.os, "x86_64", TARGET.libc, TARGET.python, host.driver, (), host.environment, ("seen",)
    )


def test_a_target_without_pip_is_said() -> None:
    host = Host(OperatingSystem("Linux"), None, ())
    [note] = machine_of(host, TARGET._replace(packages=())).notes
    assert note == "/env has no pip: `/env/bin/python -m ensurepip` adds it, --format uv does without"
