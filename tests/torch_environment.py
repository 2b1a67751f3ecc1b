"""Little environments whose torch is a few lines: what envtool asks is the interpreter, whatever it finds there."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from machines import linux

from envtool.catalogue import Catalogue
from envtool.checkup import CHECKS
from envtool.conditions import Conditions, Here, Planned
from envtool.surroundings import look
from envtool.target import inspect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envtool.checkup.check import Verdict
    from envtool.facts import Machine

PLANNED = Planned("pip install torch==2.14.1+cu126", "2.14.1+cu126", "cu126", None, None, None)
CATALOGUE = Catalogue()

TORCH = """
import types
__version__ = {version!r}
version = types.SimpleNamespace(cuda={cuda!r}, hip={hip!r}, xpu=None)

def is_available():
    {gpu}

class _Sum:
    def sum(self):
        {sum}
        return self
    def item(self):
        return 2.0

cuda = types.SimpleNamespace(
    is_available=is_available, get_arch_list=lambda: [], get_device_name=lambda index: {device!r}
)
_C = types.SimpleNamespace(_cuda_getArchFlags=lambda: {kernels!r})

def ones(*size, **options):
    return _Sum()

def tensor(value):
    return value

class from_numpy:
    def __init__(self, array):
        {from_numpy}
    def numpy(self):
        return self
"""
NUMPY = """
__version__ = {version!r}
def zeros(size, dtype):
    return [0.0] * size
"""


TORCHVISION = """
import types
__version__ = "0.20.1+cpu"
ops = types.SimpleNamespace(nms=lambda boxes, scores, threshold: boxes)
"""


def torch_source(
    version: str = "2.5.1+cpu",
    *,
    cuda: str | None = None,
    hip: str | None = None,
    kernels: str = "",
    device: str | None = None,
    gpu: str = "",
    sum: str = "pass",  # noqa: A002 - as torch calls it
    from_numpy: str = "pass",
) -> str:
    """A torch that has what is looked at; `gpu`, `sum` and `from_numpy` are statements that run there."""
    return TORCH.format(
        version=version,
        cuda=cuda,
        hip=hip,
        kernels=kernels,
        device=device,
        gpu=gpu or f"return {device is not None}",
        sum=sum,
        from_numpy=from_numpy,
    )


def record_line(path: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(content)}\n"


class Environment:
    """A virtual environment without pip; packages are put into it as an installer would."""

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
        self.python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
        self.site_packages = Path(str(inspect(self.python).site_packages))

    def package(self, name: str, version: str, files: Mapping[str, str | bytes] = MappingProxyType({})) -> None:
        """A distribution with these files; the name of a package alone stands for its __init__.py."""
        info = self.site_packages / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
        lines = []
        for path, content in files.items():
            inside = path if "." in path else f"{path}/__init__.py"
            written = content.encode() if isinstance(content, str) else content
            (self.site_packages / inside).parent.mkdir(parents=True, exist_ok=True)
            (self.site_packages / inside).write_bytes(written)
            lines.append(record_line(inside, written))
        (info / "RECORD").write_text("".join([*lines, f"{info.name}/RECORD,,\n"]), "utf-8")

    def torch(self, version: str = "2.5.1+cpu", source: str | None = None) -> None:
        self.package("torch", version, {"torch": torch_source(version) if source is None else source})

    def here(
        self,
        machine: Machine | None = None,
        planned: Planned | None = PLANNED,
        **environment: str,
    ) -> Here:
        return Here(
            machine=machine or linux(),
            target=inspect(self.python),
            executable=self.python,
            planned=planned,
            folder=self.site_packages,
            environment=environment,
            root=Path("/"),
            online=False,
        )

    def verdict(
        self,
        check: str,
        machine: Machine | None = None,
        planned: Planned | None = PLANNED,
        **environment: str,
    ) -> Verdict:
        """What the check says of what is really seen here."""
        here = self.here(machine, planned, **environment)
        parts = look({"installed_torch"}, here)
        return CHECKS[check].judge(Conditions(here, CATALOGUE, **parts))  # type: ignore[arg-type]  # of its own type
