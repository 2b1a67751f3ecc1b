"""The checks of torch in the target: each red and green by making the fault in a little environment."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import interpreters
import pytest
from machines import ARC, GTX_1080, RTX_3090, RX_7900, linux, macos
from torch_environment import CATALOGUE, PLANNED, TORCHVISION, Environment, torch_source

from envtool.checkup import CHECKS
from envtool.checkup.check import Verdict
from envtool.conditions import Conditions
from envtool.conditions.installed_torch import Device, Files, Halt, InstalledTorch, Torch
from envtool.surroundings import installed_torch

posix_only = pytest.mark.skipif(os.name != "posix", reason="signals")
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc/self/maps")
OTHERS = sorted(check.id for check in CHECKS.values() if check.part == "installed_torch" and check.id != "torch-import")


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "env")


class TestImport:
    def test_absent(self, environment: Environment) -> None:
        verdict = environment.verdict("torch-import")
        assert verdict.status == "note"
        assert verdict.seen.startswith("torch is not installed in ")
        assert verdict.do == (PLANNED.command,)

    @pytest.mark.parametrize("check", OTHERS)
    def test_the_other_checks_pass_where_it_is_absent(self, environment: Environment, check: str) -> None:
        assert environment.verdict(check).status == "ok"

    def test_works(self, environment: Environment) -> None:
        environment.torch()
        verdict = environment.verdict("torch-import")
        assert verdict.status == "ok"
        assert verdict.seen.startswith("torch 2.5.1+cpu was imported in 0.")

    def test_raises(self, environment: Environment) -> None:
        environment.torch(source="raise ImportError('libcudnn.so.9: cannot open shared object file')")
        verdict = environment.verdict("torch-import")
        assert verdict.status == "error"
        assert verdict.seen == (
            "torch 2.5.1+cpu cannot be imported: ImportError: libcudnn.so.9: cannot open shared object file"
        )
        assert verdict.do == (PLANNED.command,)

    def test_foreign_libraries_are_the_first_suspect(self, environment: Environment) -> None:
        environment.torch(source="raise ImportError('undefined symbol: __nvJitLinkComplete_12_4')")
        verdict = environment.verdict("torch-import", LD_LIBRARY_PATH="/usr/local/cuda/lib64")
        assert verdict.do[0].startswith("unset LD_LIBRARY_PATH")
        assert verdict.do[1:] == (PLANNED.command,)

    def test_foreign_folders_have_no_part_in_other_failures(self, environment: Environment) -> None:
        environment.torch(source="raise ImportError('cannot import name')")
        assert environment.verdict("torch-import", LD_LIBRARY_PATH="/opt").do == (PLANNED.command,)

    def test_the_same_build_is_put_in_anew(self, environment: Environment) -> None:
        environment.torch("2.14.1+cu126", "raise ImportError('half of it is missing')")
        assert environment.verdict("torch-import").do == (f"{PLANNED.command} --force-reinstall",)

    def test_recorded_and_gone(self, environment: Environment) -> None:
        environment.torch()
        shutil.rmtree(environment.site_packages / "torch")
        verdict = environment.verdict("torch-import")
        assert (verdict.status, verdict.seen) == (
            "error",
            "torch 2.5.1+cpu cannot be imported: ModuleNotFoundError: No module named 'torch'",
        )

    @posix_only
    @pytest.mark.parametrize("signal", ["SIGILL", "SIGSEGV"])
    def test_crash(self, environment: Environment, signal: str) -> None:
        environment.torch(source=f"import os, signal\nos.kill(os.getpid(), signal.{signal})\n")
        verdict = environment.verdict("torch-import")
        assert verdict.status == "error"
        assert verdict.seen.endswith(f"cannot be imported: {environment.python} was ended by {signal}")
        assert ("The processor lacks an instruction" in verdict.do[0]) == (signal == "SIGILL")

    def test_hang(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(installed_torch, "IMPORT_LIMIT_S", 1.0)
        environment.torch(source="import threading\nthreading.Event().wait()\n")
        verdict = environment.verdict("torch-import")
        assert verdict.status == "error"
        assert "did not end within 1 s" in verdict.seen
        assert "dump_traceback_later" in verdict.do[0]

    @pytest.mark.parametrize("python", interpreters.SUPPORTED.values(), ids=interpreters.SUPPORTED)
    def test_every_python(self, tmp_path: Path, python: str) -> None:
        environment = Environment(tmp_path / "env", python)
        environment.torch()
        environment.package("torchvision", "0.20.1+cpu", {"torchvision": TORCHVISION})
        for check in ("torch-import", "torch-files", "torchvision"):
            assert environment.verdict(check).status == "ok"


class TestBuild:
    def test_named(self, environment: Environment) -> None:
        environment.torch(source=torch_source("2.5.1+cu124", cuda="12.4"))
        assert environment.verdict("torch-build").seen == "torch 2.5.1+cu124 is built for CUDA 12.4 (cu124)"

    def test_another_torch_is_in_the_way(self, environment: Environment) -> None:
        environment.torch("2.5.1+cpu", torch_source("2.4.0+cpu"))
        verdict = environment.verdict("torch-build")
        assert verdict.status == "warning"
        assert verdict.seen.startswith("pip knows torch 2.5.1+cpu, and what is imported from ")
        assert verdict.seen.endswith(" is 2.4.0+cpu")

    def test_registrys_build_by_the_catalogue(self, environment: Environment) -> None:
        environment.torch("2.5.1", "raise ImportError")
        assert environment.verdict("torch-build").seen == "torch 2.5.1 is built for CUDA 12.4 (cu124)"

    def test_neither_says(self, environment: Environment) -> None:
        environment.torch("2.5.1+homemade", "raise ImportError")
        assert environment.verdict("torch-build", linux(arch="riscv64")).status == "unknown"


class TestDriver:
    @pytest.mark.parametrize(
        ("driver", "status"), [("525.60.13", "ok"), ("525.60.12", "error"), ("470.256.02", "error"), (None, "unknown")]
    )
    def test_floor(self, environment: Environment, driver: str | None, status: str) -> None:
        environment.torch("2.5.1+cu124", torch_source("2.5.1+cu124", cuda="12.4"))
        verdict = environment.verdict("torch-driver", linux("3.12.7", driver, RTX_3090))
        assert verdict.status == status
        assert "525.60.13" in verdict.seen
        assert bool(verdict.do) == (status == "error")

    def test_no_card(self, environment: Environment) -> None:
        environment.torch("2.5.1+cu124", torch_source("2.5.1+cu124", cuda="12.4"))
        assert environment.verdict("torch-driver").status == "ok"

    def test_what_does_not_compute_proves_nothing(self, environment: Environment) -> None:
        source = torch_source("2.5.1+cu124", cuda="12.4", device="NVIDIA A100", sum="raise RuntimeError")
        environment.torch("2.5.1+cu124", source)
        assert environment.verdict("torch-driver", linux("3.12.7", "470.1", RTX_3090)).status == "error"

    def test_a_build_that_carries_none(self, environment: Environment) -> None:
        environment.torch()
        verdict = environment.verdict("torch-driver", linux("3.12.7", "470.1", RTX_3090))
        assert (verdict.status, "carries no CUDA" in verdict.seen) == ("ok", True)

    def test_cards_that_are_not_known(self, environment: Environment) -> None:
        environment.torch("2.5.1+cu124", torch_source("2.5.1+cu124", cuda="12.4"))
        assert environment.verdict("torch-driver", linux()._replace(gpus=None)).status == "unknown"

    def test_jetson_counts_otherwise(self, environment: Environment) -> None:
        environment.torch("2.5.1+cu124", torch_source("2.5.1+cu124", cuda="12.4"))
        jetson = linux("3.12.7", "470.1", RTX_3090)
        jetson = jetson._replace(os=jetson.os._replace(jetson_l4t="36.4"))
        assert environment.verdict("torch-driver", jetson).status == "unknown"

    def test_what_computes_is_right(self, environment: Environment) -> None:
        environment.torch("2.5.1+cu124", torch_source("2.5.1+cu124", cuda="12.4", device="NVIDIA A100"))
        assert environment.verdict("torch-driver", linux("3.12.7", "470.1", RTX_3090)).status == "ok"


class TestGpu:
    def built(self, environment: Environment, kernels: str, **options: str) -> None:
        environment.torch(
            "2.8.0+cu128",
            torch_source("2.8.0+cu128", cuda="12.8", kernels=kernels, **options),
        )

    @pytest.mark.parametrize(
        ("kernels", "driver", "status"),
        [
            ("sm_61", "580.95.05", "ok"),
            ("sm_60 sm_70", "580.95.05", "ok"),
            ("sm_70 sm_120", "580.95.05", "error"),
            ("sm_62", "580.95.05", "error"),
            ("sm_37 compute_37", "580.95.05", "ok"),
            ("sm_37 compute_37", "525.60.13", "error"),  # older than CUDA 12.8: it may not compile
        ],
    )
    def test_as_torch_was_compiled(self, environment: Environment, kernels: str, driver: str, status: str) -> None:
        self.built(environment, kernels, gpu="return False")
        verdict = environment.verdict("torch-gpu", linux("3.12.7", driver, GTX_1080))
        assert verdict.status == ("warning" if status == "ok" else status)  # it finds no GPU, for there is none
        if status == "error":
            assert verdict.seen == (
                "torch 2.8.0+cu128 has no kernels for the NVIDIA GeForce GTX 1080 (6.1): it was built for " + kernels
            )
            assert verdict.do == (PLANNED.command,)

    def test_second_card_alone(self, environment: Environment) -> None:
        self.built(environment, "sm_86", device="NVIDIA GeForce RTX 3090")
        assert environment.verdict("torch-gpu", linux("3.12.7", "580.95.05", RTX_3090)).status == "ok"
        both = environment.verdict("torch-gpu", linux("3.12.7", "580.95.05", RTX_3090, GTX_1080))
        assert both.status == "error"
        assert "GTX 1080 (6.1)" in both.seen
        assert "3090" not in both.seen

    @pytest.mark.parametrize(("card", "status"), [(GTX_1080, "error"), (RTX_3090, "ok")])
    def test_by_the_catalogue_without_an_import(self, environment: Environment, card: object, status: str) -> None:
        environment.torch("2.8.0+cu128", "raise ImportError")
        machine = linux("3.12.7", "580.95.05", card)  # type: ignore[arg-type]  # a Gpu
        assert environment.verdict("torch-gpu", machine).status == status

    def test_tried_in_vain(self, environment: Environment) -> None:
        no_image = "raise RuntimeError('no kernel image is available for execution on the device')"
        self.built(environment, "sm_86", device="NVIDIA GeForce RTX 3090", sum=no_image)
        verdict = environment.verdict("torch-gpu", linux("3.12.7", "580.95.05", RTX_3090))
        assert verdict.status == "warning"
        assert "RuntimeError: no kernel image is available" in verdict.seen

    def test_torchs_own_reason(self, environment: Environment) -> None:
        warning = "import warnings; warnings.warn('CUDA unknown error'); return False"
        self.built(environment, "sm_86", gpu=warning)
        verdict = environment.verdict("torch-gpu", linux("3.12.7", "580.95.05", RTX_3090))
        assert verdict.seen == "torch 2.8.0+cu128 does not compute on the GPU: CUDA unknown error"

    def test_checks_that_are_named_exist(self, environment: Environment) -> None:
        self.built(environment, "sm_86", gpu="return False")
        [do] = environment.verdict("torch-gpu", linux("3.12.7", "580.95.05", RTX_3090)).do
        assert do.startswith("envtool doctor ")
        assert set(do.split()[2:]) <= set(CHECKS)

    def test_no_build_is_known(self, environment: Environment) -> None:
        self.built(environment, "sm_86")
        verdict = environment.verdict("torch-gpu", linux("3.12.7", "580.95.05", GTX_1080), None)
        assert (verdict.status, verdict.do[0][:24]) == ("error", "envtool install-torch  #")

    def test_gpu_that_hangs(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(installed_torch, "IMPORT_LIMIT_S", 1.0)
        self.built(environment, "sm_86", gpu="import threading; threading.Event().wait()")
        verdict = environment.verdict("torch-gpu", linux("3.12.7", "580.95.05", RTX_3090))
        assert verdict.status == "error"
        assert "did not come back from the GPU" in verdict.seen
        assert environment.verdict("torch-import").status == "ok"

    def test_unknown_cards_are_not_absent(self, environment: Environment) -> None:
        self.built(environment, "sm_86")
        blind = linux()._replace(gpus=None, notes=("NVML did not answer",))
        verdict = environment.verdict("torch-gpu", blind)
        assert (verdict.status, verdict.seen) == (
            "unknown",
            "whether there is a GPU could not be learnt; NVML did not answer",
        )

    def test_no_card(self, environment: Environment) -> None:
        self.built(environment, "sm_86")
        assert environment.verdict("torch-gpu").status == "ok"

    @pytest.mark.parametrize(("kernels", "status"), [("gfx90a gfx1100", "warning"), ("gfx90a:sramecc+", "error")])
    def test_amd(self, environment: Environment, kernels: str, status: str) -> None:
        environment.torch("2.8.0+rocm6.4", torch_source("2.8.0+rocm6.4", hip="6.4.43482", kernels=kernels))
        assert environment.verdict("torch-gpu", linux("3.12.7", None, RX_7900)).status == status

    @pytest.mark.parametrize(("pin", "status"), [("2.8.0+rocm6.4", "ok"), ("2.8.0+rocm9.9", "unknown")])
    def test_amd_by_the_catalogue(self, environment: Environment, pin: str, status: str) -> None:
        environment.torch(pin, "raise ImportError")
        assert environment.verdict("torch-gpu", linux("3.12.7", None, RX_7900)).status == status

    def test_a_card_that_is_made_to_pass_for_another(self, environment: Environment) -> None:
        environment.torch("2.8.0+rocm6.4", "raise ImportError")
        machine = linux("3.12.7", None, RX_7900._replace(architecture="gfx1103"))
        assert environment.verdict("torch-gpu", machine).status == "error"
        assert environment.verdict("torch-gpu", machine, HSA_OVERRIDE_GFX_VERSION="11.0.0").status == "unknown"

    def test_cudnn_leaves_kepler_out(self, environment: Environment) -> None:
        self.built(environment, "sm_37", gpu="return False")
        k80 = RTX_3090._replace(name="Tesla K80", compute_capability=(3, 7))
        assert environment.verdict("torch-gpu", linux("3.12.7", "580.95.05", k80)).status == "error"

    def test_a_card_of_unknown_capability(self, environment: Environment) -> None:
        environment.torch("2.8.0+cu128", "raise ImportError")
        card = RTX_3090._replace(compute_capability=None)
        assert environment.verdict("torch-gpu", linux("3.12.7", "580.95.05", card)).status == "unknown"

    def test_a_build_that_the_catalogue_does_not_know(self, environment: Environment) -> None:
        environment.torch("2.8.9+cu128", "raise ImportError")
        assert environment.verdict("torch-gpu", linux("3.12.7", "580.95.05", RTX_3090)).status == "unknown"

    def test_a_build_without_a_name(self, environment: Environment) -> None:
        environment.torch("2.8.9", "raise ImportError")
        machine = linux("3.12.7", "580.95.05", RTX_3090)
        for check in ("torch-driver", "torch-gpu", "torch-build"):
            assert environment.verdict(check, machine).status == "unknown"
        assert environment.verdict("torch-cpu-build", machine).status == "ok"

    def test_intel_card_for_a_cuda_build(self, environment: Environment) -> None:
        self.built(environment, "sm_86")
        assert environment.verdict("torch-gpu", linux("3.12.7", None, ARC)).status == "ok"


class TestCpuBuild:
    def test_leaves_a_card_idle(self, environment: Environment) -> None:
        environment.torch()
        verdict = environment.verdict("torch-cpu-build", linux("3.12.7", "580.95.05", RTX_3090))
        assert verdict == Verdict(
            "warning",
            "torch 2.5.1+cpu is a CPU build and leaves the NVIDIA GeForce RTX 3090 (8.6) idle",
            (PLANNED.command,),
        )

    def test_a_pin_that_pip_takes_for_met(self, environment: Environment) -> None:
        environment.torch("2.15.0+cpu")
        plain = PLANNED._replace(torch="2.15.0", command="pip install torch==2.15.0")
        verdict = environment.verdict("torch-cpu-build", linux("3.12.7", "595.58.03", RTX_3090), plain)
        assert verdict.do == ("pip install torch==2.15.0 --force-reinstall",)

    def test_no_build_serves_the_card(self, environment: Environment) -> None:
        environment.torch()
        verdict = environment.verdict("torch-cpu-build", linux("3.12.7", "580.95.05", RTX_3090), None)
        assert (verdict.status, verdict.do) == ("note", ())

    def test_planned_for_the_cpu(self, environment: Environment) -> None:
        environment.torch()
        cpu = PLANNED._replace(backend="cpu")
        assert environment.verdict("torch-cpu-build", linux("3.12.7", "580.95.05", RTX_3090), cpu).status == "note"

    def test_cards_that_are_not_known(self, environment: Environment) -> None:
        environment.torch()
        assert environment.verdict("torch-cpu-build", linux()._replace(gpus=None)).status == "unknown"

    def test_apple(self, environment: Environment) -> None:
        environment.torch()
        for check in ("torch-build", "torch-gpu"):
            assert "the Apple GPU" in environment.verdict(check, macos()).seen
            assert "the Apple GPU" not in environment.verdict(check).seen

    def test_no_card(self, environment: Environment) -> None:
        environment.torch()
        assert environment.verdict("torch-cpu-build").status == "ok"
        assert environment.verdict("torch-cpu-build", macos()).status == "ok"

    def test_a_cuda_build(self, environment: Environment) -> None:
        environment.torch(source=torch_source(cuda="12.4"))
        assert environment.verdict("torch-cpu-build", linux("3.12.7", "580.95.05", RTX_3090)).status == "ok"


class TestFiles:
    LIBRARY = "torch/lib/libtorch.so"

    @pytest.fixture
    def library(self, environment: Environment) -> Path:
        files: dict[str, str | bytes] = {
            "torch": torch_source(),
            self.LIBRARY: b"\x7fELF" * 100,
            "torch/hub.py": "# a hub\n",
        }
        environment.package("torch", "2.5.1+cpu", files)
        return environment.site_packages / self.LIBRARY

    @pytest.mark.usefixtures("library")
    def test_whole(self, environment: Environment) -> None:
        verdict = environment.verdict("torch-files")
        assert verdict == Verdict("ok", "3 files of torch and its libraries are as they were installed")

    def test_truncated(self, environment: Environment, library: Path) -> None:
        os.truncate(library, 100)
        verdict = environment.verdict("torch-files")
        assert verdict.status == "error"
        assert verdict.seen == f"{self.LIBRARY} of torch has 100 bytes and was installed with 400"
        [do] = verdict.do
        assert do == (
            f"{environment.python} -m pip install --force-reinstall --no-deps torch==2.5.1+cpu"
            " --index-url https://download.pytorch.org/whl/cpu"
        )

    def test_what_is_damaged_is_put_back_where_the_import_fails(self, environment: Environment, library: Path) -> None:
        library.unlink()
        (environment.site_packages / "torch/__init__.py").write_text("raise ImportError('libtorch.so')")
        assert environment.verdict("torch-import").do == environment.verdict("torch-files").do

    @pytest.mark.parametrize(("number", "ending"), [(5, "; and 2 more"), (3, "part2.py of torch is gone")])
    def test_many(self, environment: Environment, number: int, ending: str) -> None:
        files = {f"torch/part{part}.py": "" for part in range(number)}
        environment.package("torch", "2.5.1+cpu", files)
        shutil.rmtree(environment.site_packages / "torch")
        assert environment.verdict("torch-files").seen.endswith(ending)

    def test_gone(self, environment: Environment, library: Path) -> None:
        library.unlink()
        verdict = environment.verdict("torch-files")
        assert (verdict.status, verdict.seen) == ("error", f"{self.LIBRARY} of torch is gone")

    @pytest.mark.usefixtures("library")
    def test_edited_by_hand(self, environment: Environment) -> None:
        (environment.site_packages / "torch/hub.py").write_text("# mine\nprint()\n")
        assert environment.verdict("torch-files").status == "warning"

    def test_conda_changes_what_it_installs(self, environment: Environment, library: Path) -> None:
        (environment.site_packages / "torch-2.5.1+cpu.dist-info/INSTALLER").write_text("conda\n")
        os.truncate(library, 100)
        assert environment.verdict("torch-files").status == "ok"

    def test_no_record(self, environment: Environment) -> None:
        environment.torch()
        (environment.site_packages / "torch-2.5.1+cpu.dist-info/RECORD").unlink()
        assert environment.verdict("torch-files").status == "unknown"

    @pytest.mark.usefixtures("library")
    def test_in_bounded_time(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(installed_torch, "FILES_LIMIT_S", 0.0)
        verdict = environment.verdict("torch-files")
        assert (verdict.status, verdict.seen[:8]) == ("unknown", "0 files ")


def judge(check: str, environment: Environment, found: InstalledTorch | None) -> str:
    return CHECKS[check].judge(Conditions(environment.here(), CATALOGUE, installed_torch=found)).status


def test_what_was_not_seen_is_unknown(environment: Environment) -> None:
    environment.torch()
    halted = InstalledTorch(Torch(), Device(), halt=Halt("start", "could not be started"))
    assert {check: judge(check, environment, None) for check in OTHERS} == dict.fromkeys(OTHERS, "unknown")
    assert judge("torch-files", environment, halted) == "unknown"
    assert judge("torch-import", environment, halted) == "error"
    assert judge("openmp-runtimes", environment, halted._replace(halt=None, files=Files())) == "ok"


REAL = importlib.util.find_spec("torch") is not None


@pytest.mark.slow
@pytest.mark.skipif(not REAL, reason="the Python that runs the tests has no torch")
class TestRealTorch:
    def here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_path: Path | None = None) -> Environment:
        """The environment that runs the tests, with a folder before its own."""
        if on_path:
            monkeypatch.setenv("PYTHONPATH", str(on_path))
        environment = Environment(tmp_path / "unused")
        environment.python = sys.executable
        return environment

    def test_green(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        environment = self.here(tmp_path, monkeypatch)
        for check in ("torch-import", "torch-build", "torch-gpu", "torch-files", "numpy-abi"):
            assert environment.verdict(check).status == "ok"

    def test_torchvision_of_another_torch(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        wheels = tmp_path / "wheels"
        install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(wheels)]
        ran = subprocess.run([*install, "torchvision==0.21.0", "pillow"], capture_output=True, text=True, check=False)
        if ran.returncode:
            pytest.skip(f"torchvision 0.21.0 cannot be had for this Python: {ran.stderr.strip().splitlines()[-1]}")
        verdict = self.here(tmp_path, monkeypatch, wheels).verdict("torchvision")
        assert verdict.status == "error"
        assert "operator torchvision::nms does not exist" in verdict.seen

    @linux_only
    def test_truncated_library(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        spec = importlib.util.find_spec("torch")
        assert spec is not None
        torch = Path(str(spec.origin)).parent
        shutil.copytree(torch, tmp_path / "site/torch", copy_function=os.symlink)
        [info] = torch.parent.glob("torch-*.dist-info")
        shutil.copytree(info, tmp_path / "site" / info.name)
        library = tmp_path / "site/torch/lib/libtorch_python.so"
        start = (torch / "lib/libtorch_python.so").read_bytes()[: 1 << 20]
        library.unlink()
        library.write_bytes(start)
        environment = self.here(tmp_path, monkeypatch, tmp_path / "site")
        assert environment.verdict("torch-import").status == "error"
        verdict = environment.verdict("torch-files")
        assert verdict.status == "error"
        assert verdict.seen.startswith("torch/lib/libtorch_python.so of torch has 1048576 bytes and was installed with")
