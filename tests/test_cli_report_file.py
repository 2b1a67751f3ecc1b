"""--report: what stops it before the run, and what it leaves behind."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from pages import faults, tree, words

from envtool.cli.smoke_test import smoke_test
from envtool.report.page import MARK

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def tried(report: Path, *more: str) -> Result:
    rest = ["--python", sys.executable, "--device", "cpu", "--quick", "--model", "kd", *more]
    return CliRunner().invoke(smoke_test, ["--report", str(report), *rest])


class TestRefused:
    def test_a_file_that_is_no_report(self, tmp_path: Path) -> None:
        theirs = tmp_path / "train.py"
        theirs.write_text("import torch\n")
        refused = tried(theirs)
        assert refused.exit_code == 2
        assert "train.py is there, and is no report of envtool's: name another file" in refused.output
        assert theirs.read_text() == "import torch\n"

    def test_a_folder(self, tmp_path: Path) -> None:
        refused = tried(tmp_path)
        assert refused.exit_code == 2
        assert f"name a file in it, {tmp_path / 'report.html'}" in refused.output

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        refused = tried(tmp_path / "not" / "here.html")
        assert refused.exit_code == 2
        assert f"there is no folder {tmp_path / 'not'}" in refused.output

    @pytest.mark.skipif(
        sys.platform == "win32" or os.geteuid() == 0,
        reason="neither root nor Windows is kept from a folder by its mode",
    )
    def test_a_folder_that_takes_no_file(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        refused = tried(tmp_path / "smoke.html")
        assert refused.exit_code == 2
        assert "may not be written" in refused.output

    @pytest.mark.parametrize("missing", ["jinja2", "matplotlib"])
    def test_without_the_extra(self, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, missing, None)
        refused = tried(tmp_path / "smoke.html")
        assert refused.exit_code == 2
        assert missing in refused.output
        assert "pip install 'torch-envtool[report]'" in refused.output
        assert not (tmp_path / "smoke.html").exists()


@pytest.mark.slow
class TestDrawn:
    def test_an_older_report_is_replaced(self, tmp_path: Path) -> None:
        report = tmp_path / "smoke.html"
        report.write_text(f"<!doctype html>{MARK}")
        ran = tried(report)
        assert ran.exit_code == 0, ran.output
        assert f"written {report}" in ran.stderr
        page = report.read_text("utf-8")
        assert faults(page) == []
        assert words(tree(page)).count("passed") > 20
        assert "Knowledge distillation" in page
        assert list(tmp_path.iterdir()) == [report]

    def test_a_device_that_is_not_there(self, tmp_path: Path) -> None:
        ran = tried(tmp_path / "smoke.html", "--device", "cuda:99")
        assert ran.exit_code == 3, ran.output
        page = (tmp_path / "smoke.html").read_text("utf-8")
        assert faults(page) == []
        assert "pip install torch" in words(tree(page))
