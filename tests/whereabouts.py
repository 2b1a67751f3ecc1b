"""Where the tests look at surroundings: an ordinary target, and what install-torch would put into it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from machines import linux

from envtool.catalogue import Catalogue
from envtool.conditions import Conditions, Here, Planned
from envtool.facts import Interpreter, Package, Target

COMMAND = "pip install torch==2.13.0+cpu"
PLANNED = Planned(COMMAND, "2.13.0+cpu", "cpu", None, download_mib=220, installed_mib=950)


def target(site_packages: Path, *packages: str, prefix: str | None = None) -> Target:
    return Target(
        python=Interpreter("cpython", "3.12.7", executable=sys.executable),
        arch="x86_64",
        libc=None,
        platform="linux-x86_64",
        prefix=prefix or str(site_packages),
        is_venv=True,
        externally_managed=False,
        site_packages=str(site_packages),
        packages=tuple(Package(name, "1") for name in packages),
    )


def here(
    folder: Path, *packages: str, planned: Planned | None = PLANNED, root: Path = Path("/"), **environment: str
) -> Here:
    """At a folder, where `site` is the environment, `tmp` the temporary folder and `home` the home."""
    told = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "PATH": os.defpath, **environment}
    for name in ("site", "tmp", "home"):
        (folder / name).mkdir(exist_ok=True)
    return Here(
        machine=linux(),
        target=target(folder / "site", *packages),
        executable=sys.executable,
        planned=planned,
        folder=folder,
        environment=told,
        root=root,
        online=False,
    )


def conditions(at: Here, **parts: object) -> Conditions:
    return Conditions(at, Catalogue(), **parts)  # type: ignore[arg-type]  # each part is of its own type
