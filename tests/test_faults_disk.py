"""Disks that are full, read-only or noexec, an install that runs into it, and what doctor says of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mounting import mounted
from real_install import VERSION, Answer, RealInstall, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

MB = 1_000_000
BOUND_BY_MODES = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")  # root is not, unless so
FILLS_AND_CLEANS = """
import os, tempfile, time
place = os.path.join(tempfile.gettempdir(), "tables")
try:
    with open(place, "wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 20))
except OSError:
    time.sleep(1)  # as long as a build goes on for after such a fault
os.remove(place)
raise SystemExit("the tables are not whole")
"""
pytestmark = pytest.mark.slow


@pytest.fixture
def install(tmp_path: Path) -> RealInstall:
    return RealInstall(tmp_path)


@contextmanager
def immutable(folder: Path) -> Iterator[None]:
    if os.geteuid() != 0 or shutil.which("chattr") is None:
        pytest.skip("root alone sets the attribute, by chattr")
    made = subprocess.run(["chattr", "+i", str(folder)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"this file system has no such attribute: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", str(folder)], check=True)


class TestFull:
    """pip seldom says what is full; the watch does."""

    def test_a_download_that_does_not_fit(self, install: RealInstall) -> None:
        install.offers_a_wheel("ballast", 30 * MB)
        with mounted(install.temporary, "size=20m") as disk:
            answer = install.pip_from_index("--no-cache-dir", "ballast")
        assert answer.verdict == ("disk-full", "certain")
        assert str(disk) in answer.first.title
        assert any(f"TMPDIR=~/tmp {install.python} -m pip" in command for command in answer.first.fix)

    def test_a_build_environment_that_does_not_fit(self, install: RealInstall) -> None:
        install.offers_a_source("tides", sources.setup_py("tides"))
        with mounted(install.temporary, "size=3m") as disk:
            answer = install.pip_from_index("tides")
        assert "Installing build dependencies: finished with status 'error'" in answer.words
        assert answer.verdict == ("disk-full", "certain")
        assert str(disk) in answer.first.title

    def test_inodes_that_run_out(self, install: RealInstall) -> None:
        install.offers_a_wheel("ballast", files=400)
        install.offers_a_source("tides", sources.setup_py("tides"), "ballast")
        with mounted(install.temporary, "nr_inodes=200") as disk:
            answer = install.pip_from_index("tides")
        assert answer.verdict == ("disk-full", "certain")
        assert str(disk) in answer.first.title

    def test_an_environment_that_does_not_fit(self, install: RealInstall) -> None:
        install.offers_a_wheel("ballast", 30 * MB)
        with mounted(install.root / "disk", "size=30m") as disk:
            shutil.copytree(install.prefix, disk / "env", symlinks=True)
            install.python = str(disk / "env/bin/python")
            answer = install.pip_from_index("ballast")
        assert answer.verdict == ("disk-full", "certain")
        assert str(disk) in answer.first.title

    def test_one_that_is_large_enough(self, install: RealInstall) -> None:
        install.offers_a_wheel("ballast", 5 * MB)
        with mounted(install.temporary, "size=20m"):
            assert install.pip_from_index("--no-cache-dir", "ballast").findings == ()


class TestReadOnly:
    def test_the_environment(self, install: RealInstall) -> None:
        install.offers_a_wheel("tides")
        with mounted(install.prefix, "bind,ro", str(install.prefix), "none"):
            answer = install.pip_from_index("tides")
        assert answer.verdict == ("read-only-fs", "certain")
        assert answer.first.title.startswith(f"{install.site}/tides")

    def test_a_folder_that_is_not_the_users_to_write(self, install: RealInstall) -> None:
        install.offers_a_wheel("tides")
        install.site.chmod(0o555)
        if os.geteuid() == 0:
            if shutil.which("setpriv") is None:
                pytest.skip("setpriv is what takes from root the right to write everywhere")
            install.under = BOUND_BY_MODES
        answer = install.pip_from_index("tides")
        assert answer.verdict == ("permission-denied", "certain")
        assert answer.first.title.startswith(f"The user may not write to {install.site}/tides")

    def test_files_that_may_not_be_changed(self, install: RealInstall) -> None:
        """By an attribute of ext4 and its like, which even root is held by."""
        install.offers_a_wheel("tides")
        with immutable(install.site):
            answer = install.pip_from_index("tides")
        assert answer.verdict == ("permission-denied", "certain")
        assert answer.first.title.startswith(f"The user may not write to {install.site}/tides")


class TestNoexec:
    """Whatever the build starts or loads from its own folder is refused."""

    def answer(self, install: RealInstall) -> Answer:
        with mounted(install.temporary, "noexec"):
            answer = install.pip_from_index("tides")
        assert answer.first.id == "tmp-noexec"
        assert f"TMPDIR=~/tmp {install.python} -m pip install" in answer.first.fix[0]
        return answer

    def test_a_script_of_the_package(self, install: RealInstall) -> None:
        configure = {"configure": "#!/bin/sh\necho configured\n"}
        runs = "import subprocess\nsubprocess.run(['./configure'], check=True)\n"
        install.offers_a_source("tides", {**sources.setup_py("tides", before=runs), **configure})
        assert "'./configure'" in self.answer(install).first.evidence

    def test_a_tool_that_the_build_requires(self, install: RealInstall) -> None:
        install.offers_a_wheel("weaver")
        install.puts_into_the_wheel("weaver", f"weaver-{VERSION}.data/scripts/weave", b"#!/bin/sh\necho woven\n")
        runs = "import subprocess\nsubprocess.run(['weave'], check=True)\n"
        install.offers_a_source("tides", sources.setup_py("tides", before=runs), "weaver")
        assert "'weave'" in self.answer(install).first.evidence

    def test_a_module_in_c(self, install: RealInstall) -> None:
        compiled = sorted(Path(sysconfig.get_path("stdlib"), "lib-dynload").glob("_json.*.so"))
        if not compiled:
            pytest.skip("this Python has its modules in C built in")
        install.offers_a_wheel("weaver")
        install.puts_into_the_wheel("weaver", f"woven/{compiled[0].name}", compiled[0].read_bytes())
        runs = "from woven import _json\n"
        install.offers_a_source("tides", sources.setup_py("tides", before=runs), "weaver")
        answer = self.answer(install)
        assert answer.first.confidence == "certain"
        assert f"{install.temporary}/pip-build-env" in answer.first.evidence
