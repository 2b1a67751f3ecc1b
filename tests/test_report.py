"""Results as text: each format is given to the tool that reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
import tomli
import yaml
from dockerfile_parse import DockerfileParser
from loopback import bare_environment, make_wheel, serving
from machines import GTX_1080, RTX_3090, linux, windows

from envtool.catalogue import Catalogue, Mirror
from envtool.errors import RequestInvalid
from envtool.plan import InstallPlan, Request, choose, parse_mirror, parse_torch
from envtool.report.command import command_text
from envtool.report.install import FORMATS, install_json, install_text
from envtool.report.table import table_text
from envtool.report.words import MOST_LINES, answer_lines, failed_install_lines, few, seen_lines, torch_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envtool.facts import Machine

CATALOGUE = Catalogue()
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
TAG = f"cp{sys.version_info.major}{sys.version_info.minor}"
PIP = ("pip",)


def plan(machine: Machine | None = None, torch: str = "==2.6.0", mirror: Mirror | None = None) -> InstallPlan:
    machine = machine or linux(f"{HERE}.1", "525.105.17", RTX_3090)
    answer = choose([machine], Request(torch=parse_torch(torch)[0], mirror=mirror), CATALOGUE)
    assert isinstance(answer, InstallPlan), answer
    return answer


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """torch 2.6.0+cu118 and its torchvision: simple pages in a folder each, and a flat listing of both."""
    root = tmp_path_factory.mktemp("index")
    for name, version in (("torch", "2.6.0+cu118"), ("torchvision", "0.21.0+cu118")):
        for folder in (root / "cu118" / name, root / "flat" / "cu118"):
            make_wheel(folder, name, version, f"{TAG}-{TAG}-linux_x86_64")
    with serving(root) as url:
        yield url


def run(argv: list[str], folder: Path) -> str:
    """What a tool says; it must accept what it is given."""
    ran = subprocess.run(
        argv, cwd=folder, env=bare_environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


ONLY_LINUX_X86_64 = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the wheels on the loopback index are for Linux"
)


@ONLY_LINUX_X86_64
class TestReadByTheTool:
    def mirrored(self, index: str) -> InstallPlan:
        return plan(mirror=parse_mirror(index, {}))

    def test_pip(self, index: str, tmp_path: Path) -> None:
        text = install_text(self.mirrored(index), "pip", (sys.executable, "-m", "pip"), "sh")
        said = run(["sh", "-c", f"{text} --dry-run --ignore-installed"], tmp_path)
        assert "Would install torch-2.6.0+cu118 torchvision-0.21.0+cu118" in said

    def test_pip_with_a_flat_listing(self, index: str, tmp_path: Path) -> None:
        flat = plan(mirror=Mirror("here", f"{index}/flat/{{folder}}/", "flat", ()))
        text = install_text(flat, "pip", (sys.executable, "-m", "pip"), "sh")
        assert " -f http" in text
        said = run(["sh", "-c", f"{text} --no-index --dry-run --ignore-installed"], tmp_path)
        assert "Would install torch-2.6.0+cu118 torchvision-0.21.0+cu118" in said

    def test_uv(self, index: str, tmp_path: Path) -> None:
        text = install_text(self.mirrored(index), "uv", (sys.executable, "-m", "pip"), "sh")
        said = run([sys.executable, "-m", *text.split(), "--dry-run", "--no-config", "--reinstall"], tmp_path)
        assert "+ torch==2.6.0+cu118" in said

    def test_requirements(self, index: str, tmp_path: Path) -> None:
        (tmp_path / "requirements.txt").write_text(install_text(self.mirrored(index), "requirements", PIP, "sh"))
        file = ["-r", "requirements.txt"]
        assert "Would install torch-2.6.0+cu118" in run(
            [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", *file], tmp_path
        )
        assert "torchvision==0.21.0+cu118" in run(
            [
                sys.executable,
                "-m",
                "uv",
                "pip",
                "compile",
                "--no-config",
                "--python",
                sys.executable,
                "requirements.txt",
            ],
            tmp_path,
        )

    @pytest.mark.parametrize("layout", ["simple", "flat"])
    def test_pyproject(self, index: str, layout: str, tmp_path: Path) -> None:
        mirror = Mirror("here", f"{index}/flat/{{folder}}/" if layout == "flat" else f"{index}/{{folder}}", layout, ())
        text = install_text(plan(mirror=mirror), "pyproject", PIP, "sh")
        (tmp_path / "pyproject.toml").write_text(text)
        run([sys.executable, "-m", "uv", "lock", "--no-config", "--python", sys.executable], tmp_path)
        locked = tomli.loads((tmp_path / "uv.lock").read_text())
        assert {package["name"]: package["version"] for package in locked["package"]} == {
            "my-project": "0.1.0",
            "torch": "2.6.0+cu118",
            "torchvision": "0.21.0+cu118",
        }
        [source] = tomli.loads(text)["tool"]["uv"]["index"]
        assert (source["name"], source["explicit"]) == ("pytorch-cu118", True)

    def test_environment_yml(self, index: str, tmp_path: Path) -> None:
        environment = yaml.safe_load(install_text(self.mirrored(index), "environment-yml", PIP, "sh"))
        *conda, by_pip = environment["dependencies"]
        assert conda == [f"python={HERE}", "pip"]
        (tmp_path / "conda.txt").write_text("\n".join(by_pip["pip"]))  # conda gives pip these lines as a file
        argv = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "-r", "conda.txt"]
        assert "Would install torch-2.6.0+cu118" in run(argv, tmp_path)


class TestDockerfile:
    def test_it_installs_and_asks_for_the_gpu(self) -> None:
        parser = DockerfileParser(fileobj=BytesIO())
        parser.content = install_text(plan(linux("3.12.7", "525.105.17", RTX_3090)), "dockerfile", PIP, "sh")
        steps = [(step["instruction"], step["value"]) for step in parser.structure]
        assert steps[0] == ("FROM", "python:3.12-slim")
        assert steps[-1] == (
            "RUN",
            "pip install --no-cache-dir torch==2.6.0+cu118 torchvision==0.21.0+cu118 --index-url https://download.pytorch.org/whl/cu118",
        )
        assert parser.envs == {"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"}

    def test_an_image_runs_on_linux(self) -> None:
        with pytest.raises(RequestInvalid, match="--os linux"):
            install_text(plan(windows("3.12.7", "560.94", RTX_3090)), "dockerfile", PIP, "sh")


class TestJson:
    def test_a_plan(self) -> None:
        answer = json.loads(install_json(plan(linux("3.12.7", "525.105.17", RTX_3090)), PIP, "sh", "2026-11-24"))
        assert answer["command"] == " ".join(answer["argv"])
        del answer["reasons"], answer["warnings"], answer["argv"], answer["command"]
        assert answer == {
            "schema": 1,
            "outcome": "install",
            "torch": "2.6.0+cu118",
            "torchvision": "0.21.0+cu118",
            "torchaudio": None,
            "backend": "cu118",
            "index_url": "https://download.pytorch.org/whl/cu118",
            "index_option": "--index-url",
            "confirmed": True,
            "facts_as_of": "2026-11-24",
        }

    def test_the_registry_has_no_index_url(self) -> None:
        answer = json.loads(install_json(plan(windows(), ">=2.6"), PIP, "sh", "2026-11-24"))
        assert (answer["index_url"], answer["index_option"]) == (None, None)

    def test_a_refusal(self) -> None:
        refused = choose([linux("3.12.7", "390.157", GTX_1080)], Request(), CATALOGUE)
        answer = json.loads(install_json(refused, PIP, "sh", "2026-11-24"))
        assert answer["outcome"] == "refuse"
        assert answer["reasons"]
        assert answer["nearest"][-1]["change"] == "a CPU build: --backend cpu"
        assert answer["nearest"][-1]["command"].startswith("pip install torch==")


class TestSecrets:
    @pytest.mark.parametrize("form", [*FORMATS, "json"])
    def test_no_format_prints_them(self, form: str) -> None:
        secret = plan(
            linux("3.12.7", "525.105.17", RTX_3090),
            mirror=parse_mirror("https://user:pass%40word@mirror.example/whl", {}),
        )
        text = install_json(secret, PIP, "sh", "") if form == "json" else install_text(secret, form, PIP, "sh")
        assert "https://mirror.example/whl/cu118" in text
        assert "pass" not in text
        assert "user" not in text

    def test_nor_do_the_words(self) -> None:
        secret = plan(mirror=parse_mirror("https://user:secret@mirror.example/whl", {}))
        assert "secret" not in str(answer_lines(secret, PIP, "sh"))


class TestShells:
    ODD = ("C:\\Program Files\\Python\\python.exe", "-m", "pip", "install", "it's", "a&b", "torch==2.6.0+cu126")

    def test_sh(self) -> None:
        said = subprocess.run(
            ["sh", "-c", f"printf '%s\\n' {command_text(self.ODD, 'sh')}"], capture_output=True, text=True, check=True
        )
        assert tuple(said.stdout.splitlines()) == self.ODD

    def test_powershell(self) -> None:
        assert command_text(self.ODD, "powershell") == (
            "& 'C:\\Program Files\\Python\\python.exe' -m pip install 'it''s' 'a&b' torch==2.6.0+cu126"
        )

    def test_cmd(self) -> None:
        assert command_text(self.ODD, "cmd") == (
            '"C:\\Program Files\\Python\\python.exe" -m pip install "it\'s" "a&b" torch==2.6.0+cu126'
        )

    @pytest.mark.parametrize("shell", ["sh", "powershell", "cmd"])
    def test_plain_words_stay_plain(self, shell: str) -> None:
        argv = ("pip", "install", "torch==2.6.0+cu126", "--index-url", "https://download.pytorch.org/whl/cu126")
        assert command_text(argv, shell) == " ".join(argv)


class TestWords:
    def test_the_machine_in_a_line(self) -> None:
        [(label, text)] = seen_lines(linux("3.12.7", "525.105.17", RTX_3090, RTX_3090), "--python")
        assert label == "machine"
        assert text == (
            "Ubuntu 22.04 x86_64, glibc 2.35; Python 3.12.7 (--python); NVIDIA driver 525.105.17;"
            " 2 x NVIDIA GeForce RTX 3090 (8.6)"
        )

    def test_unknown_cards_are_not_called_absent(self) -> None:
        assert "GPUs unknown" in seen_lines(linux()._replace(gpus=None), None)[0][1]
        assert "no GPU" in seen_lines(linux(), None)[0][1]

    def test_ten_lines_at_the_most(self) -> None:
        many = [("why", str(number)) for number in range(25)]
        shown = few(many)
        assert len(shown) == MOST_LINES
        assert shown[-1] == ("more", "16 further lines: --explain shows them")
        assert few(many[:MOST_LINES]) == many[:MOST_LINES]

    def test_a_failed_install_ends_with_what_the_installer_said_last(self) -> None:
        printed = "Collecting torch\r\n\n" + "\n".join(f"line {number}" for number in range(20))
        lines = failed_install_lines("pip", 1, None, printed)
        assert lines[0] == ("failed", "pip ended with exit status 1")
        assert [text for _label, text in lines[1:]] == [f"line {number}" for number in range(12, 20)]

    def test_what_torch_sees(self) -> None:
        assert torch_lines("2.6.0", "cu126", "NVIDIA H100", None)[0][1].endswith("computes on NVIDIA H100")
        assert "sees no GPU" in torch_lines("2.6.0", "cpu", None, None)[0][1]
        assert torch_lines(None, None, None, "libcudart is missing")[0][0] == "failed"


class TestTable:
    ROWS = (("torch", "from"), ("2.6.0+cu126", "cu126"), ("2.6.0", "registry"))

    def test_plain(self) -> None:
        assert table_text(self.ROWS, None).splitlines() == [
            "torch        from",
            "2.6.0+cu126  cu126",
            "2.6.0        registry",
        ]

    def test_on_a_terminal_it_fits(self) -> None:
        drawn = table_text(self.ROWS, 16)
        assert "cu126" in drawn
        assert "\x1b[" in drawn
