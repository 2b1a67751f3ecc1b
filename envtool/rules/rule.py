"""What a rule is: a cause, the signs of it in a log, and how sure they make us."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from envtool.rules.log import Log

    Predicate: TypeAlias = "Callable[[Log, re.Match[str]], bool]"

CONFIDENCES = ("certain", "likely", "possible")


class Stage(IntEnum):
    """Where in an install a cause works: an earlier one brings about the later ones, never the other way round."""

    MACHINE = 1  # the disk, the memory, the Python itself: whatever was asked for would have failed
    SOURCE = 2  # nothing could be fetched
    CHOICE = 3  # what was chosen cannot serve here: no wheel for this Python, an installer that is too old
    BUILD = 4  # what was chosen cannot be built here
    INSTALL = 5  # what was built cannot be put in its place
    ANSWER = 6  # what the installer concluded, where nothing in the log says why
    GUESS = 7  # the signs allow other causes


class Cause(NamedTuple):
    """What is said of a cause, whichever sign gave it away. {words} come from the sign and from the log."""

    id: str  # kebab-case, and the same for ever: people search for it
    what: str  # one line, for a list of causes
    recognise: str  # what a log shows
    title: str  # what happened, in one sentence
    why: str
    fix: tuple[str, ...]  # commands, best first; "@need" is what the system's package manager installs for it
    neighbours: tuple[tuple[str, str], ...]  # the id of a cause it is taken for, and how to tell
    source: str
    severity: str = "error"


def anything(_log: Log, _match: re.Match[str]) -> bool:
    return True


class Rule(NamedTuple):
    """Any one of the patterns in a log is a sign of the cause, where the predicate agrees. Order is rank in a stage."""

    cause: Cause
    stage: Stage
    patterns: tuple[str, ...]  # a space is any white space, for terminals and tools wrap lines
    when: Predicate = anything
    confidence: str = "certain"
    over: tuple[str, ...] = ()  # ids that are but symptoms of this
    title: str | None = None  # where this sign tells more than the cause's own title
    fix: tuple[str, ...] | None = None  # likewise


_CLASS_OR_SPACE = re.compile(r"\[(?:\\.|[^\]\\])*\]|\\.| \??")
_WHITE = {" ": r"[\s│]+", " ?": r"[\s│]*"}  # a box that a line was drawn into is no more than white space


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    wide = _CLASS_OR_SPACE.sub(lambda found: _WHITE.get(found[0], found[0]), pattern)
    return re.compile(wide, re.IGNORECASE | re.MULTILINE)
