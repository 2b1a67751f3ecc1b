"""What a log shows of the run that wrote it: the tool, the Python, the system, the package that failed."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from envtool.rules.log import Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envtool.facts import Machine

_TOOLS = (  # first that speaks wins
    (
        "uv",
        r"^\W{0,20}uv (?:pip|sync|add|run|lock|tool|venv)\b|Using (?:C?Python) \d\S{1,20} (?:environment )?at: |^\s{0,4}\S\sFailed to build `|uv[.]lock",
    ),
    (
        "poetry",
        r"\bpoetry (?:install|add|update|lock)\b|poetry[/\\]|ChefBuildError|SolverProblemError|pyproject\.toml \(",
    ),
    ("pipenv", r"\bpipenv (?:install|lock|sync)\b|pipenv[/\\.]|Pipfile"),
    ("conda", r"\b(?:conda|mamba) (?:install|create|env)\b|CondaError|Solving environment|Conda\w{1,30}Error"),
)
_PYTHONS = (  # what names the interpreter itself, then where its files lie
    r"different Python: (\d)\.(\d{1,2})",
    r"(?:running Python is|current Python version \(|Using C?Python) ?(\d)\.(\d{1,2})",
    r"Cannot install on Python version (\d)\.(\d{1,2})",
    r"\(python (\d)\.(\d{1,2})\)",
    r"-cpython-(\d)(\d{1,2})\b",
    r"(?:lib|include)[/\\]+python(\d)\.(\d{1,2})",
    r"(?:Python|pythoncore-|CPython)[\\/]?(\d)\.?(\d{1,2})(?:-\d\d|t|\.\d{1,2})?[\\/]",
    r"(?:temp|lib)\.(?:linux|macosx|win)[\w.-]{0,40}-(\d)\.(\d{1,2})\b",
    r"\b(?:Python|CPython) (\d)\.(\d{1,2})\.\d",
    r"-cp(\d)(\d{1,2})-cp\d",
    r"\bpython(\d)\.(\d{1,2})\b",
    r"\bpip(\d)\.(\d{1,2})\b",
)
_PIPS = (
    r"using pip version (\d+(?:\.\d+)*)",
    r"\bpip (\d+(?:\.\d+)+) from ",
    r"A new release of pip (?:is )?available: (\d+(?:\.\d+)*)",
    r"new release of pip available: (\d+(?:\.\d+)*)",
    r"\bpip/(\d+(?:\.\d+)+)",
)
_SYSTEMS = (  # what only that system has, then what others may speak of too
    ("Windows", r"\b[A-Za-z]:\\|win_amd64\.whl|win-amd64|WinError|AppData|vcvarsall"),
    ("Darwin", r"macosx|/Users/|/Library/|[dD]arwin|\.dylib|/opt/homebrew|xcrun|\bApple (?:M\d|Silicon)"),
    ("Linux", r"manylinux|musllinux|linux[-_]|/usr/|/home/|/var/|/opt/|\.so\b"),
    ("Windows", r"win_amd64|(?<![a-z_])win32|\.exe\b|MSVC|Visual C\+\+|Visual Studio"),
)
_MANAGERS = (
    ("apk", r"musllinux|\bapk add|[aA]lpine|linux-musl|ld-musl"),
    (
        "dnf",
        r"\.el\d{1,2}\b|\.fc\d\d\b|\.amzn\d|\b(?:dnf|yum) install|[cC]ent[oO][sS]|[fF]edora|rhel|RHEL|[rR]ocky|redhat-linux",
    ),
    (
        "apt",
        r"\bapt(?:-get)? install|[uU]buntu|[dD]ebian|x86_64-linux-gnu|aarch64-linux-gnu|arm-linux-gnueabihf|dist-packages",
    ),
)
_MANAGER_OF = {"Windows": "winget", "Darwin": "brew"}
_ARCHES = (
    ("armv7l", r"armv7l|armhf|gnueabihf|piwheels"),
    ("armv6l", r"armv6l"),
    ("i686", r"\bi[36]86\b|win32\.whl|-win32\b|win32-\d|Python3\d{1,2}-32\b"),
    ("win_arm64", r"win_arm64|win-arm64"),
    ("aarch64", r"aarch64|arm64"),
    ("ppc64le", r"ppc64le|s390x|riscv64|loongarch64"),
)
_PROMPT = r"^(?:\([\w.\- /]{1,60}\) ?)?(?:\S{0,80}[$#>%]|PS [^>\n]{0,200}>|[A-Z]:\\[^>\n]{0,200}>|RUN|➜ \S{0,60}|>>>|\$|\+)\s{0,4}"
_INSTALL = (
    r"(?:(?:\S{0,80}python[\d.]{0,5}(?:\.exe)? -m )?pip[\d.]{0,5}(?:\.exe)?|py (?:-\S{1,9} )?-m pip|uv(?: pip)?|poetry|pipenv|conda|mamba)"
    r" (?:install|add|sync|download|wheel|lock|update|create|env|run)\b[^\n]{0,600}"
)
_COMMAND = re.compile(rf"(?:{_PROMPT}|^)((?:\w{{1,30}}=\S{{1,200}} )?{_INSTALL})", re.MULTILINE)
_WHAT_RAN = re.compile(rf"(?:\S{{1,400}}[/\\])?{_INSTALL}")
_NAME = r"([A-Za-z0-9][A-Za-z0-9._-]{0,99})"
_PACKAGES = (
    rf"ERROR: Failed to build '{_NAME}'",
    rf"Failed to (?:build|download and build) `{_NAME}(?:==| @)",
    rf"Failed to (?:build|download and build) `{_NAME}`",
    rf"Failed building wheel for {_NAME}",
    rf"Encountered error while (?:generating package metadata|trying to install package)\.\n╰─> {_NAME}$",
    rf"Running setup\.py install for {_NAME}: (?:started\s{{1,40}}Running.{{0,100}})?error",
    rf"Could not build wheels for {_NAME}",
    rf"Failed cleaning build dir for {_NAME}",
    rf"^\s{{0,4}}(?:ERROR: )?Failed to build {_NAME}$",
    rf"Building wheel for {_NAME} \([\w.]{{1,20}}\)[: ]+(?:finished with status '|\.\.\. )error",
    rf"Building wheel for {_NAME} \([\w.]{{1,20}}\) did not run successfully",
    rf"not with {_NAME} \([\w.]+\) not supporting PEP 517",
    rf"problem with poetry but with {_NAME} ",
    rf"error in {_NAME} setup command",
    rf"pip-install-\w{{1,20}}[/\\]+{_NAME}?(?:_\w{{1,40}})?[/\\]setup\.py",
)
_COLLECTED = re.compile(rf"^\s{{0,4}}Collecting {_NAME}", re.MULTILINE)
_BUILD_FAILED = re.compile(
    r"subprocess-exited-with-error|metadata-generation-failed|Failed building wheel|Failed to build|egg_info|"
    r"setup\.py (?:install|bdist_wheel|egg_info|clean)|errored out with exit status|Could not build wheels|"
    r"error: command|build backend returned an error|did not run successfully|failed with error code|"
    r"meson\.build:\d|Preparing (?:wheel )?metadata.{0,40}error|PEP ?517|legacy-install-failure|failed-wheel-build|Chef(?:Build|Install)Error"
)


def run_of(text: str, machine: Machine | None, command: str | None) -> Run:
    """What the log does not show of the system is taken from the machine, where that is known; so is the command."""
    system = _first(_SYSTEMS, text) or (machine.os.system if machine else None)
    manager = _first(_MANAGERS, text) or (_first(_MANAGERS, machine.os.distribution or "") if machine else None)
    typed = _COMMAND.search(text)
    return Run(
        tool=_first(_TOOLS, text) or "pip",
        python=_python(text),
        pip=_pip(text),
        system=system,
        manager=_MANAGER_OF.get(system or "", manager),
        arch=_first(_ARCHES, text),
        musl=manager == "apk",
        command=command if command and _WHAT_RAN.fullmatch(command) else typed[1].strip() if typed else None,
        package=_package(text),
        build_failed=bool(_BUILD_FAILED.search(text)),
        asked_index=_asked_index(text),
    )


def _first(signs: Iterable[tuple[str, str]], text: str) -> str | None:
    return next((name for name, sign in signs if re.search(sign, text, re.MULTILINE)), None)


def _asked_index(text: str) -> str | None:
    """Of several, which one failed is not known."""
    found = set(re.findall(r"Looking in indexes: (https?://[^\s]{1,300})$", text, re.MULTILINE))
    offers_nothing = "(from versions: none)" in text or "No matching distribution found" in text
    return found.pop() if len(found) == 1 and offers_nothing else None


def _python(text: str) -> tuple[int, int] | None:
    """The interpreter that the surest of the signs names, the one named most where they differ."""
    for pattern in _PYTHONS:
        found = Counter(re.findall(pattern, text))
        if found:
            [((major, minor), _)] = found.most_common(1)
            return int(major), int(minor)
    return None


def _pip(text: str) -> tuple[int, ...] | None:
    found = next((match for pattern in _PIPS if (match := re.search(pattern, text))), None)
    return tuple(int(part) for part in found[1].split(".")) if found else None


def _package(text: str) -> str | None:
    for pattern in _PACKAGES:
        found = re.search(pattern, text, re.MULTILINE)
        if found and found[1]:
            return found[1]
    collected = _COLLECTED.findall(text)
    return collected[-1] if collected else None
