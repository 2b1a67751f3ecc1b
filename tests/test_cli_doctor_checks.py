"""envtool doctor's checks as a shell sees them: what goes where, and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import bare_environment
from made_environment import Environment

import envtool
from envtool.checkup import CHECKS
from envtool.checkup.check import STATUSES

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the faults are made as Unix makes them")
QUICK = ("python-version", "stdlib-modules", "broken-packages")


def doctor(*arguments: str | Path, cwd: Path, command: str = "doctor", **told: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "envtool", command, *arguments],
        cwd=cwd,
        env=bare_environment(PYTHONPATH=str(Path(envtool.__file__).parent.parent), **told),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def on_a_terminal(*arguments: str | Path, cwd: Path, **told: str) -> str:
    """What a terminal is given to show."""
    ours, theirs = os.openpty()
    argv = [sys.executable, "-m", "envtool", "doctor", *arguments]
    told = {"TERM": "xterm", "PYTHONPATH": str(Path(envtool.__file__).parent.parent), **told}
    environment = {
        name: value for name, value in bare_environment(**told).items() if name != "NO_COLOR" or "NO_COLOR" in told
    }
    process = subprocess.Popen(argv, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # so a terminal says on Linux that nobody writes any more
        pass
    finally:
        os.close(ours)
        process.wait(60)
    return shown.decode("utf-8")


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path)


class TestAnswers:
    def test_all_is_well(self, environment: Environment) -> None:
        ran = doctor("broken-packages", "--python", environment.prefix, cwd=environment.project)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout == "ok       broken-packages  every distribution that is recorded is whole\n\n1 check: 1 ok\n"

    def test_an_error_is_exit_status_1(self, environment: Environment) -> None:
        environment.write("project/torch.py")
        ran = doctor("shadowing-files", "--python", environment.prefix, cwd=environment.project)
        assert ran.returncode == 1
        assert ran.stdout.startswith("error    shadowing-files\n")

    def test_a_warning_is_none(self, environment: Environment) -> None:
        (environment.site / "~orch").mkdir()
        ran = doctor("broken-packages", "--python", environment.prefix, cwd=environment.project)
        assert (ran.returncode, ran.stdout.startswith("warning  broken-packages\n")) == (0, True)

    def test_offline_is_a_note(self, environment: Environment) -> None:
        ran = doctor("network-index", "--python", environment.prefix, cwd=environment.project)
        assert (ran.returncode, "not looked at: --online does" in ran.stdout) == (0, True)

    def test_a_check_named_twice_runs_once(self, environment: Environment) -> None:
        asked = ("broken-packages", "broken-packages", "--python", environment.prefix)
        assert doctor(*asked, cwd=environment.project).stdout.endswith("1 check: 1 ok\n")

    def test_markdown(self, environment: Environment) -> None:
        ran = doctor(*QUICK, "--python", environment.prefix, "--format", "markdown", cwd=environment.project)
        assert ran.stdout.splitlines()[0] == "| status | check | seen | to do |"
        assert len(ran.stdout.splitlines()) == 2 + len(QUICK)

    def test_every_check_is_listed(self, tmp_path: Path) -> None:
        listed = doctor("--list-checks", cwd=tmp_path).stdout
        assert [line.split()[0] for line in listed.splitlines() if line.startswith("  ")] == list(CHECKS)


class TestJson:
    def test_it_keeps_to_the_contract(self, environment: Environment) -> None:
        ran = doctor(*QUICK, "--python", environment.prefix, "--json", cwd=environment.project)
        body = json.loads(ran.stdout)
        assert (ran.stderr, list(body)) == ("", ["schema", "machine", "checks", "findings"])
        assert [check["id"] for check in body["checks"]] == list(QUICK)
        for check in body["checks"]:
            assert sorted(check) == ["fix", "id", "message", "status"]
            assert check["status"] in STATUSES

    def test_install_torch_reads_the_machine_back(self, environment: Environment) -> None:
        file = environment.write(
            "machine.json",
            doctor("broken-packages", "--python", environment.prefix, "--json", cwd=environment.project).stdout,
        )
        asked = ("--gpu", "none", "--json")
        read = doctor(*asked, "--machine", file, cwd=environment.project, command="install-torch")
        here = doctor(*asked, "--python", environment.prefix, cwd=environment.project, command="install-torch")
        assert (read.returncode, here.returncode) == (0, 0), read.stderr
        assert json.loads(read.stdout)["torch"] == json.loads(here.stdout)["torch"]


class TestTerminal:
    def test_colour_and_width(self, environment: Environment) -> None:
        shown = on_a_terminal(*QUICK, "--python", environment.prefix, cwd=environment.project)
        assert "\x1b[32mok\x1b[0m" in shown
        assert max(len(line.replace("\x1b[32m", "").replace("\x1b[0m", "")) for line in shown.splitlines()) <= 80
        assert len(shown.splitlines()) > len(QUICK) + 2  # a line is wrapped

    @pytest.mark.parametrize("told", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
    def test_no_colour_where_it_is_not_wanted(self, environment: Environment, told: dict[str, str]) -> None:
        shown = on_a_terminal(*QUICK, "--python", environment.prefix, cwd=environment.project, **told)
        assert "ok  " in shown
        assert "\x1b" not in shown

    def test_one_that_shows_ascii_alone(self, environment: Environment) -> None:
        folder = environment.write("project/önv/torch.py").parent
        told = {"PYTHONIOENCODING": "ascii", "NO_COLOR": "1"}
        shown = on_a_terminal("shadowing-files", "--python", environment.prefix, cwd=folder, **told)
        assert shown.isascii()
        assert "\\xf6nv" in shown

    def test_a_pipe_is_utf_8_whatever_the_locale(self, environment: Environment) -> None:
        folder = environment.write("project/önv/torch.py").parent
        told = {"PYTHONIOENCODING": "ascii"}
        ran = doctor("shadowing-files", "--python", environment.prefix, cwd=folder, **told)
        assert f"{folder}/torch.py hides torch" in ran.stdout


class TestWrongUse:
    @pytest.mark.parametrize(
        ("arguments", "status", "said"),
        [
            (("nonsense",), 2, "'nonsense' is no check that is known: --list-checks shows them"),
            (("broken-packages", "nonsense"), 2, "'nonsense' is no check that is known"),
            (("broken-packages", "--python", "absent"), 3, "There is no absent on PATH"),
            (("broken-packages", "--format", "html"), 2, "'html' is not one of"),
        ],
    )
    def test_one_clear_message(self, tmp_path: Path, arguments: tuple[str, ...], status: int, said: str) -> None:
        ran = doctor(*arguments, cwd=tmp_path)
        assert (ran.returncode, ran.stdout) == (status, "")
        assert said in ran.stderr
        assert "Traceback" not in ran.stderr

    def test_a_mirror_that_is_none(self, tmp_path: Path) -> None:
        ran = doctor("broken-packages", cwd=tmp_path, ENVTOOL_TORCH_MIRROR="nowhere")
        assert (ran.returncode, "'nowhere' is no mirror" in ran.stderr) == (2, True)
