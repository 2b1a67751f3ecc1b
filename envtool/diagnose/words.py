"""What a sentence and a command are filled with: the words of the match, those of the log, and this system's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from envtool.diagnose.packages import packages_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from envtool.rules.log import Log, Run

INSTALLERS = {  # what stands before a name to install, and to take its newest release
    "pip": ("pip install", "pip install --upgrade"),
    "uv": ("uv pip install", "uv pip install --upgrade"),
    "poetry": ("poetry add", "poetry update"),
    "pipenv": ("pipenv install", "pipenv update"),
    "conda": ("conda install -c conda-forge", "conda update -c conda-forge"),
}
NOUNS = {  # what a sentence says where the log names nothing
    "package": "the package",
    "name": "a part that it needs",
    "python": "this Python",
    "path": "the place it writes to",
    "host": "the package index",
    "mount": "a disk",
    "limit": "little",
    "codec": "which is not UTF-8",
    "wheel": "The wheel file",
    "tool_name": "release of the build tools",
}
PHRASES = {  # said only where the log names what stands first
    "version": ("version", " {}"),
    "wanted": ("wanted", " {}"),
    "asks_for": ("wanted", ": it asks for {}"),
    "platform": ("platform", " ({})"),
    "pip_version": ("pip_version", " (pip {})"),
    "toolkit": ("toolkit", " {}"),
    "built_for": ("built_for", " for CUDA {}"),
}
BLANKS = {  # what a command has where the log names nothing that can stand there safely
    "package": "PACKAGE",
    "name": "NAME",
    "path": "PATH",
    "url": "URL",
    "mount": "PATH",
    "replacement": "NEW-NAME",
    "cuda": "X.Y",
    "local": "cu126",
    "wanted": "",
}
WIDEST = 200  # characters of a line within a sentence
REQUIREMENTS_FILE = re.compile(r"[\w.-]{0,90}(?:\.(?:txt|in)|requirements?)", re.IGNORECASE)
TORCH = re.compile(r"torch(?:vision|audio|text|data)?", re.IGNORECASE)
ONLY_FOR = {"torch": TORCH, "requirements_file": REQUIREMENTS_FILE}  # words for packages of such names alone
NAMES_IT = "envtool install-torch"
_SAFE = re.compile(r"[\w.+@/\\:=<>!~,\[\]-]{1,200}", re.ASCII)
_SAFE_COMMAND = re.compile(r"[\w.+@/\\:=<>!~,\[\]'\" -]{1,300}", re.ASCII)
_UNSAFE_OPTION = re.compile(r"--break-system-packages|--trusted-host|://[^/\s]*@|^sudo\b")
_FOR_SYSTEM = re.compile(r"\[(Unix|Windows)\] ")
_SETTING = re.compile(r"^((?:[A-Z_][A-Z0-9_]*=\S+ )+)")


class Words(NamedTuple):
    """The words that a match and its log give."""

    known: Mapping[str, str]
    run: Run
    remedy: str | None

    def sentence(self, template: str) -> str:
        phrases = {
            name: phrase.format(self.known[key]) if key in self.known else "" for name, (key, phrase) in PHRASES.items()
        }
        return template.format_map({**NOUNS, **self.known, **phrases})

    def commands(self, fix: Sequence[str]) -> tuple[str, ...]:
        return tuple(command for template in fix for command in self._commands(template))

    def _commands(self, template: str) -> Iterator[str]:
        meant_for = _FOR_SYSTEM.match(template)
        windows = self.run.system == "Windows"
        if meant_for and (meant_for[1] == "Windows") != windows:
            return
        package = self.known.get("package", "")
        if any(f"{{{word}}}" in template and not names.fullmatch(package) for word, names in ONLY_FOR.items()):
            return
        words = self._for_commands()
        text = template[meant_for.end() :] if meant_for else template
        if text.startswith("@"):
            yield from packages_for(text[1:].format_map(words), self.run)
        else:
            command = text.format_map(words)
            yield _for_powershell(command) if windows else command

    def _for_commands(self) -> dict[str, str]:
        safe = {name: text for name, text in self.known.items() if _SAFE.fullmatch(text)}
        words = {**BLANKS, **safe}
        pip, newest = INSTALLERS[self.run.tool]
        package = words["package"]
        version = words.get("version") or words["wanted"].removeprefix("==")
        pinned = f"{package}=={version}" if re.fullmatch(r"\d[\w.+!]*", version) else package
        return {
            **words,
            "pip": pip,
            "install": _typed(self.run) or f"{pip} {package}",
            "install_newest": f"{newest} {package}",
            "requirement": pinned,
            "requirements_file": package,
            "remedy": self.remedy or NAMES_IT,
            "torch": self.remedy or NAMES_IT,
            "other_python": other_python(self.run.python, self.known.get("wanted", "")),
        }


def words_of(match: re.Match[str], log: Log, remedy: str | None) -> Words:
    run = log.run
    groups = {name: text.strip(" '\"`,;") for name, text in match.groupdict().items() if text}
    shown = {
        "line": log.line(log.row(match.start())).text[:WIDEST],
        "package": run.package,
        "python": f"Python {run.python[0]}.{run.python[1]}" if run.python else None,
        "pip_version": ".".join(map(str, run.pip)) if run.pip else None,
        "url": run.asked_index,
        "host": urlsplit(run.asked_index).hostname if run.asked_index else None,
    }
    return Words({**{name: text for name, text in shown.items() if text}, **groups}, run, remedy)


def other_python(python: tuple[int, int] | None, wanted: str) -> str:
    """A Python to try in its place: within what is wanted where that is known, else the one that most wheels are for."""
    below = re.search(r"<\s*3\.(\d{1,2})", wanted)
    least = re.search(r">=?\s*3\.(\d{1,2})", wanted)
    if below:
        return f"3.{int(below[1]) - 1}"
    usual = 12 if python is None or python < (3, 12) else 11
    return f"3.{max(usual, int(least[1]) if least else 0)}"


def _typed(run: Run) -> str | None:
    """The command that the log shows, if it can be repeated as it is."""
    command = run.command
    if command and _SAFE_COMMAND.fullmatch(command) and not _UNSAFE_OPTION.search(command):
        return command
    return None


def _for_powershell(command: str) -> str:
    settings = _SETTING.match(command)
    if settings:
        pairs = (setting.split("=", 1) for setting in settings[1].split())
        command = "".join(f"$env:{name} = '{value}'; " for name, value in pairs) + command[settings.end() :]
    for ours, theirs in (("/bin/python", r"\Scripts\python"), ("python3 -m venv", "py -m venv"), (" && ", "; ")):
        command = command.replace(ours, theirs)
    return command
