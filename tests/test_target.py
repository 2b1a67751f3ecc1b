"""Which interpreter is asked, what it answers, and what torch sees in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import interpreters
import pytest

from envtool import target
from envtool.errors import TargetUnusable
from envtool.target import Chosen, TorchSeen, choose, inspect, sees_gpu

OWN = "/opt/envtool/bin/python"
posix_only = pytest.mark.skipif(os.name != "posix", reason="shell scripts and links")


def program(path: Path, content: str = "#!/bin/sh\n") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    path.chmod(0o755)
    return str(path)


def environment(folder: Path) -> str:
    """What `choose` takes for an environment; its interpreter."""
    return program(folder / "bin/python")


class TestChoose:
    def test_order(self, tmp_path: Path) -> None:
        virtual = environment(tmp_path / "virtual")
        local = environment(tmp_path / "here/.venv")
        conda = environment(tmp_path / "conda")
        variables = {"VIRTUAL_ENV": str(tmp_path / "virtual"), "CONDA_PREFIX": str(tmp_path / "conda"), "PATH": ""}
        conda_only = {**variables, "VIRTUAL_ENV": ""}
        here, elsewhere = tmp_path / "here", tmp_path
        assert choose(conda, variables, here, OWN) == Chosen(conda, "--python", active=False)
        assert choose(None, variables, here, OWN) == Chosen(virtual, "$VIRTUAL_ENV", active=True)
        assert choose(None, conda_only, here, OWN) == Chosen(local, ".venv", active=False)
        assert choose(None, conda_only, elsewhere, OWN) == Chosen(conda, "$CONDA_PREFIX", active=True)
        assert choose(None, {}, elsewhere, OWN) == Chosen(
            OWN, "the one that runs envtool; --python names another", active=False
        )

    @pytest.mark.parametrize("variable", ["VIRTUAL_ENV", "CONDA_PREFIX"])
    def test_an_active_environment_that_is_gone_is_not_passed_over(self, tmp_path: Path, variable: str) -> None:
        gone = str(tmp_path / "gone")
        with pytest.raises(TargetUnusable) as raised:
            choose(None, {variable: gone}, tmp_path, OWN)
        assert f"${variable} is {gone}, and there is no Python in it" in str(raised.value)

    def test_an_empty_venv_folder_is_passed_over(self, tmp_path: Path) -> None:
        (tmp_path / ".venv").mkdir()
        assert choose(None, {}, tmp_path, OWN).executable == OWN

    @posix_only
    def test_a_venv_whose_python_is_gone_is_not_passed_over(self, tmp_path: Path) -> None:
        link = tmp_path / ".venv/bin/python"
        link.parent.mkdir(parents=True)
        link.symlink_to(tmp_path / "python3.5")
        assert choose(None, {}, tmp_path, OWN).executable == str(link)

    @pytest.mark.parametrize("inside", ["bin/python", "bin/python3", "Scripts/python.exe", "python.exe"])
    @pytest.mark.parametrize("asked", ["env", "./env", "{root}/env"])
    def test_python_names_an_environment(self, tmp_path: Path, asked: str, inside: str) -> None:
        python = program(tmp_path / "env" / inside)
        program(tmp_path / "on path/env")  # /usr/bin/env is no answer to `--python env`
        chosen = choose(asked.format(root=tmp_path), {"PATH": str(tmp_path / "on path")}, tmp_path, OWN)
        assert chosen == Chosen(python, "--python", active=False)

    @pytest.mark.parametrize("asked", ["my python", "./my python", "{root}/my python", "../{name}/my python"])
    def test_python_names_a_file(self, tmp_path: Path, asked: str) -> None:
        python = program(tmp_path / "my python")
        chosen = choose(asked.format(root=tmp_path, name=tmp_path.name), {"PATH": ""}, tmp_path, OWN)
        assert os.path.realpath(chosen.executable) == os.path.realpath(python)
        assert Path(chosen.executable).is_absolute()

    def test_a_tilde_is_the_home_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        python = environment(tmp_path / "home/env")
        for variable in ("HOME", "USERPROFILE"):
            monkeypatch.setenv(variable, str(tmp_path / "home"))
        assert choose("~/env", {}, tmp_path, OWN).executable == python

    @posix_only
    @pytest.mark.parametrize("asked", ["python3.9", "3.9"])
    def test_python_names_a_program_on_path(self, tmp_path: Path, asked: str) -> None:
        python = program(tmp_path / "tools/python3.9")
        (tmp_path / "python3.9").mkdir()  # a folder that is no environment stands in nobody's way
        assert choose(asked, {"PATH": str(tmp_path / "tools")}, tmp_path, OWN).executable == python

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ("3.9", "There is no python3.9 on PATH"),
            ("pypy3", "There is no pypy3 on PATH"),
            ("folder", "{root}/folder is a folder but no environment"),
            ("{root}", "{root} is a folder but no environment"),
        ],
    )
    def test_names_that_lead_nowhere(self, tmp_path: Path, asked: str, said: str) -> None:
        (tmp_path / "folder").mkdir()
        with pytest.raises(TargetUnusable) as raised:
            choose(asked.format(root=tmp_path), {"PATH": ""}, tmp_path, OWN)
        message = str(raised.value).replace("\\", "/")
        assert message.startswith(said.format(root=tmp_path.as_posix()))
        assert message.endswith("with --python")


def refusal(executable: str) -> str:
    with pytest.raises(TargetUnusable) as raised:
        inspect(executable)
    return str(raised.value)


def writes(answer: str, end: str = "") -> str:
    return f"#!/bin/sh\ncat > \"$2\" <<'END'\n{answer}\nEND\n{end}"


class TestInspect:
    def test_own_interpreter(self) -> None:
        seen = inspect(sys.executable)
        assert seen.python.executable == sys.executable
        assert seen.prefix == sys.prefix
        assert "pytest" in {package.name for package in seen.packages}

    @posix_only
    def test_path_with_spaces_and_letters_of_all_kinds(self, tmp_path: Path) -> None:
        folder = tmp_path / "my önv 环境"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        seen = inspect(choose(str(folder), {}, tmp_path, OWN).executable)
        assert (seen.prefix, seen.is_venv) == (str(folder), True)

    def test_the_current_folder_is_not_on_its_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(tmp_path / "here.egg-info/PKG-INFO", "Name: here\nVersion: 1\n")
        program(tmp_path / "sitecustomize.py", "raise SystemExit(9)")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PYTHONPATH", ".")
        assert "here" not in {package.name for package in inspect(sys.executable).packages}

    def test_pythonpath_is_a_fact(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(tmp_path / "there.egg-info/PKG-INFO", "Name: there\nVersion: 1\n")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        assert "there" in {package.name for package in inspect(sys.executable).packages}

    @posix_only
    def test_absent(self, tmp_path: Path) -> None:
        python = str(tmp_path / "python")
        assert refusal(python) == f"{python} could not be started: No such file or directory\n{target.ADVICE}"

    @posix_only
    def test_link_to_a_python_that_is_gone(self, tmp_path: Path) -> None:
        link, gone = tmp_path / "python", tmp_path / "python3.5"
        link.symlink_to(gone)
        assert refusal(str(link)).startswith(f"{link} leads to {gone}, which is not there: make this environment anew")

    @posix_only
    def test_text_file(self, tmp_path: Path) -> None:
        text = tmp_path / "notes.txt"
        text.write_text("import torch\n")
        assert refusal(str(text)).startswith(f"{text} could not be started: Permission denied")
        assert refusal(program(text, "import torch\n")).startswith(f"{text} could not be started: Exec format error")

    @posix_only
    def test_folder(self, tmp_path: Path) -> None:
        assert refusal(str(tmp_path)).startswith(f"{tmp_path} could not be started: Permission denied")

    @posix_only
    @pytest.mark.parametrize(("name", "status"), [("true", 0), ("false", 1), ("cat", 1), ("rm", 1), ("tee", 0)])
    def test_programs_that_are_no_python(self, name: str, status: int) -> None:
        before = (target.IN_TARGET / "probe.py").read_bytes()
        message = refusal(f"/bin/{name}") if Path(f"/bin/{name}").exists() else refusal(f"/usr/bin/{name}")
        assert f"bin/{name} ended with exit status {status} and gave no answer" in message
        assert message.endswith(target.ADVICE)
        assert (target.IN_TARGET / "probe.py").read_bytes() == before

    @posix_only
    def test_one_that_hangs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(target, "INSPECT_LIMIT_S", 0.2)
        python = program(tmp_path / "python", "#!/bin/sh\nexec sleep 60\n")
        assert refusal(python).startswith(f"{python} did not end within 0.2 s")

    @posix_only
    def test_one_that_crashes(self, tmp_path: Path) -> None:
        python = program(tmp_path / "python", "#!/bin/sh\necho Fatal Python error >&2\nkill -SEGV $$\n")
        assert refusal(python).startswith(f"{python} was ended by SIGSEGV and gave no answer\n  Fatal Python error\n")

    def test_one_that_cannot_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTHONHOME", "/nowhere")
        message = refusal(sys.executable)
        assert "ended with exit status 1 and gave no answer" in message
        assert "encodings" in message

    @posix_only
    @pytest.mark.parametrize(
        ("answer", "said"),
        [("rubbish", "Expecting value"), ("[]", "the whole text should be an object"), ("{}", "python should be")],
    )
    def test_rubbish(self, tmp_path: Path, answer: str, said: str) -> None:
        python = program(tmp_path / "python", writes(answer))
        assert refusal(python).startswith(f"{python} gave no usable answer about itself: {said}")

    @posix_only
    @pytest.mark.parametrize("version", ["2.7.18", "3.5.10"])
    def test_one_that_is_too_old(self, tmp_path: Path, version: str) -> None:
        python = program(tmp_path / "python", writes(f'{{"python": {{"version": "{version}"}}}}'))
        assert refusal(python) == f"{python} is Python {version}, and envtool needs 3.6 or newer. {target.ADVICE}"

    @pytest.mark.skipif(interpreters.PYTHON_2 is None, reason="no Python 2.7 here")
    def test_python_2(self) -> None:
        assert interpreters.PYTHON_2 is not None
        assert f"{interpreters.PYTHON_2} is Python 2.7." in refusal(interpreters.PYTHON_2)

    @posix_only
    def test_no_room_for_temporary_files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
        assert refusal(sys.executable).startswith(f"{sys.executable} could not be asked: [Errno 2] No such file")


SHIM = interpreters.PYENV_ROOT / "shims/python"


@pytest.mark.skipif(not SHIM.exists(), reason="no pyenv here")
class TestPyenvShim:
    @pytest.fixture(autouse=True)
    def as_in_a_shell(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without what a shim leaves to the program it starts, which may be the one that runs these tests."""
        for name in ("PYENV_VERSION", "PYENV_DIR", "PYENV_HOOK_PATH", "_PYENV_INSTALL_PREFIX"):
            monkeypatch.delenv(name, raising=False)
        own = str(interpreters.PYENV_ROOT)
        others = [entry for entry in os.environ["PATH"].split(os.pathsep) if not entry.startswith(own)]
        monkeypatch.setenv("PATH", os.pathsep.join([f"{own}/shims", f"{own}/bin", *others]))

    def test_runs_the_version_of_the_current_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        versions = sorted(path.name for path in interpreters.PYENV_ROOT.glob("versions/3.*"))
        monkeypatch.chdir(tmp_path)
        for version in {versions[0], versions[-1]}:
            (tmp_path / ".python-version").write_text(version)
            seen = inspect(str(SHIM))
            assert seen.python.executable == str(interpreters.PYENV_ROOT / "versions" / version / "bin/python")

    def test_tells_what_pyenv_says_of_a_version_that_is_absent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYENV_VERSION", "3.99.0")
        message = refusal(str(SHIM))
        assert message.startswith(f"{SHIM} ended with exit status")
        assert "3.99.0' is not installed" in message


TORCH = """
import warnings
__version__ = {version!r}

class version:
    cuda, hip = {cuda!r}, {hip!r}

class cuda:
    def is_available():
        if {warning!r}:
            warnings.warn({warning!r})
        return {device!r} is not None

    def get_device_name(index):
        return [{device!r}][index]

class backends:
    pass

class ones:
    def __init__(self, count, device):
        if {failure!r}:
            raise RuntimeError({failure!r})
        self.count = count

    def sum(self):
        return self

    def item(self):
        return float(self.count)
"""


def stand_in(
    version: str = "2.5.1+cu124",
    *,
    cuda: str | None = None,
    hip: str | None = None,
    device: str | None = None,
    warning: str = "",
    failure: str = "",
) -> str:
    """The source of a torch that has what `torch_check.py` looks at."""
    return TORCH.format(version=version, cuda=cuda, hip=hip, device=device, warning=warning, failure=failure)


class TestSeesGpu:
    @pytest.mark.parametrize(
        ("source", "seen"),
        [
            (
                stand_in(cuda="12.4", device="NVIDIA L4"),
                TorchSeen("2.5.1+cu124", "cu124", "NVIDIA L4", None),
            ),
            (
                stand_in("2.5.1+rocm6.2", hip="6.2.41133-dd7f95766", device="AMD Instinct MI250X"),
                TorchSeen("2.5.1+rocm6.2", "rocm6.2", "AMD Instinct MI250X", None),
            ),
            (stand_in("2.5.1+cpu"), TorchSeen("2.5.1+cpu", "cpu", None, None)),
            (
                'import warnings\nwarnings.warn("Failed to initialize NumPy")\n' + stand_in("2.5.1+cpu"),
                TorchSeen("2.5.1+cpu", "cpu", None, None),
            ),
            (
                stand_in(cuda="12.4", warning="The NVIDIA driver on your system is too old"),
                TorchSeen("2.5.1+cu124", "cu124", None, "The NVIDIA driver on your system is too old"),
            ),
            (
                stand_in(cuda="12.4", device="Tesla K80", failure="no kernel image is available"),
                TorchSeen("2.5.1+cu124", "cu124", "Tesla K80", "RuntimeError: no kernel image is available"),
            ),
            (
                stand_in(cuda="12.4", device="NVIDIA L4", warning="harmless"),
                TorchSeen("2.5.1+cu124", "cu124", "NVIDIA L4", None),
            ),
            (
                "raise ImportError('libcudart.so.12: cannot open shared object file')",
                TorchSeen(None, None, None, "ImportError: libcudart.so.12: cannot open shared object file"),
            ),
            ("", TorchSeen(None, None, None, "AttributeError: module 'torch' has no attribute '__version__'")),
        ],
    )
    def test_torch(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, seen: TorchSeen) -> None:
        program(tmp_path / "torch/__init__.py", source)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        assert sees_gpu(sys.executable) == seen

    @pytest.mark.parametrize("python", interpreters.SUPPORTED.values(), ids=interpreters.SUPPORTED)
    def test_every_python(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: str) -> None:
        program(tmp_path / "torch/__init__.py", stand_in(cuda="11.8", device="NVIDIA L4"))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        assert sees_gpu(python) == TorchSeen("2.5.1+cu124", "cu118", "NVIDIA L4", None)

    @posix_only
    def test_no_torch(self, tmp_path: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
        seen = sees_gpu(str(tmp_path / "env/bin/python"))
        assert seen == TorchSeen(None, None, None, "ModuleNotFoundError: No module named 'torch'")

    @posix_only
    def test_crash(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(tmp_path / "torch/__init__.py", "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        seen = sees_gpu(sys.executable)
        assert seen == TorchSeen(None, None, None, f"{sys.executable} was ended by SIGILL and gave no answer")

    @posix_only
    def test_hang(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(target, "TORCH_LIMIT_S", 0.3)
        program(tmp_path / "torch/__init__.py", "import signal\nsignal.pause()\n")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        assert sees_gpu(sys.executable).error == f"{sys.executable} did not end within 0.3 s"

    @posix_only
    def test_rubbish(self, tmp_path: Path) -> None:
        seen = sees_gpu(program(tmp_path / "python", writes("rubbish")))
        assert seen.version is None
        assert "Expecting value" in str(seen.error)

    def test_a_broken_module_in_the_way(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        trap = program(tmp_path / "json.py", "raise ImportError('my own json')")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        seen = sees_gpu(sys.executable)
        assert trap in str(seen.error)
