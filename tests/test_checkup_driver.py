"""The checks of the driver: faults made in a tree that stands for the machine, with stand-ins for libraries and nvcc.

No test here has a GPU or a real driver.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from machine_tree import MachineTree
from machines import GTX_1080, RTX_3090, RX_7900, linux, macos, windows
from torch_environment import CATALOGUE, PLANNED

from envtool.checkup import CHECKS
from envtool.conditions import Conditions, Here
from envtool.facts import Driver, Package, Target
from envtool.surroundings import driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envtool.checkup.check import Verdict
    from envtool.facts import Machine

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the trees are of Linux machines")
PART = sorted(check.id for check in CHECKS.values() if check.part == "driver")
GPU = linux("3.12.7", "580.95.05", RTX_3090)
UUID = "GPU-5f8a33e2-1111-2222-3333-444455556666"
NOBODY = 65534


class Machined:
    """A machine's tree with an environment in it."""

    def __init__(self, root: Path) -> None:
        self.tree = MachineTree(root)
        self.packages: list[Package] = []

    def write(self, path: str, text: str = "") -> Path:
        return self.tree.write(path, text)

    def nvidia(self, version: str = "580.95.05") -> None:
        """A card with its driver, as it should be."""
        self.tree.device("10de:2204", "nvidia")
        self.write("sys/module/nvidia/version", f"{version}\n")
        for name in ("nvidia0", "nvidiactl", "nvidia-uvm"):
            self.write(f"dev/{name}")
        self.libcuda(version)

    def libcuda(self, version: str) -> None:
        file = self.write(f"usr/lib/x86_64-linux-gnu/libcuda.so.{version}")
        link = file.with_name("libcuda.so.1")
        link.unlink(missing_ok=True)
        link.symlink_to(file.name)

    def torch(self, version: str) -> None:
        self.packages.append(Package("torch", version))

    def verdict(self, check: str, machine: Machine = GPU, **environment: str) -> Verdict:
        here = self.here(machine, environment)
        return CHECKS[check].judge(Conditions(here, CATALOGUE, driver=driver.look(here)))

    def here(self, machine: Machine, environment: dict[str, str]) -> Here:
        packages, site = tuple(self.packages), str(self.tree.root / "env")
        target = Target(machine.python, machine.arch, machine.libc, "", "/env", True, False, site, packages)
        return Here(
            machine, target, "/env/bin/python", PLANNED, self.tree.root, environment, self.tree.root, online=False
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machined:
    return Machined(tmp_path)


@pytest.mark.parametrize("check", PART)
def test_a_machine_without_a_gpu(machine: Machined, check: str) -> None:
    assert machine.verdict(check, linux()).status == "ok"


@pytest.mark.parametrize("check", PART)
def test_a_healthy_machine(machine: Machined, check: str) -> None:
    machine.nvidia()
    assert machine.verdict(check).status == "ok"


@pytest.mark.parametrize("check", PART)
@pytest.mark.parametrize("other", [macos(), windows("3.12.7", "581.42", RTX_3090)])
def test_other_systems(machine: Machined, check: str, other: Machine) -> None:
    assert machine.verdict(check, other).status == "ok"


@pytest.mark.parametrize("check", PART)
def test_what_was_not_looked_at_is_unknown(machine: Machined, check: str) -> None:
    assert CHECKS[check].judge(Conditions(machine.here(GPU, {}), CATALOGUE)).status == "unknown"


class TestVersions:
    def test_after_an_upgrade(self, machine: Machined) -> None:
        machine.nvidia("580.82.07")
        machine.libcuda("580.95.05")
        verdict = machine.verdict("driver-versions")
        assert verdict.status == "error"
        assert verdict.seen == (
            "the NVIDIA module in the kernel is 580.82.07, its libraries are 580.95.05, as after an upgrade"
        )
        assert verdict.do[0].startswith("sudo reboot")

    def test_what_nvml_says_counts_first(self, machine: Machined) -> None:
        machine.nvidia("580.82.07")
        told = GPU._replace(driver=Driver("nvidia", "580.82.07", userspace_version="575.57.08"))
        assert "its libraries are 575.57.08" in machine.verdict("driver-versions", told).seen

    def test_in_a_container_a_reboot_is_not_for_us(self, machine: Machined) -> None:
        machine.nvidia("580.82.07")
        machine.libcuda("580.95.05")
        machine.write(".dockerenv")
        assert "Start the container anew" in machine.verdict("driver-versions").do[0]

    def test_no_library(self, machine: Machined) -> None:
        machine.nvidia()
        shutil.rmtree(machine.tree.root / "usr")
        assert machine.verdict("driver-versions").status == "unknown"


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read and write everything, so root tries as another."""
    if os.geteuid() != 0:
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


class TestDevices:
    @pytest.fixture
    def open_machine(self) -> Iterator[Machined]:
        """In a folder that everyone may enter."""
        folder = Path(tempfile.mkdtemp())
        folder.chmod(0o755)
        yield Machined(folder)
        shutil.rmtree(folder)

    def test_not_for_this_user(self, open_machine: Machined) -> None:
        open_machine.nvidia()
        (open_machine.tree.root / "dev/nvidia0").chmod(0o000)
        (open_machine.tree.root / "dev/nvidiactl").chmod(0o666)
        (open_machine.tree.root / "dev/nvidia-uvm").chmod(0o666)
        with as_nobody():
            verdict = open_machine.verdict("driver-devices")
        assert verdict.status == "error"
        assert verdict.seen.startswith("this user may not read and write /dev/nvidia0 (---------- ")
        assert verdict.do[0].startswith("sudo nvidia-modprobe")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file to another group")
    def test_for_a_group(self, open_machine: Machined) -> None:
        self.amd(open_machine)
        for name in ("kfd", "dri/renderD128"):
            device = open_machine.tree.root / "dev" / name
            os.chown(device, 0, 12345)
            device.chmod(0o660)
        with as_nobody():
            verdict = open_machine.verdict("driver-devices", linux("3.12.7", None, RX_7900))
        assert verdict.seen == (
            "this user may not read and write /dev/kfd (-rw-rw---- 12345), /dev/dri/renderD128 (-rw-rw---- 12345)"
        )
        assert verdict.do == ('sudo usermod -aG 12345 "$USER"  # then log out and in',)

    def amd(self, machine: Machined) -> None:
        machine.tree.device("1002:744c", "amdgpu")
        machine.write("dev/kfd")
        machine.write("dev/dri/renderD128")

    def test_amd(self, machine: Machined) -> None:
        self.amd(machine)
        amd = linux("3.12.7", None, RX_7900)
        assert machine.verdict("driver-devices", amd).status == "ok"
        (machine.tree.root / "dev/kfd").unlink()
        verdict = machine.verdict("driver-devices", amd)
        assert verdict.seen == "the driver is loaded, and /dev/kfd is not there"
        assert verdict.do[0].startswith("sudo modprobe amdgpu")

    def test_a_container_with_the_fourth_card_alone(self, machine: Machined) -> None:
        machine.nvidia()
        (machine.tree.root / "dev/nvidia0").rename(machine.tree.root / "dev/nvidia3")
        machine.write(".dockerenv")
        assert machine.verdict("driver-devices").status == "ok"

    def test_a_link_that_leads_nowhere(self, machine: Machined) -> None:
        machine.nvidia()
        (machine.tree.root / "dev/nvidia1").symlink_to("gone")
        assert machine.verdict("driver-devices").status == "ok"

    def test_integrated_graphics_beside_a_card_are_not_for_torch(self, machine: Machined) -> None:
        machine.nvidia()
        machine.tree.device("1002:164e", "amdgpu")
        assert machine.verdict("driver-devices").status == "ok"

    @pytest.mark.parametrize("system", [{"wsl": True}, {"jetson_l4t": "36.4"}])
    def test_systems_with_other_files(self, machine: Machined, system: dict[str, object]) -> None:
        machine.tree.device("10de:2204", "nvidia")
        other = GPU._replace(os=GPU.os._replace(**system))  # type: ignore[arg-type]  # as the fields are
        assert machine.verdict("driver-devices", other).status == "ok"

    def test_a_file_that_this_driver_does_not_need(self, open_machine: Machined) -> None:
        open_machine.nvidia()
        open_machine.write("dev/dri/renderD128").chmod(0o000)
        for name in ("nvidia0", "nvidiactl", "nvidia-uvm"):
            (open_machine.tree.root / "dev" / name).chmod(0o666)
        with as_nobody():
            assert open_machine.verdict("driver-devices").status == "ok"

    @pytest.mark.skipif(os.geteuid() != 0, reason="files of root's group are made by root")
    def test_of_roots_own_group(self, open_machine: Machined) -> None:
        self.amd(open_machine)
        for name in ("kfd", "dri/renderD128"):
            (open_machine.tree.root / "dev" / name).chmod(0o060)
        with as_nobody():
            verdict = open_machine.verdict("driver-devices", linux("3.12.7", None, RX_7900))
        assert verdict.status == "error"
        assert "usermod" not in " ".join(verdict.do)

    def test_missing(self, machine: Machined) -> None:
        machine.nvidia()
        (machine.tree.root / "dev/nvidia-uvm").unlink()
        verdict = machine.verdict("driver-devices")
        assert (verdict.status, verdict.seen) == ("error", "the driver is loaded, and /dev/nvidia-uvm is not there")
        assert verdict.do == ("sudo nvidia-modprobe -c 0 -u",)


class TestContainer:
    @pytest.mark.parametrize("sign", [".dockerenv", "run/.containerenv"])
    def test_without_the_runtime(self, machine: Machined, sign: str) -> None:
        machine.write(sign)
        machine.tree.device("10de:2204", "nvidia")
        machine.write("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  x\n")
        verdict = machine.verdict("container-runtime")
        assert verdict.status == "warning"
        assert verdict.seen == (
            f"in this container (/{sign}) the host's NVIDIA driver (580.95.05) shows, and /dev/nvidia* is not there"
        )
        assert verdict.do[0].startswith("docker run --gpus all")
        assert machine.verdict("driver-devices").status == "note"

    def test_devices_without_libraries(self, machine: Machined) -> None:
        machine.nvidia()
        shutil.rmtree(machine.tree.root / "usr")
        verdict = machine.verdict("container-runtime", KUBERNETES_SERVICE_HOST="10.0.0.1")
        assert verdict.status == "warning"
        assert "($KUBERNETES_SERVICE_HOST) /dev/nvidia* is there, and libcuda is not" in verdict.seen
        assert "NVIDIA_DRIVER_CAPABILITIES=compute" in verdict.do[0]

    @pytest.mark.parametrize(("wish", "status"), [("all", "note"), ("void", "ok"), ("none", "ok"), ("", "ok")])
    def test_wish_alone(self, machine: Machined, wish: str, status: str) -> None:
        machine.write(".dockerenv")
        assert machine.verdict("container-runtime", linux(), NVIDIA_VISIBLE_DEVICES=wish).status == status

    def test_amd(self, machine: Machined) -> None:
        machine.write(".dockerenv")
        machine.tree.device("1002:744c", "amdgpu")
        amd = linux("3.12.7", None, RX_7900)
        verdict = machine.verdict("container-runtime", amd)
        assert (verdict.status, verdict.do[0][:30]) == ("warning", "docker run --device /dev/kfd -")
        machine.write("dev/kfd")
        assert machine.verdict("container-runtime", amd).status == "ok"

    def test_a_card_without_a_version(self, machine: Machined) -> None:
        machine.write(".dockerenv")
        machine.tree.device("10de:2204", "nvidia")
        assert "NVIDIA driver (of unknown version) shows" in machine.verdict("container-runtime").seen

    def test_a_driver_without_a_bus(self, machine: Machined) -> None:
        machine.write(".dockerenv")
        shutil.rmtree(machine.tree.root / "sys")
        machine.write("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  x\n")
        assert "NVIDIA driver (580.95.05) shows" in machine.verdict("container-runtime").seen

    def test_wsl_has_other_files(self, machine: Machined) -> None:
        machine.write(".dockerenv")
        wsl = GPU._replace(os=GPU.os._replace(wsl=True))
        assert machine.verdict("container-runtime", wsl, NVIDIA_VISIBLE_DEVICES="all").status == "ok"

    def test_with_the_card(self, machine: Machined) -> None:
        machine.nvidia()
        machine.write(".dockerenv")
        assert machine.verdict("container-runtime").status == "ok"


class TestKernelDriver:
    @pytest.mark.parametrize(
        ("pci_id", "holder", "said", "do"),
        [
            (
                "10de:2204",
                "nouveau",
                "NVIDIA card 10de:2204 is held by nouveau, which serves no CUDA",
                "Install NVIDIA",
            ),
            (
                "10de:2204",
                None,
                "NVIDIA card 10de:2204 has no kernel driver, so no program reaches it",
                "Install NVIDIA",
            ),
            ("10de:2204", "vfio-pci", "is held by vfio-pci, which keeps it for a virtual machine", "Take the card out"),
            ("1002:744c", None, "AMD card 1002:744c has no kernel driver", "sudo modprobe amdgpu"),
        ],
    )
    def test_another_holds_it(self, machine: Machined, pci_id: str, holder: str | None, said: str, do: str) -> None:
        machine.tree.device(pci_id, holder)
        verdict = machine.verdict("kernel-driver")
        assert verdict.status == "warning"
        assert said in verdict.seen
        assert verdict.do[0].startswith(do)


class TestAge:
    @pytest.mark.parametrize(
        ("version", "status"), [("580.95.05", "ok"), ("579.0", "note"), ("525.60.13", "note"), ("340.108", "warning")]
    )
    def test_against_the_newest_torch(self, machine: Machined, version: str, status: str) -> None:
        verdict = machine.verdict("driver-age", linux("3.12.7", version, RTX_3090))
        assert verdict.status == status
        assert verdict.do == (("Install NVIDIA's driver 580 or newer",) if status != "ok" else ())

    def test_no_torch_is_built_for_the_machine(self, machine: Machined) -> None:
        other = linux("3.12.7", "580.95.05", RTX_3090, arch="riscv64")
        assert machine.verdict("driver-age", other).status == "unknown"

    def test_newest_that_it_serves(self, machine: Machined) -> None:
        verdict = machine.verdict("driver-age", linux("3.12.7", "525.60.13", RTX_3090))
        assert verdict.seen == (
            "driver 525.60.13 is below 580, the least for torch 2.15.0: torch 2.14.1 is the newest that it serves"
        )

    def test_no_newer_driver_is_made_for_the_card(self, machine: Machined) -> None:
        k80 = RTX_3090._replace(name="Tesla K80", compute_capability=(3, 7))
        [do] = machine.verdict("driver-age", linux("3.12.7", "470.256.02", k80)).do
        assert do.startswith("470 is the last driver branch for the Tesla K80 (3.7)")

    @pytest.mark.parametrize(
        "other",
        [
            GPU._replace(driver=Driver("amd", "6.12.12")),
            linux("3.12.7", "540.4.0", RTX_3090, os=GPU.os._replace(jetson_l4t="36.4")),
        ],
    )
    def test_other_drivers(self, machine: Machined, other: Machine) -> None:
        assert machine.verdict("driver-age", other).status == "ok"

    def test_exactly_the_floor(self, machine: Machined) -> None:
        assert machine.verdict("driver-age", linux("3.12.7", "580", RTX_3090)).status == "ok"

    def test_a_card_whose_last_driver_is_new_enough(self, machine: Machined) -> None:
        [do] = machine.verdict("driver-age", linux("3.12.7", "525.60.13", GTX_1080)).do
        assert do == "Install NVIDIA's driver 580 or newer"

    def test_unknown(self, machine: Machined) -> None:
        silent = GPU._replace(driver=Driver("nvidia", None))
        assert machine.verdict("driver-age", silent).status == "unknown"


class TestWsl:
    WSL = GPU._replace(os=GPU.os._replace(wsl=True))

    def windows(self, machine: Machined) -> None:
        machine.write("dev/dxg")
        machine.write("usr/lib/wsl/lib/libcuda.so.1")

    def test_whole(self, machine: Machined) -> None:
        self.windows(machine)
        link = machine.tree.root / "usr/lib/x86_64-linux-gnu/libcuda.so.1"
        link.parent.mkdir()
        link.symlink_to("../wsl/lib/libcuda.so.1")
        assert machine.verdict("wsl", self.WSL).status == "ok"

    def test_linux_driver_inside(self, machine: Machined) -> None:
        self.windows(machine)
        machine.libcuda("580.95.05")
        verdict = machine.verdict("wsl", self.WSL)
        assert verdict.status == "warning"
        assert verdict.do[0].startswith("dpkg -S /usr/lib/x86_64-linux-gnu/libcuda.so.1 ")

    @pytest.mark.parametrize(
        ("gone", "said"),
        [("dev/dxg", "/dev/dxg is not there"), ("usr/lib/wsl/lib/libcuda.so.1", "no NVIDIA driver for")],
    )
    def test_lacking(self, machine: Machined, gone: str, said: str) -> None:
        self.windows(machine)
        (machine.tree.root / gone).unlink()
        verdict = machine.verdict("wsl", self.WSL)
        assert verdict.status == "warning"
        assert said in verdict.seen


TWO = linux("3.12.7", "580.95.05", RTX_3090, GTX_1080)


class TestVisibleDevices:
    @pytest.mark.parametrize(
        ("value", "status", "shown"),
        [
            ("", "warning", 0),
            ("-1", "warning", 0),
            ("0,5", "warning", 1),
            ("NoDevFiles", "warning", 0),
            ("1", "note", 1),
            ("MIG-1", "note", 1),
            ("GPU-5f8a33e2", "note", 1),
            ("GPU-ffff", "warning", 0),
            ("1, 0", "ok", 2),
        ],
    )
    def test_mask(self, machine: Machined, value: str, status: str, shown: int) -> None:
        machine.write("proc/driver/nvidia/gpus/0000:01:00.0/information", f"Model: \t NVIDIA\nGPU UUID: \t {UUID}\n")
        verdict = machine.verdict("visible-devices", TWO, CUDA_VISIBLE_DEVICES=value)
        assert verdict.status == status
        if status != "ok":
            assert verdict.seen.startswith(f"CUDA_VISIBLE_DEVICES={value!r} shows torch {shown} of 2 NVIDIA cards")
            assert verdict.seen.endswith("hides what follows") == (status == "warning" and value != "")
            assert verdict.do == ("unset CUDA_VISIBLE_DEVICES",)

    def test_the_worst_of_several(self, machine: Machined) -> None:
        amd_too = linux("3.12.7", "580.95.05", RTX_3090, GTX_1080, RX_7900)
        masks = {"CUDA_VISIBLE_DEVICES": "1", "HIP_VISIBLE_DEVICES": "-1"}
        verdict = machine.verdict("visible-devices", amd_too, **masks)
        assert (verdict.status, verdict.seen.startswith("HIP_VISIBLE_DEVICES")) == ("warning", True)

    def test_what_is_said_where_all_is_well(self, machine: Machined) -> None:
        assert machine.verdict("visible-devices", TWO).seen.endswith("are not set")
        seen = machine.verdict("visible-devices", TWO, CUDA_VISIBLE_DEVICES="0,1").seen
        assert seen == "CUDA_VISIBLE_DEVICES=0,1 hides no card"

    def test_a_uuid_that_cannot_be_looked_up_may_be_right(self, machine: Machined) -> None:
        assert machine.verdict("visible-devices", TWO, CUDA_VISIBLE_DEVICES="GPU-ffff").status == "note"

    @pytest.mark.parametrize("name", ["HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"])
    def test_amd(self, machine: Machined, name: str) -> None:
        amd = linux("3.12.7", None, RX_7900)
        assert machine.verdict("visible-devices", amd, **{name: "1"}).status == "warning"
        assert machine.verdict("visible-devices", amd, **{name: "0"}).status == "ok"
        assert machine.verdict("visible-devices", linux(), **{name: "1"}).status == "ok"

    def test_windows(self, machine: Machined) -> None:
        verdict = machine.verdict("visible-devices", windows("3.12.7", "581.42", RTX_3090), CUDA_VISIBLE_DEVICES="-1")
        assert verdict.do == ("Remove-Item Env:CUDA_VISIBLE_DEVICES",)

    def test_cards_that_are_not_known(self, machine: Machined) -> None:
        blind = linux()._replace(gpus=None)
        assert machine.verdict("visible-devices", blind).status == "ok"
        assert machine.verdict("visible-devices", blind, CUDA_VISIBLE_DEVICES="0").status == "unknown"


class TestLibraryPath:
    def foreign(self, machine: Machined, name: str = "libcudart.so.12", full: str = "libcudart.so.12.2.140") -> str:
        file = machine.write(f"opt/cuda/lib64/{full}")
        file.with_name(name).symlink_to(full)
        return str(file.parent)

    def test_in_place_of_torchs(self, machine: Machined) -> None:
        own = machine.write("env/nvidia/cuda_runtime/lib/libcudart.so.12")
        folder = self.foreign(machine)
        verdict = machine.verdict("library-path", LD_LIBRARY_PATH=f"{folder}/:/usr/lib")
        assert verdict.status == "warning"
        assert verdict.seen == f"LD_LIBRARY_PATH may load {folder}/libcudart.so.12 (12.2.140) in place of {own}"
        assert verdict.do == ('export LD_LIBRARY_PATH="/usr/lib"',)

    def test_alone(self, machine: Machined) -> None:
        machine.write("env/nvidia/cuda_runtime/lib/libcudart.so.13")
        folder = self.foreign(machine, "libcudnn.so.8", "libcudnn.so.8.9.7")
        verdict = machine.verdict("library-path", LD_LIBRARY_PATH=folder)
        assert verdict.status == "note"
        assert f"{folder}/libcudnn.so.8 (8.9.7)" in verdict.seen

    def test_torchs_own_folder(self, machine: Machined) -> None:
        own = machine.write("env/nvidia/cuda_runtime/lib/libcudart.so.12")
        assert machine.verdict("library-path", LD_LIBRARY_PATH=str(own.parent)).status == "ok"

    def test_stub(self, machine: Machined) -> None:
        stub = machine.write("opt/cuda/lib64/stubs/libcuda.so.1")
        verdict = machine.verdict("library-path", LD_LIBRARY_PATH=str(stub.parent))
        assert verdict.status == "warning"
        assert "error 34" in verdict.seen
        assert verdict.do == ("unset LD_LIBRARY_PATH",)

    def test_the_link_that_a_compiler_takes_is_not_loaded(self, machine: Machined) -> None:
        stub = machine.write("opt/cuda/lib64/stubs/libcuda.so")
        assert machine.verdict("library-path", LD_LIBRARY_PATH=str(stub.parent)).status == "ok"

    def test_many(self, machine: Machined) -> None:
        for name in ("libcudart.so.12", "libcublas.so.12"):
            machine.write(f"env/nvidia/all/lib/{name}")
            folder = machine.write(f"opt/stubs/lib/{name}").parent
        assert "more" not in machine.verdict("library-path", LD_LIBRARY_PATH=str(folder)).seen
        machine.write("env/nvidia/all/lib/libcufft.so.11")
        machine.write("opt/stubs/lib/libcufft.so.11")
        assert machine.verdict("library-path", LD_LIBRARY_PATH=str(folder)).seen.endswith(" and 1 more")

    def test_links_in_a_circle(self, machine: Machined) -> None:
        link = machine.tree.root / "libcudart.so.12"
        link.symlink_to(link)
        assert machine.verdict("library-path", LD_LIBRARY_PATH=str(link.parent)).status == "note"

    def test_folders_that_are_not_there(self, machine: Machined) -> None:
        assert machine.verdict("library-path", LD_LIBRARY_PATH="/nowhere::relative").status == "ok"


class TestCudaToolkit:
    def nvcc(self, machine: Machined, folder: str, release: str) -> Path:
        script = f"echo 'Cuda compilation tools, release {release}, V{release}.1'"
        return machine.tree.program(f"{folder}/bin/nvcc", script).parent.parent

    @pytest.mark.parametrize(
        ("torch", "release", "status"),
        [
            ("2.5.1+cu124", "12.4", "ok"),
            ("2.5.1+cu124", "12.8", "ok"),
            ("2.5.1+cu124", "13.0", "warning"),
            ("2.5.1+cu124", "11.8", "warning"),
            ("2.5.1+cpu", "11.8", "ok"),
        ],
    )
    def test_against_torch(self, machine: Machined, torch: str, release: str, status: str) -> None:
        machine.torch(torch)
        home = self.nvcc(machine, "opt/cuda", release)
        verdict = machine.verdict("cuda-toolkit", CUDA_HOME=str(home))
        assert verdict.status == status
        assert verdict.seen.startswith(f"{home}/bin/nvcc is of CUDA {release}")
        assert ("cuda-toolkit=12.4" in " ".join(verdict.do)) == (status == "warning")

    def test_in_the_order_of_torchs_extension_builder(self, machine: Machined) -> None:
        usual, on_path = self.nvcc(machine, "usr/local/cuda", "11.8"), self.nvcc(machine, "opt/a", "12.4")
        named = self.nvcc(machine, "opt/b", "12.6")
        seen = machine.verdict("cuda-toolkit").seen
        assert seen.startswith(f"{usual}/bin/nvcc is of CUDA 11.8")
        seen = machine.verdict("cuda-toolkit", PATH=f"{on_path}/bin").seen
        assert seen.startswith(f"{on_path}/bin/nvcc is of CUDA 12.4")
        machine.torch("2.5.1+cu124")
        both = machine.verdict("cuda-toolkit", PATH=f"{on_path}/bin", CUDA_PATH=str(named))
        assert both.status == "note"
        assert both.seen.startswith(f"{named}/bin/nvcc is of CUDA 12.6 and {on_path}/bin/nvcc is of CUDA 12.4")

    def test_home_without_a_compiler(self, machine: Machined) -> None:
        verdict = machine.verdict("cuda-toolkit", CUDA_HOME="/nowhere")
        assert (verdict.status, verdict.do) == ("warning", ("unset CUDA_HOME",))
        on_path = self.nvcc(machine, "opt/a", "12.4")
        verdict = machine.verdict("cuda-toolkit", CUDA_HOME="/nowhere", PATH=f"{on_path}/bin")
        assert verdict.do == (f"export CUDA_HOME={on_path}",)

    def test_a_compiler_that_fails(self, machine: Machined) -> None:
        machine.tree.program("opt/cuda/bin/nvcc", "exit 3")
        verdict = machine.verdict("cuda-toolkit", CUDA_HOME=str(machine.tree.root / "opt/cuda"))
        assert verdict.status == "unknown"
        assert verdict.seen.endswith("bin/nvcc --version ended with status 3")
