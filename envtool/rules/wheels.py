"""Whether a wheel could fit, asked of what a log says was chosen or found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.rules.projects import (
    ABI3,
    ONE_SYSTEM,
    SLOW_TO_FOLLOW,
    SYSTEM_LIBRARY,
    WITHOUT_SOURCE,
    first_wheels,
    is_compiled,
    normalised,
    release,
    torch_builds,
)

if TYPE_CHECKING:
    from envtool.rules.log import Log

FEW_WHEELS = {"armv7l", "armv6l", "i686", "win_arm64", "ppc64le"}  # processors that most projects leave out
LAST_TORCH_FOR_INTEL_MACS = {"torch": "2.2.2", "torchvision": "0.17.2", "torchaudio": "2.2.2"}
_A_WHEEL_BY_PATH = re.compile(r"@ file:\S{1,400}\.whl")
PIP_WITH_PYPROJECT = (19,)
PIP_WITH_MANYLINUX_2014 = (19, 3)


def name_of(match: re.Match[str]) -> str:
    return normalised(match["package"])


def pinned(match: re.Match[str]) -> str | None:
    """The one version that is wanted; None where a range is."""
    found = re.match(r"===?\s*([\w.!+]{1,60})", match["wanted"].strip())
    return found[1] if found else None


def listed(match: re.Match[str]) -> list[str]:
    """The versions that pip says it found; the placeholders of torch and of the nvidia projects are none."""
    found = re.split(r",\s*", match["versions"].strip())
    return [
        version for version in found if version not in ("", "none") and not version.startswith(("0.1.2", "0.0.1.dev"))
    ]


def nothing_is_listed(_log: Log, match: re.Match[str]) -> bool:
    return not listed(match)


def something_is_listed(_log: Log, match: re.Match[str]) -> bool:
    return bool(listed(match))


def no_list_is_shown(log: Log, _match: re.Match[str]) -> bool:
    return not log.says("from versions")


def a_file_was_named(log: Log, _match: re.Match[str]) -> bool:
    return (
        ".whl" in (log.run.command or "")
        or log.says(".whl (from", "whl`")
        or _A_WHEEL_BY_PATH.search(log.text) is not None
    )


def nothing_is_said_of_a_name(log: Log, _match: re.Match[str]) -> bool:
    """No line tells which requirement found no version."""
    return not log.says("from versions", "no matching distribution")


def every_version_was_left_out(log: Log, match: re.Match[str]) -> bool:
    """The project is there: its versions are withdrawn, or are all of a kind that was not wanted."""
    return not listed(match) and log.says("--only-binary", "ignored the following yanked versions")


def pin_is_newer_than_all(_log: Log, match: re.Match[str]) -> bool:
    lowest = release(pinned(match) or _lower_bound(match) or "")
    return bool(lowest) and all(release(version) < lowest for version in listed(match))


def _ends_below_all(match: re.Match[str]) -> bool:
    """What is wanted ends before the oldest that is listed."""
    highest = pinned(match) or _upper_bound(match)
    return highest is not None and all(release(version) > release(highest) for version in listed(match))


def _lower_bound(match: re.Match[str]) -> str | None:
    found = re.search(r"[>~]=?\s*([\d.]{1,20})", match["wanted"])
    return found[1] if found else None


def _upper_bound(match: re.Match[str]) -> str | None:
    found = re.search(r"<=?\s*([\d.]{1,20})", match["wanted"])
    return found[1] if found else None


def was_never_built(_log: Log, match: re.Match[str]) -> bool:
    """The version of torch exists, and not for the CUDA behind its +."""
    public, plus, local = (pinned(match) or "").partition("+")
    builds = torch_builds().get((name_of(match), public), frozenset())
    return bool(plus and builds) and local not in builds


def is_built_for_other_systems(log: Log, match: re.Match[str]) -> bool:
    """macOS has torch without a local tag alone; its last for Intel Macs is the newest that is listed there."""
    found = listed(match)
    has_ended = bool(found) and found[-1] == LAST_TORCH_FOR_INTEL_MACS.get(name_of(match))
    return (has_ended and pin_is_newer_than_all(log, match)) or (
        log.run.system == "Darwin" and "+" in (pinned(match) or "") and name_of(match) in LAST_TORCH_FOR_INTEL_MACS
    )


def is_on_another_index(log: Log, match: re.Match[str]) -> bool:
    """Torch was built so, and what is listed, the plain version among it or newer ones, has no such tag."""
    public, plus, local = (pinned(match) or "").partition("+")
    built = torch_builds().get((name_of(match), public), {local})
    if not plus or local not in built or log.run.system == "Darwin":
        return False
    if "versions" not in match.re.groupindex:
        return no_list_is_shown(log, match)
    found = listed(match)
    return bool(found) and "+" not in match["versions"] and release(found[0]) <= release(public)


def pin_was_ignored_for_its_python(log: Log, match: re.Match[str]) -> bool:
    """Pip's other line says that it left out for their Requires-Python the very versions that would do."""
    said = re.search(r"that require a different python version: ([^\n]{1,9000})", log.text)
    ignored = re.findall(r"([\w.!+]{1,40}) Requires-Python", said[1]) if said else []
    pin = pinned(match)
    if pin is not None:
        return pin in ignored
    if not listed(match):
        return bool(ignored) and not WITHOUT_SOURCE.fullmatch(name_of(match))
    lowest = _lower_bound(match)
    return lowest is not None and any(release(version) >= release(lowest) for version in ignored)


def is_for_another_system(log: Log, match: re.Match[str]) -> bool:
    """The project serves one system alone, and nothing shows that this is it."""
    if listed(match) or (log.run.system is None and name_of(match) in SLOW_TO_FOLLOW):
        return False
    return any(system != log.run.system and names.fullmatch(name_of(match)) for system, names in ONE_SYSTEM.items())


def platform_lacks_wheels(log: Log, match: re.Match[str]) -> bool:
    if not (log.run.musl or log.run.arch in FEW_WHEELS):
        return False
    if "versions" in match.re.groupindex:
        return not listed(match) or (
            is_compiled(name_of(match)) and pinned(match) not in listed(match) and not _ends_below_all(match)
        )
    return is_compiled(name_of(match)) and _failed_to_build(log, name_of(match))


def version_predates_python(log: Log, match: re.Match[str]) -> bool:
    """The version is older than the project's first with a wheel for this Python."""
    known, python = first_wheels().get(name_of(match)), log.run.python
    if not known or python is None or not _failed_to_build(log, name_of(match)):
        return False
    return python > max(known) or (python in known and release(match["version"]) < known[python])


def source_where_wheels_are(log: Log, match: re.Match[str]) -> bool:
    """The log does not name the Python, but a source of this project is taken only where no wheel fits."""
    return log.run.python is None and name_of(match) in first_wheels() and _failed_to_build(log, name_of(match))


def publishes_wheels(log: Log, match: re.Match[str]) -> bool:
    """Few have to build this project at all."""
    return name_of(match) in first_wheels() and not _source_was_asked_for(log)


def has_wheels_alone(log: Log, match: re.Match[str]) -> bool:
    """No list of versions is shown, and the project is there: with wheels for other Pythons."""
    return no_list_is_shown(log, match) and WITHOUT_SOURCE.fullmatch(name_of(match)) is not None


def python_is_older_than_its_grammar(log: Log, _match: re.Match[str]) -> bool:
    """What Python 3.6 brought: f-strings, and annotations of variables."""
    return log.run.python is not None and log.run.python < (3, 6)


def links_to_a_library(_log: Log, match: re.Match[str]) -> bool:
    return name_of(match) in SYSTEM_LIBRARY


def finds_no_wheel(_log: Log, match: re.Match[str]) -> bool:
    """Nothing is found of a project that is there, or nothing as old as what was asked for."""
    found = [release(version) for version in listed(match)]
    wheels_alone = WITHOUT_SOURCE.fullmatch(name_of(match)) is not None
    if not found or not is_compiled(name_of(match)):
        return wheels_alone
    pin = pinned(match)
    if pin is not None:
        is_in_a_gap = wheels_alone and release(pin) < max(found)
        return pin not in listed(match) and (release(pin) < min(found) or is_in_a_gap)
    below = _upper_bound(match)
    return below is not None and min(found) >= release(below)


def pip_predates_pyproject(log: Log, match: re.Match[str]) -> bool:
    """Such a pip does not read what the build requires."""
    return "rust" in match[0] or (log.run.pip or (99,)) < PIP_WITH_PYPROJECT or _speaks_like_an_old_pip(log)


def a_newer_pip_finds_a_wheel(log: Log, _match: re.Match[str]) -> bool:
    name = normalised(log.run.package or "")
    return (
        (name in ABI3 or name in first_wheels())
        and _speaks_like_an_old_pip(log)
        and not (log.run.musl or log.run.arch in FEW_WHEELS or log.run.python == (2, 7))
        and not _source_was_asked_for(log)
    )


def _speaks_like_an_old_pip(log: Log) -> bool:
    return (log.run.pip or (99,)) < PIP_WITH_MANYLINUX_2014 or log.says(
        "complete output from command", "failed with error code 1 in", "failed cleaning build dir for"
    )


def _source_was_asked_for(log: Log) -> bool:
    return log.says("--no-binary") and not log.says("--no-binary :none:")


def _failed_to_build(log: Log, name: str) -> bool:
    """Whether it is this project that could not be built, or one that its build needs."""
    if not log.run.build_failed or _source_was_asked_for(log):
        return False
    needed = re.search(r"Installing build dependencies[^\n]{0,40}error|pip subprocess to install build", log.text)
    return normalised(log.run.package or name) == name or needed is not None
