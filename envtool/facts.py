"""What was seen, as values: the machine, its cards and driver, and the interpreter that torch is for.

None means "could not be learnt"; an empty tuple means "learnt: there are none".
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from packaging.version import InvalidVersion, Version

from envtool.errors import MachineUnreadable, TargetUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from envtool.usage import Usage

VENDORS = ("nvidia", "amd", "intel", "apple")


class OperatingSystem(NamedTuple):
    system: str  # what platform.system() says: Linux, Windows, Darwin, FreeBSD
    distribution: str | None = None  # ubuntu, debian, rhel ...
    version: str | None = None  # on macOS the macOS version
    wsl: bool = False
    jetson_l4t: str | None = None  # NVIDIA's Linux for Tegra, "36.4.3"


class Libc(NamedTuple):
    name: str  # glibc or musl
    version: str


class Interpreter(NamedTuple):
    implementation: str  # what sys.implementation.name says: cpython, pypy
    version: str
    free_threaded: bool = False
    executable: str | None = None

    @property
    def tag(self) -> str:
        """The ABI tag of the wheels it takes: cp312, cp313t."""
        return _tag(self)


class Driver(NamedTuple):
    vendor: str
    version: str | None  # as the driver spells it: 535.183.01
    userspace_version: str | None = None  # only where it differs from the kernel module's


class Gpu(NamedTuple):
    vendor: str
    name: str | None
    compute_capability: tuple[int, int] | None = None  # NVIDIA
    architecture: str | None = None  # AMD gfx1100, Intel xe, Apple mps
    memory_mib: int | None = None
    pci_id: str | None = None  # "10de:1b06"
    mig_memory_mib: tuple[int, ...] = ()  # one entry a MIG slice


class Host(NamedTuple):
    """What the machine itself shows, whichever interpreter is asked about."""

    os: OperatingSystem
    driver: Driver | None
    gpus: tuple[Gpu, ...] | None
    environment: tuple[tuple[str, str | None], ...] = ()
    notes: tuple[str, ...] = ()  # what a person should know of how this was seen


class Package(NamedTuple):
    """An installed distribution."""

    name: str  # as its metadata spells it
    version: str  # with its local tag: 2.5.1+cu124
    origin: str | None = None  # PEP 610: the address or path it was installed from, never with credentials
    revision: str | None = None  # the commit, where the origin is a repository
    subdirectory: str | None = None  # of the origin
    editable: bool = False
    modules: tuple[str, ...] | None = None  # what can be imported of it: cv2, google.cloud.storage; None: not asked


class Target(NamedTuple):
    """What one interpreter says of itself."""

    python: Interpreter
    arch: str  # what platform.machine() says, or i686, armv7l, x86 where the interpreter has 32 bits
    libc: Libc | None
    platform: str  # what sysconfig.get_platform() says
    prefix: str
    is_venv: bool
    externally_managed: bool  # PEP 668
    site_packages: str | None
    packages: tuple[Package, ...]


class Machine(NamedTuple):
    os: OperatingSystem
    arch: str  # what platform.machine() says: x86_64, AMD64, aarch64, arm64, ARM64
    libc: Libc | None  # None off Linux
    python: Interpreter
    driver: Driver | None
    gpus: tuple[Gpu, ...] | None
    environment: tuple[tuple[str, str | None], ...] = ()
    notes: tuple[str, ...] = ()
    extra: tuple[tuple[str, object], ...] = ()  # fields of a machine file that this version does not know


class Use(NamedTuple):
    """One place where a project imports something that is not its own."""

    module: str  # as it stands there, dotted: google.cloud.storage
    file: str  # from the project's root, with forward slashes
    line: int
    optional: bool  # it can fail or stay out: try/except ImportError, TYPE_CHECKING, another platform, tests
    python_2: bool = False  # the file is Python 2


class Remark(NamedTuple):
    """Something of a project that was not read as it should be."""

    file: str
    line: int | None
    kind: str  # syntax-error, unreadable, decoded-by-guess ...
    message: str


class Imports(NamedTuple):
    """What a project imports from others."""

    root: str
    uses: tuple[Use, ...]
    names: tuple[tuple[str, str], ...]  # what pipreqs counts as third-party: its first name, and pipreqs' distribution
    remarks: tuple[Remark, ...]


class Evidence(NamedTuple):
    """What a run left behind, for a diagnosis."""

    log: Iterable[bytes] = ()  # in pieces of any size, in order; read once
    machine: Machine | None = None  # where it ran
    status: int | None = None  # how it ended
    usage: Usage | None = None  # what was seen while it ran; None: nobody looked
    remedy: str | None = None  # the command that install-torch names for the machine
    command: str | None = None  # what was run, where that is known otherwise than from the log


def machine_of(host: Host, target: Target) -> Machine:
    has_pip = any(package.name.lower() == "pip" for package in target.packages)
    no_pip = f"{target.prefix} has no pip: `{target.python.executable} -m ensurepip` adds it, --format uv does without"
    return Machine(
        os=host.os,
        arch=target.arch,
        libc=target.libc,
        python=target.python,
        driver=host.driver,
        gpus=host.gpus,
        environment=host.environment,
        notes=host.notes if has_pip else (*host.notes, no_pip),
    )


@cache
def _tag(python: Interpreter) -> str:
    major, minor = python.version.split(".")[:2]
    return f"cp{major}{minor}{'t' if python.free_threaded else ''}"


@cache
def release(version: str) -> Version:
    """The version as a value that can be compared; `version` was checked when it was read."""
    return Version(version)


def parse_capability(text: str) -> tuple[int, int]:
    """A compute capability, "8.6", as (8, 6). Raises ValueError."""
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def parse_machine(text: str, source: str) -> Machine:
    """The machine that a JSON text describes; `source` names the text in messages.

    The object may be the machine itself or hold it under "machine". Raises MachineUnreadable.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise MachineUnreadable(
            f"{source} is not JSON ({error}): give a file as `envtool doctor --format json` writes it"
        ) from None
    if isinstance(value, dict) and isinstance(value.get("machine"), dict):
        value = value["machine"]
    try:
        return _machine(_Fields(value, ""))
    except _FieldError as error:
        raise MachineUnreadable(f"{source} does not describe a machine: {error}") from None


def parse_target(text: str, executable: str) -> Target:
    """The answer of `_in_target/probe.py`. Raises TargetUnusable."""
    try:
        return _target(_Fields(json.loads(text), ""))
    except (ValueError, _FieldError) as error:
        raise TargetUnusable(f"{executable} gave no usable answer about itself: {error}") from None


class _FieldError(Exception):
    """A field that is not there, or not what it should be."""


_T = TypeVar("_T")


class _Fields:
    """The members of a JSON object, each read as the type it should have, named by its path in a mismatch."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise _FieldError(f"{path or 'the whole text'} should be an object, found {_shown(value)}")
        self._value = value
        self._path = path

    def _read(self, key: str, kind: type[_T], called: str) -> _T:
        value = self._value.get(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            found = _shown(value) if key in self._value else "nothing"
            raise _FieldError(f"{self._at(key)} should be {called}, found {found}")
        return value

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def absent(self, key: str) -> bool:
        return self._value.get(key) is None

    def text(self, key: str) -> str:
        return self._read(key, str, "text")

    def text_or_none(self, key: str) -> str | None:
        return None if self.absent(key) else self.text(key)

    def flag(self, key: str) -> bool:
        return not self.absent(key) and self._read(key, bool, "true or false")

    def count_or_none(self, key: str) -> int | None:
        return None if self.absent(key) else self._read(key, int, "a whole number")

    def version(self, key: str) -> str:
        text = self.text(key)
        try:
            Version(text)
        except InvalidVersion:
            raise _FieldError(f"{self._at(key)} should be a version such as 535.183.01, found {_shown(text)}") from None
        return text

    def version_or_none(self, key: str) -> str | None:
        return None if self.absent(key) else self.version(key)

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        text = self.text(key)
        if text not in choices:
            raise _FieldError(f"{self._at(key)} should be one of {', '.join(choices)}, found {_shown(text)}")
        return text

    def capability_or_none(self, key: str) -> tuple[int, int] | None:
        if self.absent(key):
            return None
        try:
            return parse_capability(self.text(key))
        except ValueError:
            raise _FieldError(f'{self._at(key)} should be like "8.6", found {_shown(self.text(key))}') from None

    def fields(self, key: str) -> _Fields:
        return _Fields(self._read(key, dict, "an object"), self._at(key))

    def optional(self, key: str, read: Callable[[_Fields], _T]) -> _T | None:
        return None if self.absent(key) else read(self.fields(key))

    def each(self, key: str, read: Callable[[_Fields], _T]) -> tuple[_T, ...]:
        items = self._read(key, list, "a list")
        return tuple(read(_Fields(item, f"{self._at(key)}[{at}]")) for at, item in enumerate(items))

    def texts(self, key: str) -> tuple[tuple[str, str | None], ...]:
        return tuple((name, self.fields(key).text_or_none(name)) for name in self._read(key, dict, "an object"))

    def words(self, key: str) -> tuple[str, ...]:
        words = self._read(key, list, "a list")
        if not all(isinstance(word, str) for word in words):
            raise _FieldError(f"{self._at(key)} should be a list of texts, found {_shown(words)}")
        return tuple(words)

    def others(self, known: tuple[str, ...]) -> tuple[tuple[str, object], ...]:
        return tuple((key, value) for key, value in self._value.items() if key not in known)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - a message stays on a line


def _machine(seen: _Fields) -> Machine:
    known = ("schema", "os", "arch", "libc", "python", "driver", "gpus", "environment")
    return Machine(
        os=_operating_system(seen.fields("os")),
        arch=seen.text("arch"),
        libc=seen.optional("libc", _libc),
        python=_interpreter(seen.fields("python")),
        driver=seen.optional("driver", _driver),
        gpus=None if seen.absent("gpus") else seen.each("gpus", _gpu),
        environment=() if seen.absent("environment") else seen.texts("environment"),
        extra=seen.others(known),
    )


def _operating_system(seen: _Fields) -> OperatingSystem:
    return OperatingSystem(
        system=seen.text("system"),
        distribution=seen.text_or_none("distribution"),
        version=seen.text_or_none("version"),
        wsl=seen.flag("wsl"),
        jetson_l4t=seen.text_or_none("jetson_l4t"),
    )


def _libc(seen: _Fields) -> Libc:
    return Libc(seen.text("name"), seen.version("version"))


def _interpreter(seen: _Fields) -> Interpreter:
    version = seen.version("version")
    if len(Version(version).release) < 2:  # noqa: PLR2004 - major and minor
        raise _FieldError(f'python.version should be like "3.12.7", found {_shown(version)}')
    return Interpreter(
        implementation=seen.text("implementation").lower(),
        version=version,
        free_threaded=seen.flag("free_threaded"),
        executable=seen.text_or_none("executable"),
    )


def _driver(seen: _Fields) -> Driver:
    vendor = seen.one_of("vendor", VENDORS)
    return Driver(vendor, seen.version_or_none("version"), seen.version_or_none("userspace_version"))


def _gpu(seen: _Fields) -> Gpu:
    return Gpu(
        vendor=seen.one_of("vendor", VENDORS),
        name=seen.text_or_none("name"),
        compute_capability=seen.capability_or_none("compute_capability"),
        architecture=seen.text_or_none("architecture"),
        memory_mib=seen.count_or_none("memory_mib"),
        pci_id=seen.text_or_none("pci_id"),
    )


def _target(seen: _Fields) -> Target:
    return Target(
        python=_interpreter(seen.fields("python")),
        arch=seen.text("arch"),
        libc=seen.optional("libc", _libc),
        platform=seen.text("platform"),
        prefix=seen.text("prefix"),
        is_venv=seen.flag("is_venv"),
        externally_managed=seen.flag("externally_managed"),
        site_packages=seen.text_or_none("site_packages"),
        packages=seen.each("packages", _package),
    )


def _package(seen: _Fields) -> Package:
    return Package(
        name=seen.text("name"),
        version=seen.text("version"),
        origin=seen.text_or_none("origin"),
        revision=seen.text_or_none("revision"),
        subdirectory=seen.text_or_none("subdirectory"),
        editable=seen.flag("editable"),
        modules=None if seen.absent("modules") else seen.words("modules"),
    )
