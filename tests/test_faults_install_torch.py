"""install-torch --run, which fails for what is really wrong, ends in the doctor's finding."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import pytest
from loopback import make_wheel
from mounting import mounted
from real_install import RealInstall, servers

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

TAG = f"cp{sys.version_info.major}{sys.version_info.minor}"
PLATFORM = f"{TAG}-{TAG}-linux_x86_64"
MB = 1_000_000
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the wheels on the loopback index are for Linux"),
]


@pytest.fixture
def install(tmp_path: Path) -> RealInstall:
    """Beside a mirror with a torch of some megabytes, in a build of whose size envtool knows nothing beforehand."""
    install = RealInstall(tmp_path)
    ballast = os.urandom(15 * MB).hex()
    make_wheel(install.index / "cu118/torch", "torch", "2.6.0+cu118", PLATFORM, torch=f"BALLAST = {ballast!r}\n")
    make_wheel(install.index / "cu118/torchvision", "torchvision", "0.21.0+cu118", PLATFORM)
    return install


def run(install: RealInstall, mirror: str) -> subprocess.CompletedProcess[str]:
    machine = ("--gpu", "RTX 3090", "--driver", "560.35.03", "--backend", "cu118", "--torch", "2.6.0")
    where = ("--mirror", mirror, "--python", install.python, "--installer", "pip")
    return install.envtool("install-torch", *machine, *where, "--run", "-y", PIP_RETRIES="1")


def finding(ran: subprocess.CompletedProcess[str]) -> str:
    """What is said of the cause, after pip's own last words."""
    assert ran.returncode == 1
    _, ended, said = ran.stderr.partition("ended with exit status 1")
    assert ended, ran.stderr
    return said


def test_a_disk_that_is_full(install: RealInstall) -> None:
    with servers.serving(servers.folder(install.index)) as port, mounted(install.temporary, "size=20m"):
        said = finding(run(install, f"http://{servers.HOST}:{port}"))
    assert "disk-full; the log proves it" in said
    assert "TMPDIR=~/tmp" in said


def test_a_mirror_that_is_down(install: RealInstall) -> None:
    said = finding(run(install, f"http://{servers.HOST}:{servers.closed_port()}"))
    assert f"The installer could not reach {servers.HOST}." in said
    assert "network-unreachable; the log proves it" in said


def test_a_mirror_that_lacks_the_wheel(install: RealInstall) -> None:
    [wheel] = (install.index / "cu118/torch").glob("*.whl")
    wheel.unlink()
    with servers.serving(servers.folder(install.index)) as port:
        said = finding(run(install, f"http://{servers.HOST}:{port}"))
    assert "torch ==2.6.0+cu118 has no wheel for this Python" in said
    assert "no-wheel-for-python; most likely" in said
    newest = re.search(r"^  pip install torch==[\d.]+\+(\w+) ", said, re.MULTILINE)  # of PyTorch's own index
    assert newest
    assert newest[1].startswith("cu")
