"""A user's machine in a folder: what runs in it is shown as if the folder were the root of the file system."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from log_runs import servers
from log_runs.dress import DRESSES
from log_runs.neutral import neutral

if TYPE_CHECKING:
    from log_runs.tools import Tools

TIME_LIMIT_S = 300
CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO")
SYSTEM_PATH = ("/usr/bin", "/bin")


class CannotPlay(Exception):
    """This machine lacks what the run needs."""


class Scene:
    """Set the stage with the methods, then `types` what the user types; `text` is the log."""

    def __init__(self, root: Path, tools: Tools) -> None:
        self.root = root
        self.tools = tools
        self.home = root / "home/user"
        self.project = self.home / "project"
        self.tmp = root / "tmp"
        for folder in (self.project, self.tmp):
            folder.mkdir(parents=True)
        self.path = list(SYSTEM_PATH)
        self.under: list[str] = []  # a program that runs what is typed, unseen: setpriv, prlimit ...
        self.environment = _bare_environment(self.home, self.tmp)
        self.encoding = "utf-8"
        self.about: list[str] = []  # the header's words
        self.dressed_as = ""  # the program around the installer, one of DRESSES
        self.places = {str(root): "", f"{root}/"[1:]: "", str(Path.home()): "/home/user", **tools.places}
        self.status = 0  # how what was typed last ended
        self._seen: list[str] = []
        self._staged = contextlib.ExitStack()

    def python(self, version: str, pip: str | None = None, *packages: str) -> Path:
        """A virtual environment in the project, on PATH, with that pip and these packages."""
        environment = self.project / ".venv"
        interpreter = self.tools.interpreter(version)
        _quietly([interpreter, "-m", "venv", "--without-pip", str(environment)])
        python = environment / "bin/python"
        if pip:
            wheel = self.tools.pip_wheel(pip)
            offline = ["install", "-q", "--no-index", "--no-deps", "--disable-pip-version-check", str(wheel)]
            self._alone([str(python), f"{wheel}/pip", *offline])
            self.about.append(f"pip {pip}")
        if packages:
            [library] = environment.glob("lib/python3.*/site-packages")
            self._alone([interpreter, "-m", "pip", "install", "-q", "--target", str(library), *packages])
        self.path.insert(0, str(environment / "bin"))
        self.environment["VIRTUAL_ENV"] = str(environment)
        self.about.append(f"CPython {self.tools.full_version(version)}")
        return python

    def puts_pip(self, version: str, python: Path) -> None:
        """Unpack a pip that cannot install itself on this Python."""
        [library] = python.parent.parent.glob("lib/python3.*/site-packages")
        shutil.unpack_archive(self.tools.pip_wheel(version), library, "zip")
        self.about.insert(0, f"pip {version}")

    def has(self, tool: str) -> None:
        """Put uv, poetry or pipenv on PATH."""
        program, version = self.tools.program(tool)
        folder = self.root / "usr/local/bin"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / tool).symlink_to(program)
        self.path.insert(0, str(folder))
        self.about.insert(0, f"{tool} {version}")

    def lacks(self, *programs: str) -> None:
        """Take from the system's programs those whose name matches one of the patterns."""
        folder = self.root / "usr/bin"
        folder.mkdir(parents=True, exist_ok=True)
        for system in SYSTEM_PATH:
            for program in Path(system).iterdir():
                link = folder / program.name
                if not any(program.match(pattern) for pattern in programs) and not link.is_symlink():
                    link.symlink_to(program)
        self.path = [entry for entry in self.path if entry not in SYSTEM_PATH] + [str(folder)]

    def mount(self, folder: Path, *options: str) -> Path:
        """Mount a small file system, or with a folder among the options that folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self._mount("-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder))
        return folder

    def hides_headers(self, version: str) -> None:
        """Put an empty folder over the interpreter's own headers."""
        self._mount("-t", "tmpfs", "-o", "size=4k", "tmpfs", self.tools.headers(version))

    def has_rust(self) -> None:
        """Put this machine's cargo and rustc on PATH."""
        self.path.append(self.tools.cargo_folder())

    def freeze(self, folder: Path) -> None:
        """Make the folder a read-only mount of itself."""
        self._mount("--bind", str(folder), str(folder))
        _quietly(["mount", "-o", "remount,ro,bind", str(folder)])

    def _mount(self, *arguments: str) -> None:
        _quietly(["mount", *arguments])
        self._staged.callback(_quietly, ["umount", "-l", arguments[-1]])

    def serve(self, handler: servers.Handler, shown: str = "index.example", *, tls: bool = False) -> str:
        """The address of a loopback server, in the log named `shown`."""
        certificate = servers.self_signed(self.root / "server.pem") if tls else None
        port = self._staged.enter_context(servers.serving(handler, certificate))
        return self.names(port, shown, tls=tls)

    def names(self, port: int, shown: str, *, tls: bool = False) -> str:
        """The address of a port on loopback, in the log named `shown`."""
        host = servers.HOST
        name, _, shown_port = shown.partition(":")
        shown_port = shown_port or ("443" if tls else "80")
        self.places[f"{host}:{port}"] = shown
        self.places[f"'{host}', port={port}"] = f"'{name}', port={shown_port}"
        self.places[f"{host} port {port}"] = f"{name} port {shown_port}"
        self.places[host] = name
        return f"{'https' if tls else 'http'}://{host}:{port}"

    def speaks(self, locale: str, charset: str) -> None:
        """Give the machine another language, compiled by localedef from the C library's sources."""
        folder = self.root / "locales"
        folder.mkdir()
        made = folder / f"{locale}.{charset}"
        try:
            _quietly(["localedef", "-c", "-i", locale, "-f", charset, str(made)])
        except (OSError, subprocess.CalledProcessError):
            raise CannotPlay(f"localedef cannot make {made.name}: install the package locales") from None
        self.environment |= {"LOCPATH": str(folder), "LC_ALL": made.name, "LANG": made.name}
        self.about.append(made.name)
        self.encoding = "utf-8" if charset == "UTF-8" else charset

    def types(self, line: str, *, terminal: bool = False) -> None:
        """Run the line in bash, in the project, and keep what a user would see of it."""
        bash = ["/bin/bash", "-c", line]
        argv = ["script", "-qefc", line, "/dev/null"] if terminal else [*self.under, *bash]
        environment = {**self.environment, "PATH": os.pathsep.join(self.path)}
        ran = subprocess.run(
            argv,
            cwd=self.project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIME_LIMIT_S,
            check=False,
        )
        self._seen += [f"$ {line}\n", ran.stdout.decode(self.encoding, errors="replace")]
        self.status = ran.returncode

    def prepares(self, line: str) -> None:
        """Run a line of bash that the log does not show."""
        _quietly(["/bin/bash", "-c", line], {**self.environment, "PATH": os.pathsep.join(SYSTEM_PATH)})

    def text(self) -> str:
        seen = neutral("".join(self._seen), self.places)
        return DRESSES[self.dressed_as](seen) if self.dressed_as else seen

    def header(self) -> str:
        system = platform.freedesktop_os_release()
        made_on = f"{system['ID'].capitalize()} {system.get('VERSION_ID', '')}".strip()
        shown = [f"as {self.dressed_as} shows it"] if self.dressed_as else []
        return f"# {', '.join([*self.about, made_on, *shown])}; run by scripts/make_logs.py\n"

    def strike(self) -> None:
        """Stop the servers, unmount, remove the folder."""
        self._staged.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def _alone(self, argv: list[str]) -> None:
        """Run pip for the stage itself: with the registry, and nothing of ours."""
        _quietly(argv, {**self.environment, "PATH": os.pathsep.join(SYSTEM_PATH)})


def _bare_environment(home: Path, tmp: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in CERTIFICATES if name in os.environ}
    ours = {"HOME": str(home), "TMPDIR": str(tmp), "LANG": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0"}
    return {**kept, **ours, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _quietly(argv: list[str], environment: dict[str, str] | None = None) -> None:
    subprocess.run(argv, env=environment, check=True, capture_output=True, timeout=TIME_LIMIT_S)
