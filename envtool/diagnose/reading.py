"""A log, read once, as the rules see it."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from envtool.diagnose.clean import clean
from envtool.diagnose.context import run_of
from envtool.diagnose.keep import keep
from envtool.diagnose.seen import NUMBER, seen_lines
from envtool.rules.log import Log

if TYPE_CHECKING:
    from envtool.facts import Evidence


class Reading(NamedTuple):
    log: Log
    lines: int  # that were read
    cut: bool  # the log went on


def read(evidence: Evidence) -> Reading:
    kept = keep(evidence.log)
    parts = [(number, part) for number, line in kept.lines for part in clean(line)] or [(1, "")]
    printed = "\n".join(part for _, part in parts)
    parts += [(NUMBER, line) for line in (seen_lines(evidence.usage) if evidence.usage else ())]
    text = "\n".join(part for _, part in parts)
    settled, quiet = (len(text), len(text)) if evidence.status == 0 else _successes(printed)
    log = Log(
        text=text,
        lower=text.lower(),
        numbers=tuple(number for number, _ in parts),
        starts=tuple(accumulate((len(part) + 1 for _, part in parts[:-1]), initial=0)),
        run=run_of(printed, evidence.machine, evidence.command),
        settled=settled,
        quiet=quiet,
    )
    return Reading(log, kept.total, kept.cut)


_SUCCESS = re.compile(
    r"""
      ^\s{0,8}Successfully\ (?:installed|downloaded)\ (?P<packages>[^\n]{1,4000})
    | ^\s{0,8}(?:Installed|Audited|Checked)\ \d{1,6}\ packages?\ in\b
    | ^\s{0,8}No\ dependencies\ to\ install
    | ^\s{0,8}Installing\ the\ current\ project:
    | ^\s{0,8}Executing\ transaction:[^\n]{0,80}\bdone\b
    | All\ requested\ packages\ already\ installed
    | ^\s{0,8}(?:✔\ )?(?:Installation\ Succeeded|Success!)
    | ^\s{0,8}Would\ install\ \w
    | ^\s{0,8}No\ broken\ requirements\ found
    """,
    re.MULTILINE | re.VERBOSE,
)
_SATISFIED = re.compile(r"^\s{0,8}Requirement already (?:satisfied|up-to-date)[^\n]{0,400}$", re.MULTILINE)
_SAYS_NOTHING = re.compile(
    r"\s*(?:\[notice\]|WARNING: |Requirement already|You are using pip version|You should consider|DEPRECATION|Collecting|Using cached|\S{0,80}[$#>]\s{0,2}$)|\s*$"
)
_TOOLS = {"pip", "setuptools", "wheel", "virtualenv", "build"}


def _successes(text: str) -> tuple[int, int]:
    """Where the last success ends, and the last of any kind: installing pip anew says nothing of what failed before."""
    settled = quiet = 0
    for found in _SUCCESS.finditer(text):
        names = {package.rpartition("-")[0].lower() for package in (found["packages"] or "").split()}
        quiet = found.end()
        if not names or names - _TOOLS:
            settled = found.end()
    satisfied = next(reversed(list(_SATISFIED.finditer(text, quiet))), None)
    if satisfied and all(_SAYS_NOTHING.match(line) for line in text[satisfied.end() :].split("\n")):
        settled = quiet = satisfied.end()
    return settled, quiet
