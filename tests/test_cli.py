"""The command line as a shell sees it: what goes where, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from loopback import bare_environment, make_wheel, serving

import envtool
from envtool.catalogue import Catalogue
from envtool.cli import COMMANDS, commands

if TYPE_CHECKING:
    from collections.abc import Iterator

RTX_3090 = {
    "schema": 1,
    "os": {"system": "Linux", "distribution": "ubuntu", "version": "22.04", "wsl": False},
    "arch": "x86_64",
    "libc": {"name": "glibc", "version": "2.35"},
    "python": {"implementation": "cpython", "version": "3.10.13", "free_threaded": False, "executable": None},
    "driver": {"vendor": "nvidia", "version": "525.105.17"},
    "gpus": [{"vendor": "nvidia", "name": "NVIDIA GeForce RTX 3090", "compute_capability": "8.6", "memory_mib": 24576}],
    "environment": {},
}
AS_PUBLISHED = (
    "pip install torch==1.12.1+cu116 torchvision==0.13.1+cu116 --extra-index-url https://download.pytorch.org/whl/cu116"
)


def envtool_ran(
    *arguments: str | Path, stdin: str = "", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "envtool", *arguments],
        input=stdin,
        cwd=cwd,
        env=bare_environment(PYTHONPATH=str(Path(envtool.__file__).parent.parent), **environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    file = tmp_path / "machine.json"
    file.write_text(json.dumps(RTX_3090))
    return file


class TestStreams:
    def test_stdout_is_the_command_alone(self, machine: Path) -> None:
        ran = envtool_ran("install-torch", "--machine", machine, "--torch", "1.12.1", "--cuda", "11.6")
        assert (ran.returncode, ran.stdout) == (0, f"{AS_PUBLISHED}\n")
        assert 2 <= len(ran.stderr.splitlines()) <= 10
        assert "NVIDIA GeForce RTX 3090 (8.6)" in ran.stderr

    def test_json_is_one_object_and_nothing_else(self, machine: Path) -> None:
        ran = envtool_ran("install-torch", "--machine", machine, "--torch", "1.12.1+cu116", "--json")
        assert json.loads(ran.stdout)["command"] == AS_PUBLISHED

    def test_a_refusal_prints_no_command(self, machine: Path) -> None:
        ran = envtool_ran("install-torch", "--machine", machine, "--torch", "1.8.1", "--cuda", "10.1")
        assert (ran.returncode, ran.stdout) == (1, "")
        assert "refused" in ran.stderr
        assert "instead" in ran.stderr

    def test_explain_shows_every_build(self, machine: Path) -> None:
        ran = envtool_ran("install-torch", "--machine", machine, "--explain")
        assert len(ran.stderr.splitlines()) > len(Catalogue().builds)
        assert len(ran.stdout.splitlines()) == 1

    def test_no_colour_off_a_terminal(self, machine: Path) -> None:
        assert "\x1b" not in envtool_ran("install-torch", "--machine", machine).stderr

    def test_a_reader_that_leaves_early_is_no_error(self, machine: Path) -> None:
        pipeline = f"'{sys.executable}' -m envtool install-torch --machine '{machine}' --json | true"
        ran = subprocess.run(
            ["sh", "-c", pipeline], env=bare_environment(), capture_output=True, text=True, check=False
        )
        assert "Traceback" not in ran.stderr

    def test_this_machine(self, tmp_path: Path) -> None:
        ran = envtool_ran("install-torch", "--gpu", "none", cwd=tmp_path)
        assert ran.returncode == 0, ran.stderr
        assert "-m pip install torch==" in ran.stdout
        assert f"Python {sys.version_info.major}.{sys.version_info.minor}." in ran.stderr

    def test_the_active_environment_needs_no_path(self, tmp_path: Path) -> None:
        venv.create(tmp_path / "env", symlinks=os.name == "posix")
        ran = envtool_ran("install-torch", "--gpu", "none", VIRTUAL_ENV=str(tmp_path / "env"))
        assert ran.stdout.startswith("pip install torch==")
        assert "($VIRTUAL_ENV)" in ran.stderr


class TestMachineFiles:
    def test_standard_input(self) -> None:
        ran = envtool_ran("install-torch", "--machine", "-", "--torch", "1.12.1", stdin=json.dumps(RTX_3090))
        assert ran.stdout == f"{AS_PUBLISHED}\n"

    def test_what_the_doctor_writes(self, machine: Path) -> None:
        machine.write_text(json.dumps({"schema": 1, "machine": RTX_3090, "checks": []}))
        assert envtool_ran("install-torch", "--machine", machine, "--torch", "1.12.1").stdout == f"{AS_PUBLISHED}\n"

    def test_several(self, machine: Path, tmp_path: Path) -> None:
        newer = tmp_path / "newer.json"
        newer.write_text(json.dumps({**RTX_3090, "driver": {"vendor": "nvidia", "version": "580.95.05"}}))
        alone = envtool_ran("install-torch", "--machine", machine).stdout
        assert envtool_ran("install-torch", "--machine", machine, "--machine", newer).stdout == alone

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("", "is not JSON"),
            ("{", "is not JSON"),
            ("[]", "the whole text should be an object, found []"),
            ("{}", "os should be an object, found nothing"),
            (json.dumps({**RTX_3090, "arch": None}), "arch should be text, found null"),
            (json.dumps({**RTX_3090, "gpus": {}}), "gpus should be a list, found {}"),
            (json.dumps({**RTX_3090, "gpus": [1]}), "gpus[0] should be an object, found 1"),
            (json.dumps({**RTX_3090, "driver": {"vendor": "3dfx"}}), "driver.vendor should be one of nvidia"),
            (
                json.dumps({**RTX_3090, "driver": {"vendor": "nvidia", "version": "new"}}),
                "driver.version should be a ver",
            ),
            (
                json.dumps({**RTX_3090, "python": {"implementation": "cpython", "version": "3"}}),
                'should be like "3.12.7"',
            ),
            (json.dumps({**RTX_3090, "libc": {"name": "glibc"}}), "libc.version should be text, found nothing"),
            (
                json.dumps({**RTX_3090, "gpus": [{"vendor": "nvidia", "compute_capability": "new"}]}),
                'gpus[0].compute_capability should be like "8.6"',
            ),
            (
                json.dumps({**RTX_3090, "gpus": [{"vendor": "nvidia", "memory_mib": "24G"}]}),
                "gpus[0].memory_mib should",
            ),
        ],
    )
    def test_one_that_describes_no_machine(self, machine: Path, text: str, fault: str) -> None:
        machine.write_text(text)
        ran = envtool_ran("install-torch", "--machine", machine)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert fault in ran.stderr
        assert str(machine) in ran.stderr
        assert len(ran.stderr.splitlines()) == 1

    def test_bytes_that_are_no_text(self, machine: Path) -> None:
        machine.write_bytes(b"\xff\xfe\x00\x81")
        ran = envtool_ran("install-torch", "--machine", machine)
        assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1)

    def test_fields_of_a_later_version_are_no_error(self, machine: Path) -> None:
        machine.write_text(json.dumps({**RTX_3090, "rack": 7}))
        assert envtool_ran("install-torch", "--machine", machine).returncode == 0


class TestWrongUse:
    @pytest.mark.parametrize(
        ("arguments", "status", "fault"),
        [
            (("--backend", "cuda"), 2, "is no backend"),
            (("--cuda", "new"), 2, "is no CUDA version"),
            (("--torch", "=>2"), 2, "neither a torch version nor a specifier"),
            (("--torch", "1.12.1+cu116", "--cuda", "11.3"), 2, "several backends are asked for: cu113, cu116"),
            (("--torch", "2.6.0", "--pre"), 2, "a nightly has no version"),
            (("--gpu", "Voodoo 2"), 2, "no card that is known"),
            (("--driver", "new"), 2, "no driver version"),
            (("--python-version", "new"), 2, "no Python version"),
            (("--mirror", "nowhere"), 2, "is no mirror"),
            (("--with", "torchtext"), 2, "torchtext"),
            (("--machine", "absent.json"), 2, "absent.json cannot be read: No such file or directory"),
            (("--python", "absent"), 3, "There is no absent on PATH"),
            (("--python", "/bin/cat"), 3, "/bin/cat ended with exit status 1 and gave no answer"),
            (("--run",), 2, "no terminal to ask on: give -y"),
            (("--run", "-y", "--os", "windows"), 2, "--run installs on this machine"),
        ],
    )
    def test_one_clear_message(self, arguments: tuple[str, ...], status: int, fault: str, tmp_path: Path) -> None:
        ran = envtool_ran("install-torch", *arguments, cwd=tmp_path)
        assert (ran.returncode, ran.stdout) == (status, "")
        assert fault in ran.stderr
        assert "Traceback" not in ran.stderr

    def test_nothing_that_is_given_reaches_a_shell(self, machine: Path, tmp_path: Path) -> None:
        evil = "https://mirror.example/$(touch pwned);touch pwned"
        command = envtool_ran("install-torch", "--machine", machine, "--torch", "2.6.0", "--mirror", evil).stdout
        harmless = command.replace("pip install", "printf '%s\\n'", 1)
        said = subprocess.run(["sh"], input=harmless, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert f"{evil}/cu118" in said.splitlines()
        assert not (tmp_path / "pwned").exists()

    def test_the_mirror_may_come_from_the_environment(self, machine: Path) -> None:
        arguments = ("install-torch", "--machine", machine, "--torch", "2.6.0")
        ran = envtool_ran(*arguments, ENVTOOL_TORCH_MIRROR="https://mirror.example/whl")
        assert ran.stdout.rstrip().endswith("--index-url https://mirror.example/whl/cu118")


class TestHelp:
    @pytest.mark.parametrize("option", ["-h", "--help"])
    def test_it_names_the_commands(self, option: str) -> None:
        assert "install-torch" in envtool_ran(option).stdout

    @pytest.mark.parametrize("name", COMMANDS)
    def test_a_command_is_as_it_is_listed(self, name: str) -> None:
        command = commands.get_command(click.Context(commands), name)
        assert command
        assert command.name == name
        assert command.callback
        assert str(command.callback.__doc__).startswith(COMMANDS[name].removesuffix("."))

    def test_an_unknown_command(self) -> None:
        ran = envtool_ran("install-tensorflow")
        assert (ran.returncode, ran.stdout) == (2, "")
        assert "No such command 'install-tensorflow'" in ran.stderr

    @pytest.mark.parametrize("option", ["-V", "--version"])
    def test_version(self, option: str) -> None:
        assert envtool_ran(option).stdout.split() == ["envtool,", "version", envtool.__version__]


FAKE_TORCH = """
__version__ = "2.6.0+cpu"
class version: cuda = hip = xpu = None
class backends: pass
class cuda:
    def is_available(): return False
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the wheels on the loopback index are for Linux")
class TestRun:
    @pytest.fixture
    def index(self, tmp_path: Path) -> Iterator[str]:
        tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
        platform = f"{tag}-{tag}-linux_x86_64"
        make_wheel(tmp_path / "index/cpu/torch", "torch", "2.6.0+cpu", platform, torch=FAKE_TORCH)
        make_wheel(tmp_path / "index/cpu/torchvision", "torchvision", "0.21.0+cpu", platform)
        with serving(tmp_path / "index") as url:
            yield url

    @pytest.fixture
    def target(self, tmp_path: Path) -> Path:
        venv.create(tmp_path / "target", with_pip=True, symlinks=True)
        return tmp_path / "target"

    def run(self, index: str, target: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        asked = ("--torch", "2.6.0", "--gpu", "none", "--mirror", index, "--python", str(target))
        on_path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))  # uv lies beside our Python
        return envtool_ran("install-torch", *asked, "--run", "-y", *arguments, PATH=on_path)

    @pytest.mark.parametrize("installer", ["pip", "uv"])
    def test_it_installs_and_says_what_torch_sees(self, index: str, target: Path, installer: str) -> None:
        ran = self.run(index, target, "--installer", installer)
        assert ran.returncode == 0, ran.stderr
        assert "torch 2.6.0+cpu (cpu) imports; it sees no GPU" in ran.stderr
        listed = subprocess.run(
            [target / "bin/python", "-c", "import torch; print(torch.__version__)"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert listed.stdout == "2.6.0+cpu\n"

    def test_a_failed_install_says_what_pip_said_last(self, index: str, target: Path) -> None:
        ran = self.run(f"{index}/nothing", target)
        assert ran.returncode == 1
        _, ended, last = ran.stderr.partition("ended with exit status 1")
        assert ended
        assert "No matching distribution found for torch==2.6.0+cpu" in last
