from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from machine_tree import MachineTree

from envtool.facts import Gpu, OperatingSystem

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def mac(tmp_path: Path, said: str, status: int = 0) -> MachineTree:
    tree = MachineTree(tmp_path)
    tree.program("usr/sbin/sysctl", f"cat <<'END'\n{said}\nEND\necho 'sysctl: unknown oid' >&2\nexit {status}")
    return tree


def test_an_apple_processor(tmp_path: Path) -> None:
    said = """\
kern.osproductversion: 14.6.1
hw.optional.arm64: 1
sysctl.proc_translated: 0
machdep.cpu.brand_string: Apple M3 Pro
hw.memsize: 19327352832"""
    seen = mac(tmp_path, said).look("Darwin", PATH="/bin:/usr/bin")
    assert seen.os == OperatingSystem("Darwin", version="14.6.1")
    assert seen.gpus == (Gpu("apple", "Apple M3 Pro", architecture="mps", memory_mib=18432),)
    assert seen.driver is None
    assert seen.notes == ()


def test_a_translated_python_is_told_so(tmp_path: Path) -> None:
    said = """\
kern.osproductversion: 15.1
sysctl.proc_translated: 1
machdep.cpu.brand_string: VirtualApple @ 2.50GHz
hw.memsize: 17179869184"""
    seen = mac(tmp_path, said, status=1).look("Darwin")
    assert seen.gpus == (Gpu("apple", None, architecture="mps", memory_mib=16384),)
    assert "Rosetta" in seen.notes[0]


def test_an_intel_mac_has_no_gpu_for_torch(tmp_path: Path) -> None:
    said = "kern.osproductversion: 13.7\nmachdep.cpu.brand_string: Intel(R) Core(TM) i7-9750H\nhw.memsize: 17179869184"
    seen = mac(tmp_path, said, status=1).look("Darwin")
    assert seen.os.version == "13.7"
    assert (seen.gpus, seen.notes) == ((), ())


def test_a_mac_that_does_not_answer_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "mac_ver", lambda: ("14.5", ("", "", ""), "arm64"))
    seen = MachineTree(tmp_path).look("Darwin")
    assert seen.os.version == "14.5"
    assert seen.gpus is None
    assert "sysctl did not answer" in seen.notes[0]
