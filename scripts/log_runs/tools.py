"""The Pythons, pips and installers that the runs use: found on this machine, or fetched once a session from the registry."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
SYSTEM_PYTHON = "/usr/bin/python3"
REGISTRY_HOSTS = "from pip._internal.models.index import PyPI; print(PyPI.netloc, PyPI.file_storage_domain)"


class Tools:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        host, files = _output([sys.executable, "-c", REGISTRY_HOSTS]).split()
        self.index_url = f"https://{host}/simple/"
        self.places = {str(folder): "/home/user/.local/share", host: "index.example", files: "files.example"}

    def interpreter(self, version: str) -> str:
        """pyenv's interpreter of that minor version, or PATH's; "system" is the one that every user may run."""
        if version == "system":
            return SYSTEM_PYTHON
        found = sorted(PYENV.glob(f"{version}.*/bin/python"))
        interpreter = str(found[-1]) if found else shutil.which(f"python{version}")
        if interpreter is None:
            raise FileNotFoundError(f"no Python {version} under {PYENV} or on PATH")
        return interpreter

    def full_version(self, version: str) -> str:
        return _output([self.interpreter(version), "-c", "import platform; print(platform.python_version())"])

    def headers(self, version: str) -> str:
        return _output([self.interpreter(version), "-c", "import sysconfig; print(sysconfig.get_path('include'))"])

    def cargo_folder(self) -> str:
        """Where the toolchain itself lies: rustup's stand-ins want rustup's home."""
        return _output(["rustup", "which", "cargo"]).rpartition("/")[0]

    def pip_wheel(self, version: str) -> Path:
        folder = self.folder / "pips"
        [*found] = folder.glob(f"pip-{version}-*.whl")
        if not found:
            options = ["-q", "--no-deps", "--ignore-requires-python", "-d", str(folder)]
            _output([sys.executable, "-m", "pip", "download", *options, f"pip=={version}"])
            [*found] = folder.glob(f"pip-{version}-*.whl")
        return found[0]

    def program(self, tool: str) -> tuple[str, str]:
        """The path and the version of uv, poetry or pipenv."""
        program = self.folder / tool / "bin" / tool
        if not program.exists():
            _output([self.interpreter("3.12"), "-m", "venv", str(self.folder / tool)])
            _output([str(program.with_name("python")), "-m", "pip", "install", "-q", tool])
        said = _output([str(program), "--version"])
        [version, *_] = [word for word in said.replace(")", "").split() if word[:1].isdigit()]
        return str(program), version


def _output(argv: list[str]) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("PIP_FIND_LINKS", "VIRTUAL_ENV")}
    ran = subprocess.run(
        argv,
        env={**environment, "PIP_CONFIG_FILE": os.devnull},
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return ran.stdout.strip()
