"""envtool doctor as a shell sees it: what goes where, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import bare_environment
from signs import SIGNS

import envtool
from envtool.rules import CAUSES

ROOT = Path(__file__).resolve().parent.parent
GPU_MACHINE = {
    "schema": 1,
    "os": {"system": "Linux", "distribution": "ubuntu", "version": "22.04", "wsl": False},
    "arch": "x86_64",
    "libc": {"name": "glibc", "version": "2.35"},
    "python": {"implementation": "cpython", "version": "3.10.13"},
    "driver": {"vendor": "nvidia", "version": "525.105.17"},
    "gpus": [{"vendor": "nvidia", "name": "NVIDIA GeForce RTX 3090", "compute_capability": "8.6"}],
}
NO_TORCH = "ERROR: Could not find a version that satisfies the requirement torch (from versions: none)\n"


def doctor(
    *arguments: str | Path, stdin: bytes = b"", command: str = "doctor", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "envtool", command, *arguments],
        input=stdin,
        env=bare_environment(PYTHONPATH=str(Path(envtool.__file__).parent.parent), **environment),
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def full_disk(tmp_path: Path) -> Path:
    file = tmp_path / "install.log"
    file.write_text(SIGNS["disk-full"][0], encoding="utf-8")
    return file


class TestAnswers:
    def test_a_failure(self, full_disk: Path) -> None:
        ran = doctor("--log", full_disk)
        assert (ran.returncode, ran.stderr) == (1, b"")
        assert ran.stdout.decode().splitlines()[:4] == [
            "The disk is full: the installer, or the build it started, could not write its files.",
            "disk-full; the log proves it",
            "",
            "  line 1: ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        ]

    def test_a_pipe(self, full_disk: Path) -> None:
        assert doctor("--log", "-", stdin=full_disk.read_bytes()).stdout == doctor("--log", full_disk).stdout

    def test_json(self, full_disk: Path) -> None:
        body = json.loads(doctor("--log", full_disk, "--json").stdout)
        [finding] = body["findings"]
        assert (body["schema"], body["outcome"], body["log"]) == (1, "failed", {"lines": 1, "cut": False})
        assert sorted(finding) == ["confidence", "evidence", "fix", "id", "severity", "title", "why"]
        assert finding["evidence"][0]["line"] == 1
        assert finding["evidence"][0]["text"].endswith("No space left on device")

    def test_markdown(self, full_disk: Path) -> None:
        text = doctor("--log", full_disk, "--format", "markdown").stdout.decode()
        assert text.startswith("## The disk is full")
        assert "```sh\ndf -h" in text

    def test_a_success(self) -> None:
        ran = doctor("--log", "-", stdin=b"Successfully installed six-1.17.0\n")
        assert (ran.returncode, ran.stdout) == (0, b"The log shows an install that worked.\n")

    def test_a_log_that_no_rule_fits(self) -> None:
        ran = doctor("--log", "-", stdin=b"frobnicator: error 17: the flux is not aligned\n")
        assert ran.returncode == 3
        assert b"no rule for this log and does not guess" in ran.stdout
        assert b"line 1: frobnicator: error 17" in ran.stdout

    @pytest.mark.parametrize(("log", "said"), [(b"", b"is empty"), (b"\x00\x01\x02" * 9000, b"Nothing in the log")])
    def test_nothing_to_judge(self, log: bytes, said: bytes) -> None:
        ran = doctor("--log", "-", stdin=log)
        assert ran.returncode == 3
        assert said in ran.stdout

    def test_a_terminal_that_is_not_utf8(self) -> None:
        ran = doctor("--log", "-", stdin="[Errno 28] 设备上没有空间".encode(), PYTHONIOENCODING="ascii", LC_ALL="C")
        assert "设备上没有空间" in ran.stdout.decode()
        assert ran.stderr == b""


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--explain", "nonsense"), "'nonsense' is no cause that is known: --list shows them"),
            (("--log", "nowhere.log"), "nowhere.log cannot be read"),
            (("--log", "."), ". cannot be read"),
            (("--log", "-", "--machine", "nowhere.json"), "nowhere.json cannot be read"),
        ],
    )
    def test_what_cannot_be_meant(self, arguments: tuple[str, ...], said: str) -> None:
        ran = doctor(*arguments)
        assert (ran.returncode, ran.stdout) == (2, b"")
        assert said in ran.stderr.decode()
        assert b"Traceback" not in ran.stderr

    def test_a_machine_file_that_is_none(self, full_disk: Path) -> None:
        ran = doctor("--log", full_disk, "--machine", full_disk)
        assert ran.returncode == 2
        assert b"is not JSON" in ran.stderr


class TestCauses:
    def test_the_list_has_each_in_a_line(self) -> None:
        ran = doctor("--list")
        assert ran.returncode == 0
        assert [line.split()[0] for line in ran.stdout.decode().splitlines()] == list(CAUSES)

    def test_explain_tells_all_of_one(self) -> None:
        text = doctor("--explain", "tmp-noexec").stdout.decode()
        cause = CAUSES["tmp-noexec"]
        assert all(
            part in text for part in (cause.recognise, cause.why, cause.source, *dict(cause.neighbours).values())
        )

    def test_the_page_is_what_the_rules_say(self) -> None:
        check = [sys.executable, str(ROOT / "scripts" / "write_causes.py"), "--check"]
        assert subprocess.run(check, check=False, timeout=60).returncode == 0


class TestTorch:
    @pytest.fixture
    def machine(self, tmp_path: Path) -> Path:
        file = tmp_path / "machine.json"
        file.write_text(json.dumps(GPU_MACHINE))
        return file

    def test_the_command_is_that_of_install_torch(self, machine: Path) -> None:
        planned = doctor("--machine", machine, command="install-torch").stdout.decode().strip()
        body = json.loads(doctor("--log", "-", "--machine", machine, "--json", stdin=NO_TORCH.encode()).stdout)
        assert planned.startswith("pip install torch==")
        assert body["findings"][0]["fix"][0] == planned

    def test_a_file_may_come_from_another_machine(self, tmp_path: Path) -> None:
        log = tmp_path / "install.log"
        log.write_text(NO_TORCH)
        assert b"\n  envtool install-torch\n" in doctor("--log", log).stdout

    @pytest.mark.skipif(os.name != "posix", reason="looks at this machine as Linux and macOS show themselves")
    def test_a_pipe_comes_from_this_one(self) -> None:
        found = doctor("--log", "-", stdin=NO_TORCH.encode()).stdout
        assert b"\n  pip install torch==" in found or b"\n  envtool install-torch\n" in found
