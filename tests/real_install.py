"""Installs that really run and really fail, and what `envtool doctor -- COMMAND` says of them."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from loopback import bare_environment
from made_environment import Environment

import envtool

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))  # what makes the logs makes the faults here, too

from log_runs import servers, sources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ("VERSION", "Answer", "RealInstall", "servers", "sources")
ENVTOOL = (
    f"import sys; sys.path.insert(0, {str(Path(envtool.__file__).parent.parent)!r}); "  # for itself, and not for pip
    "from envtool.cli import main; main()"
)
BUILT_BY_SETUPTOOLS = '[build-system]\nrequires = [{}]\nbuild-backend = "setuptools.build_meta"\n'
VERSION = "1.4.2"
LIMIT_S = 300  # on a busy machine a compiler takes its time


class Finding(NamedTuple):
    id: str
    confidence: str
    title: str
    evidence: str
    fix: tuple[str, ...]


class Answer(NamedTuple):
    """What doctor reports, and what it let through of the command's own words."""

    findings: tuple[Finding, ...]
    words: str

    @property
    def first(self) -> Finding:
        assert self.findings, self.words
        return self.findings[0]

    @property
    def verdict(self) -> tuple[str, str]:
        return self.first.id, self.first.confidence


class RealInstall(Environment):
    """An environment with a pip, and an index, a temporary folder and a home of its own."""

    def __init__(self, root: Path) -> None:
        if os.name == "nt":
            pytest.skip("the environment is made as on Unix")
        super().__init__(root)
        self.install_pip()
        self.root, self.temporary, self.index = root, root / "tmp", root / "index"
        self.temporary.mkdir()
        self.under: tuple[str, ...] = ()  # what starts doctor, as a shell that sets limits does
        self.online = False  # whether doctor may ask the index, too

    def pip(self, *arguments: str, **environment: str) -> Answer:
        """What doctor says of `pip install` with the arguments."""
        return self.doctor([self.python, "-m", "pip", "install", *arguments], **environment)

    def pip_from_index(self, *arguments: str, **environment: str) -> Answer:
        with servers.serving(servers.folder(self.index)) as port:
            return self.pip("--index-url", f"http://{servers.HOST}:{port}", *arguments, **environment)

    def doctor(self, command: Sequence[str], **environment: str) -> Answer:
        asked = ("--online",) if self.online else ()
        ran = self.envtool("doctor", "--format", "json", *asked, "--", *command, **environment)
        assert ran.returncode in (0, 1), ran.stderr
        findings = json.loads(ran.stdout)["findings"]
        return Answer(tuple(_finding(fields) for fields in findings), ran.stderr)

    def envtool(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        home = {"HOME": str(self.root / "home"), "TMPDIR": str(self.temporary)}
        return subprocess.run(
            [*self.under, sys.executable, "-c", ENVTOOL, *arguments],
            cwd=self.project,
            env=bare_environment(**{**home, **environment}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )

    def offers_a_wheel(self, name: str, size_bytes: int = 0, files: int = 1) -> None:
        """One that no compression makes smaller, in so many files."""
        wheel = sources.wheel(self.index / name, name, VERSION)
        with zipfile.ZipFile(wheel, "a") as archive:
            for number in range(files):
                archive.writestr(f"{name}_data/{number}.bin", os.urandom(size_bytes // files))

    def puts_into_the_wheel(self, name: str, path: str, content: bytes) -> None:
        """A file that may be executed."""
        [wheel] = (self.index / name).glob("*.whl")
        file = zipfile.ZipInfo(path)
        file.external_attr = 0o755 << 16
        with zipfile.ZipFile(wheel, "a") as archive:
            archive.writestr(file, content)

    def offers_a_source(self, name: str, files: Mapping[str, str], *requires: str) -> None:
        """An sdist that setuptools builds, with what else the build requires; setuptools is on the index, too."""
        required = ", ".join(f'"{requirement}"' for requirement in ("setuptools", *requires))
        project = {"pyproject.toml": BUILT_BY_SETUPTOOLS.format(required), **files}
        sources.sdist(self.index / name, name, VERSION, project)
        _pack("setuptools", self.index / "setuptools")


def _finding(fields: Mapping[str, Any]) -> Finding:
    evidence = "\n".join(line["text"] for line in fields["evidence"])
    return Finding(fields["id"], fields["confidence"], fields["title"], evidence, tuple(fields["fix"]))


def _pack(name: str, folder: Path) -> None:
    """The distribution that the tests themselves run with, as a wheel again."""
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"the environment of the tests has no {name}")
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{distribution.version}-py3-none-any.whl", "w") as wheel:
        for file in distribution.files or ():
            if file.suffix != ".pyc" and ".." not in file.parts:
                wheel.write(str(file.locate()), str(file))
