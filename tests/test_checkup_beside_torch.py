"""What goes with torch, each check red and green by making the fault in a little environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from torch_environment import NUMPY, PLANNED, TORCHVISION, Environment, torch_source

from envtool.checkup.check import Verdict

if TYPE_CHECKING:
    from pathlib import Path

posix_only = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "env")


class TestCompanions:
    def test_works(self, environment: Environment) -> None:
        environment.torch()
        environment.package("torchvision", "0.20.1+cpu", {"torchvision": TORCHVISION})
        verdict = environment.verdict("torchvision")
        assert verdict == Verdict("ok", "torchvision 0.20.1+cpu works beside torch 2.5.1+cpu")

    @pytest.mark.parametrize("source", ["raise {0}", TORCHVISION.replace(": boxes", ": exec('raise {0}')")])
    def test_fails(self, environment: Environment, source: str) -> None:
        environment.torch()
        failure = 'RuntimeError("operator torchvision::nms does not exist")'
        environment.package("torchvision", "0.21.0", {"torchvision": source.replace("{0}", failure)})
        verdict = environment.verdict("torchvision")
        assert verdict.status == "error"
        assert verdict.seen == (
            "torchvision 0.21.0 fails beside torch 2.5.1+cpu: RuntimeError: operator torchvision::nms does not exist"
        )
        [do] = verdict.do
        assert do == (
            f"{environment.python} -m pip install --force-reinstall --no-deps torchvision==0.20.1+cpu"
            " --index-url https://download.pytorch.org/whl/cpu"
        )

    @posix_only
    def test_crashes(self, environment: Environment) -> None:
        environment.torch()
        environment.package("torchaudio", "2.5.1+cpu", {"torchaudio": "import os\nos.abort()\n"})
        verdict = environment.verdict("torchaudio")
        assert verdict.status == "error"
        assert verdict.seen.endswith("was ended by SIGABRT and gave no answer")

    def test_of_another_torch(self, environment: Environment) -> None:
        environment.torch()
        environment.package("torchaudio", "2.4.0", {"torchaudio": "__version__ = '2.4.0'\n"})
        verdict = environment.verdict("torchaudio")
        assert (verdict.status, verdict.seen) == (
            "warning",
            "torchaudio 2.4.0 is made for another torch than 2.5.1+cpu",
        )

    def test_of_another_build(self, environment: Environment) -> None:
        environment.torch("2.5.1+cu124", torch_source("2.5.1+cu124", cuda="12.4"))
        environment.package("torchvision", "0.20.1+cpu", {"torchvision": TORCHVISION})
        verdict = environment.verdict("torchvision")
        assert verdict.status == "warning"
        assert "is built for cpu, and torch 2.5.1+cu124 is not" in verdict.seen
        assert "torchvision==0.20.1+cu124 --index-url" in verdict.do[0]

    def test_none_is_made_for_it(self, environment: Environment) -> None:
        environment.torch("2.14.1+cu132", torch_source("2.14.1+cu132", cuda="13.2"))
        environment.package("torchaudio", "2.4.0", {"torchaudio": "raise OSError('undefined symbol')"})
        [do] = environment.verdict("torchaudio").do
        assert "pip uninstall torchaudio  # no torchaudio is known that was made for torch 2.14.1+cu132" in do

    @pytest.mark.parametrize(
        ("torch", "companion", "fitting"),
        [
            ("1.13.1+cu117", "torchaudio", "torchaudio==0.13.1 "),  # until 2.0 its version had no tag
            ("2.0.0+cu118", "torchaudio", "torchaudio==2.0.1+cu118 --index-url"),
            ("2.15.0+cu132", "torchvision", "torchvision==0.29.2+cu132 --index-url"),
            ("1.8.1+rocm4.0.1", "torchvision", "pip uninstall torchvision  # no torchvision is known"),
            ("2.5.1", "torchaudio", "--no-deps torchaudio==2.5.1 "),  # of the registry, which knows no tags
            ("2.0.1+cu118", "torchaudio", "torchaudio==2.0.2+cu118 --index-url"),  # there is no torch 2.0.2
            ("1.13.1+cu117", "torchvision", "torchvision==0.14.1+cu117 --extra-index-url"),
        ],
    )
    def test_the_one_that_fits(self, environment: Environment, torch: str, companion: str, fitting: str) -> None:
        environment.torch(torch, torch_source(torch, cuda="11.8"))
        environment.package(companion, "0.1.0", {companion: "raise OSError('undefined symbol')"})
        assert fitting in environment.verdict(companion).do[0] + " "

    def test_without_torch(self, environment: Environment) -> None:
        environment.package("torchvision", "0.20.1", {"torchvision": TORCHVISION})
        assert environment.verdict("torchvision") == Verdict(
            "warning",
            "torchvision 0.20.1 is installed, and torch is not",
            (PLANNED.command,),
        )

    def test_each_for_itself(self, environment: Environment) -> None:
        environment.torch()
        environment.package("torchvision", "0.20.1+cpu", {"torchvision": "raise RuntimeError"})
        environment.package("torchaudio", "2.5.1+cpu", {"torchaudio": "__version__ = '2.5.1+cpu'\n"})
        assert (environment.verdict("torchvision").status, environment.verdict("torchaudio").status) == ("error", "ok")

    def test_beside_a_torch_that_is_gone(self, environment: Environment) -> None:
        environment.torch()
        environment.package("torchvision", "0.20.1+cpu", {"torchvision": TORCHVISION})
        shutil.rmtree(environment.site_packages / "torch")
        assert environment.verdict("torchvision").status == "unknown"

    def test_beside_a_broken_torch(self, environment: Environment) -> None:
        environment.torch(source="raise ImportError")
        environment.package("torchvision", "0.20.1+cpu", {"torchvision": TORCHVISION})
        assert environment.verdict("torchvision").status == "unknown"


class TestCudaLibraries:
    def test_one_cuda(self, environment: Environment) -> None:
        environment.torch()
        for name in ("nvidia-cublas-cu12", "nvidia-cudnn-cu12"):
            environment.package(name, "12.1")
        verdict = environment.verdict("cuda-libraries")
        assert verdict == Verdict("ok", "the 2 NVIDIA libraries that name their CUDA are all of CUDA 12")

    def test_that_share_files(self, environment: Environment) -> None:
        environment.torch("2.11.0", torch_source("2.11.0+cu130", cuda="13.0"))
        for name, version in (
            ("nvidia-cublas-cu12", "12.8.4.1"),
            ("nvidia-cudnn-cu12", "9.10.2.21"),
            ("nvidia-cudnn-cu13", "9.15.1.9"),
            ("nvidia-cuda-runtime", "13.0.96"),
        ):
            environment.package(name, version)
        verdict = environment.verdict("cuda-libraries")
        assert verdict.status == "warning"
        assert verdict.seen == (
            "there are NVIDIA libraries of CUDA 12 (2) and CUDA 13 (2), and those of cudnn overwrite one another's files"
        )
        pip = f"{environment.python} -m pip"
        assert verdict.do[0] == f"{pip} uninstall nvidia-cublas-cu12 nvidia-cudnn-cu12"
        assert verdict.do[1].startswith(f"{pip} install --force-reinstall --no-deps nvidia-cudnn-cu13==9.15.1.9")

    def test_beside_a_torch_that_carries_none(self, environment: Environment) -> None:
        environment.torch()
        environment.package("nvidia-cudnn-cu12", "9.10.2.21")
        environment.package("nvidia-cublas-cu13", "13.0")
        verdict = environment.verdict("cuda-libraries")
        assert verdict.status == "note"
        assert "uninstall nvidia-cudnn-cu12 " in verdict.do[0]

    def test_left_over(self, environment: Environment) -> None:
        environment.torch("2.5.1+cu124", torch_source("2.5.1+cu124", cuda="12.4"))
        environment.package("nvidia-cublas-cu12", "12.4.5.8")
        environment.package("nvidia-cusolver-cu13", "12.0")
        verdict = environment.verdict("cuda-libraries")
        assert verdict.status == "note"
        assert "uninstall nvidia-cusolver-cu13 " in verdict.do[0]


@pytest.fixture(scope="module")
def runtimes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with libraries that are called as OpenMP runtimes are."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("libraries to load need Linux and a C compiler")
    folder = tmp_path_factory.mktemp("openmp")
    for name in ("libiomp5.so", "libomp-a1b2.so.5", "libgomp.so.1", "libother.so"):
        subprocess.run([compiler, "-shared", "-o", str(folder / name), "-x", "c", os.devnull], check=True)
    return folder


def loads(library: Path) -> str:
    return f"import ctypes\nctypes.CDLL({str(library)!r})\n"


class TestOpenmp:
    @pytest.mark.parametrize(
        ("ours", "theirs", "status"),
        [
            ("libgomp.so.1", "libother.so", "ok"),
            ("libgomp.so.1", "libgomp.so.1", "ok"),
            ("libgomp.so.1", "libiomp5.so", "note"),
            ("libiomp5.so", "libomp-a1b2.so.5", "warning"),
        ],
    )
    def test_loaded(self, environment: Environment, runtimes: Path, ours: str, theirs: str, status: str) -> None:
        environment.torch(source=torch_source() + loads(runtimes / ours))
        environment.package("scikit-learn", "1.9", {"sklearn": loads(runtimes / theirs)})
        verdict = environment.verdict("openmp-runtimes")
        assert verdict.status == status
        assert str(runtimes / ours) in verdict.seen

    @posix_only
    def test_aborts(self, environment: Environment) -> None:
        environment.torch()
        words = "OMP: Error #15: Initializing libiomp5.so, but found libomp.so already initialized."
        environment.package("numpy", "1.26.4", {"numpy": f"import os\nos.write(2, b{words!r})\nos.abort()\n"})
        verdict = environment.verdict("openmp-runtimes")
        assert verdict.status == "error"
        assert words in verdict.seen
        assert environment.verdict("torch-import").status == "ok"
        verdict = environment.verdict("numpy-abi")
        assert (verdict.status, "with torch imported, numpy ended the process: " in verdict.seen) == ("error", True)
        assert verdict.do == (f"{environment.python} -m pip install --force-reinstall numpy",)

    @posix_only
    def test_another_end_proves_nothing_of_them(self, environment: Environment) -> None:
        environment.torch(source="import os\nos.abort()\n")
        verdict = environment.verdict("openmp-runtimes")
        assert (verdict.status, verdict.seen.startswith("at `import torch` the process ended: ")) == ("unknown", True)
        verdict = environment.verdict("numpy-abi")
        assert (verdict.status, verdict.do) == ("unknown", ())

    def test_one_on_disk_where_torch_loads_nothing(self, environment: Environment) -> None:
        environment.package("torch", "2.5.1", {"torch": "raise ImportError", "torch/lib/libgomp.so": ""})
        verdict = environment.verdict("openmp-runtimes")
        assert verdict.status == "ok"
        assert verdict.seen.endswith("/torch/lib/libgomp.so among the packages")

    def test_on_disk_where_torch_loads_nothing(self, environment: Environment) -> None:
        environment.package(
            "torch", "2.5.1", {"torch": "raise ImportError", "torch/lib/libgomp.so": "", "torch/lib/libiomp5.so": ""}
        )
        verdict = environment.verdict("openmp-runtimes")
        assert verdict.status == "unknown"
        assert f"{environment.site_packages.resolve()}/torch/lib/libiomp5.so" in verdict.seen


class TestNumpy:
    OLD = torch_source("2.2.2+cpu", from_numpy="raise RuntimeError('Numpy is not available')")

    def test_works(self, environment: Environment) -> None:
        environment.torch()
        environment.package("numpy", "2.1.0", {"numpy": NUMPY.format(version="2.1.0")})
        assert environment.verdict("numpy-abi") == Verdict("ok", "torch 2.5.1+cpu takes arrays of numpy 2.1.0")

    def test_2_for_a_torch_of_1(self, environment: Environment) -> None:
        environment.torch("2.2.2+cpu", self.OLD)
        environment.package("numpy", "2.1.0", {"numpy": NUMPY.format(version="2.1.0")})
        verdict = environment.verdict("numpy-abi")
        assert verdict.status == "error"
        assert verdict.seen == (
            "torch 2.2.2+cpu does not take arrays of numpy 2.1.0: RuntimeError: Numpy is not available;"
            " it was built for numpy 1"
        )
        assert verdict.do == (f'{environment.python} -m pip install "numpy<2"',)

    @pytest.mark.parametrize(("torch", "numpy"), [("2.5.1+cpu", "2.1.0"), ("2.2.2+cpu", "1.26.4")])
    def test_that_fails_for_another_reason(self, environment: Environment, torch: str, numpy: str) -> None:
        environment.torch(torch, torch_source(torch, from_numpy="raise RuntimeError('Numpy is not available')"))
        environment.package("numpy", numpy, {"numpy": NUMPY.format(version=numpy)})
        verdict = environment.verdict("numpy-abi")
        assert (verdict.status, verdict.seen.endswith("Numpy is not available")) == ("error", True)
        assert verdict.do == (PLANNED.command,)

    @pytest.mark.parametrize(
        ("torch", "numpy", "status"),
        [
            ("2.2.2+cpu", "2.1.0", "error"),
            ("2.2.2+cpu", "1.26.4", "unknown"),
            ("2.2.2+cpu", "of my own", "unknown"),
            ("2.3.0+cpu", "2.1.0", "unknown"),
        ],
    )
    def test_on_paper(self, environment: Environment, torch: str, numpy: str, status: str) -> None:
        environment.torch(torch, "raise ImportError")
        environment.package("numpy", numpy)
        assert environment.verdict("numpy-abi").status == status

    @pytest.mark.parametrize(
        ("torch", "wanted"), [("2.5.1+cpu", "numpy"), ("2.3.0+cpu", "numpy"), ("2.2.2+cpu", '"numpy<2"')]
    )
    def test_absent(self, environment: Environment, torch: str, wanted: str) -> None:
        environment.torch(torch, torch_source(torch))
        verdict = environment.verdict("numpy-abi")
        assert (verdict.status, verdict.do) == ("note", (f"{environment.python} -m pip install {wanted}",))

    @posix_only
    def test_one_that_ends_the_process(self, environment: Environment) -> None:
        environment.torch("2.2.2+cpu", torch_source("2.2.2+cpu"))
        environment.package("numpy", "1.26.4", {"numpy": "import os\nos.abort()\n"})
        verdict = environment.verdict("numpy-abi")
        assert verdict.status == "error"
        assert verdict.do == (f'{environment.python} -m pip install --force-reinstall "numpy<2"',)

    def test_broken(self, environment: Environment) -> None:
        environment.torch()
        environment.package("numpy", "2.1.0", {"numpy": "raise ImportError('_multiarray_umath')"})
        verdict = environment.verdict("numpy-abi")
        assert (verdict.status, verdict.seen) == (
            "error",
            "numpy cannot be imported: ImportError: _multiarray_umath",
        )
