"""The fix is for this system and this package, and can be typed as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from machines import UBUNTU, linux, windows
from signs import DISK_FULL, SIGNS, diagnosed

from envtool.diagnose import prescribe
from envtool.report.doctor import FORMATS, diagnosis_text

if TYPE_CHECKING:
    from envtool.facts import Machine


class TestFixes:
    def fix(self, log: str, machine: Machine | None = None) -> str:
        return "\n".join(diagnosed(log, machine).findings[0].fix)

    @pytest.mark.parametrize(
        ("seen", "command"),
        [
            ("-I/usr/include/x86_64-linux-gnu/python3.11", "sudo apt install python3.11-dev"),
            ("gcc version 8.5.0 on 4.18.0.el8.x86_64, python3.11", "sudo dnf install python3.11-devel"),
            ("demo-1.0-musllinux_1_2_x86_64 python3.11", "apk add python3-dev"),
            ("-arch arm64 /opt/homebrew/bin/python3.11 macosx-14", "brew install python@3.11"),
        ],
    )
    def test_the_package_manager_of_the_log(self, seen: str, command: str) -> None:
        log = f"building 'x' {seen}\nx.c:1:10: fatal error: Python.h: No such file or directory\n"
        assert command in self.fix(log)

    def test_the_package_manager_of_the_machine(self) -> None:
        log = "x.c:1:10: fatal error: ffi.h: No such file or directory"
        assert self.fix(log, linux(os=UBUNTU)) == "sudo apt install libffi-dev"
        assert "Debian, Ubuntu" in self.fix(log)
        assert "Fedora, RHEL" in self.fix(log)

    def test_the_shell_of_windows(self) -> None:
        log = "UnicodeDecodeError: 'gbk' codec can't decode byte 0xa5 in position 1: illegal multibyte sequence"
        assert self.fix(log, windows()).startswith("$env:PYTHONUTF8 = '1'; pip install PACKAGE")
        assert self.fix(log, linux()).startswith("PYTHONUTF8=1 pip install PACKAGE")

    @pytest.mark.parametrize(
        "ran", ["/home/me/.venv/bin/python -m pip install six", "C:/v/Scripts/pip.exe install six"]
    )
    def test_the_command_that_was_run(self, ran: str) -> None:
        found = diagnosed(DISK_FULL, linux(), command=ran).findings[0]
        assert any(f"{ran} --no-cache-dir" in command for command in found.fix)

    @pytest.mark.parametrize("ran", ["make install", "sh -c 'pip install six'"])
    def test_what_takes_no_options_of_an_installer_is_not_repeated(self, ran: str) -> None:
        found = diagnosed(DISK_FULL, linux(), command=ran).findings[0]
        assert ran not in "".join(found.fix)

    @pytest.mark.parametrize(
        ("name", "advised"), [("requirements.txt", True), ("dev-requirements", True), ("opencv", False)]
    )
    def test_a_file_of_requirements_is_named_as_one(self, name: str, advised: bool) -> None:
        log = f"ERROR: Could not find a version that satisfies the requirement {name} (from versions: none)"
        assert (f"pip install -r {name} " in self.fix(log)) is advised

    def test_the_index_that_has_nothing_to_offer(self) -> None:
        answer = "ERROR: Could not find a version that satisfies the requirement six (from versions: none)"
        refused = f"Looking in indexes: https://one.example/simple\nConnection refused\n{answer}"
        assert diagnosed(refused).findings[0].title == "The installer could not reach one.example."
        assert "curl -sSI https://one.example/simple  #" in self.fix(refused)
        of_two = refused.replace("/simple\n", "/simple, https://two.example/simple\n")
        assert diagnosed(of_two).findings[0].title == "The installer could not reach the package index."

    def test_the_command_that_was_typed(self) -> None:
        log = "$ uv pip install flash-attn==2.5\nModuleNotFoundError: No module named 'torch'\n  setup.py"
        assert "MAX_JOBS=4 uv pip install flash-attn==2.5 --no-build-isolation" in self.fix(log)

    @pytest.mark.parametrize(
        "typed",
        [
            "pip install six; reboot",
            "pip install $(reboot)",
            "pip install six --break-system-packages",
            "pip install six --trusted-host example.com",
            "pip install six --index-url https://me:secret@example.com/simple",
            "sudo pip install six",
        ],
    )
    def test_what_must_not_be_repeated_is_not(self, typed: str) -> None:
        fix = self.fix(f"$ {typed}\nCollecting six\n{DISK_FULL}")
        assert "TMPDIR=~/tmp pip install six --no-cache-dir" in fix
        assert not any(word in fix for word in ("reboot", "break-system", "trusted", "secret", "sudo pip"))

    def test_a_name_that_a_shell_would_run_is_left_out(self) -> None:
        fix = self.fix("ERROR: Cannot uninstall '$(reboot)'. It is a distutils installed project")
        assert "reboot" not in fix

    def test_another_python(self) -> None:
        log = "ERROR: Package 'demo' requires a different Python: 3.13.1 not in '>=3.8,<3.11'"
        assert "uv venv --python 3.10 && uv pip install demo" in self.fix(log)

    def test_torch_by_install_torch(self) -> None:
        log = "ERROR: Could not find a version that satisfies the requirement torch (from versions: none)"
        diagnosis = diagnosed(log)
        assert diagnosis.needs_torch_command
        assert diagnosis.findings[0].fix[0] == "envtool install-torch"
        assert prescribe(diagnosis, "pip install torch==9").findings[0].fix[0] == "pip install torch==9"

    def test_others_need_no_torch(self) -> None:
        assert not diagnosed(SIGNS["no-wheel-for-python"][0]).needs_torch_command


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("cause", SIGNS)
def test_every_format_tells_every_cause(cause: str, form: str) -> None:
    text = diagnosis_text(diagnosed(SIGNS[cause][0]), form)
    assert cause in text
    assert "{" not in text or form == "json"
