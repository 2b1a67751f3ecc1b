"""Builds that run out of memory or find no compiler, really started, and what doctor says of them."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from real_install import RealInstall, sources

if TYPE_CHECKING:
    from pathlib import Path

# As many numbers as ten to the seventh, which the preprocessor writes out: gcc wants gigabytes for them.
GREEDY_C = "\n".join(
    ["#define TEN_0 1"]
    + [f"#define TEN_{n + 1} {', '.join([f'TEN_{n}'] * 10)}" for n in range(7)]
    + ["int numbers[] = {TEN_7, TEN_7, TEN_7, TEN_7};"]
)
GREEDY_PYTHON = "taken = []\nwhile True:\n    taken.append(bytes(1 << 26))\n"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="ulimit -v, and compilers by the names that they have on Linux"),
]
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is what runs out of memory")


@pytest.fixture
def install(tmp_path: Path) -> RealInstall:
    return RealInstall(tmp_path)


class TestMemory:
    @pytest.fixture(autouse=True)
    def little(self, install: RealInstall) -> None:
        """As a shell that limits what each of its processes may have: enough for pip, and for gcc on small sources."""
        install.under = ("sh", "-c", 'ulimit -v 600000; exec "$@"', "sh")

    @needs_gcc
    def test_a_compiler_that_runs_out(self, install: RealInstall) -> None:
        install.offers_a_source("tides", sources.extension("tides", more=GREEDY_C))
        answer = install.pip_from_index("tides")
        assert answer.verdict == ("out-of-memory", "certain")
        assert answer.first.evidence.startswith(("virtual memory exhausted", "cc1: out of memory"))
        assert any("ulimit -v" in command for command in answer.first.fix)

    @needs_gcc
    def test_one_that_has_enough(self, install: RealInstall) -> None:
        install.offers_a_source("tides", sources.extension("tides"))
        assert install.pip_from_index("tides").findings == ()

    def test_a_setup_script_that_takes_and_takes(self, install: RealInstall) -> None:
        install.offers_a_source("tides", sources.setup_py("tides", before=GREEDY_PYTHON))
        answer = install.pip_from_index("tides")
        assert answer.verdict == ("out-of-memory", "certain")
        assert answer.first.evidence.splitlines()[0] == "MemoryError"  # what the watch saw may follow


def test_no_compiler_on_path(install: RealInstall) -> None:
    install.offers_a_source("tides", sources.extension("tides"))
    answer = install.pip_from_index("tides", PATH=str(install.prefix / "bin"))
    assert answer.verdict == ("missing-c-compiler", "certain")
    assert answer.first.title.startswith("tides has to be compiled")
    assert "'gcc'" in answer.first.evidence
