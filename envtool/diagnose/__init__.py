"""The root cause of a failed install: Evidence -> Diagnosis. Pure: it looks at nothing but what it is given."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from envtool.diagnose.reading import read
from envtool.diagnose.seen import NUMBER
from envtool.diagnose.words import NAMES_IT, words_of
from envtool.rules import RULES, Stage
from envtool.rules.anchors import anchors, spans_lines
from envtool.rules.log import Line
from envtool.rules.rule import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envtool.facts import Evidence
    from envtool.rules.log import Log
    from envtool.rules.rule import Rule

__all__ = ("Diagnosis", "Finding", "Line", "find", "prescribe")

MOST_FINDINGS = 3
MOST_LINES = 3  # of evidence for one finding
MOST_UNEXPLAINED = 10
WIDEST = 400  # characters of a line that is shown
NEAR, FAR = 5, 9  # lines around such a word, where a tool may wrap one line, and where the pattern spans several
MOST_MATCHES = 100  # of one pattern, that its predicate is asked about


class Finding(NamedTuple):
    id: str
    severity: str  # error, note
    title: str  # what happened, in one sentence
    confidence: str  # certain, likely, possible
    evidence: tuple[Line, ...]
    why: str
    fix: tuple[str, ...]


class Diagnosis(NamedTuple):
    findings: tuple[Finding, ...]  # best first: the first is the root cause
    outcome: str  # succeeded, failed, unknown
    unexplained: tuple[Line, ...]  # what speaks of an error, where nothing is found
    lines: int  # that were read
    cut: bool  # the log went on

    @property
    def needs_torch_command(self) -> bool:
        """Whether a fix is to install torch anew, with the command that install-torch gives."""
        return any(NAMES_IT in command for finding in self.findings for command in finding.fix)


def prescribe(diagnosis: Diagnosis, command: str) -> Diagnosis:
    """The diagnosis with the very command in place of the advice to ask for it."""
    findings = (
        finding._replace(fix=tuple(advice.replace(NAMES_IT, command) for advice in finding.fix))
        for finding in diagnosis.findings
    )
    return diagnosis._replace(findings=tuple(findings))


class _Hit(NamedTuple):
    rule: Rule
    match: re.Match[str]
    beside: re.Match[str] | None = None  # what the log says of it, where the match is what was seen


def find(evidence: Evidence) -> Diagnosis:
    reading = read(evidence)
    log = reading.log
    hits = _without_symptoms(list(_hits(log)), log)
    errors = [hit for hit in hits if hit.rule.cause.severity == "error"]
    outcome = "failed" if errors else "succeeded" if hits or log.settled else "unknown"
    return Diagnosis(
        findings=tuple(_finding(hit, log, evidence.remedy) for hit in errors[:MOST_FINDINGS] or hits[:1]),
        outcome=outcome,
        unexplained=_unexplained(log) if outcome == "unknown" else (),
        lines=reading.lines,
        cut=reading.cut,
    )


def _hits(log: Log) -> Iterator[_Hit]:
    """What each rule finds first, in the order of the rules."""
    for rule in RULES:
        match = next(_matches(rule, log), None)
        if match:
            yield _Hit(rule, match)


def _matches(rule: Rule, log: Log) -> Iterator[re.Match[str]]:
    is_notice = rule.cause.severity != "error"
    start = 0 if is_notice else log.quiet if rule.stage is Stage.GUESS else log.settled
    for pattern in rule.patterns:
        for match in islice(_found(pattern, log, start), MOST_MATCHES):
            is_warning = log.settled and log.line(log.row(match.start())).text.startswith("WARNING")
            if (is_notice or not is_warning) and rule.when(log, match):
                yield match


def _found(pattern: str, log: Log, start: int) -> Iterator[re.Match[str]]:
    """Every match, looked for only near the lines that have a word which no match can lack."""
    around = FAR if spans_lines(pattern) else NEAR
    for first, last in _stretches(_rows_with(anchors(pattern), log, start), around, len(log.starts) - 1):
        yield from compiled(pattern).finditer(log.text, max(start, log.starts[first]), log.end(last))


def _stretches(rows: list[int], around: int, last: int) -> Iterator[tuple[int, int]]:
    """The rows with those around them, as stretches that do not overlap."""
    place = 0
    while place < len(rows):
        first = rows[place]
        while place + 1 < len(rows) and rows[place + 1] - rows[place] <= 2 * around:
            place += 1
        yield max(0, first - around), min(rows[place] + around, last)
        place += 1


def _rows_with(words: tuple[str, ...], log: Log, start: int) -> list[int]:
    rows = set()
    for word in words:
        place = log.lower.find(word, start)
        while place >= 0:
            row = log.row(place)
            rows.add(row)
            place = log.lower.find(word, log.end(row) + 1)
    return sorted(rows)


def _without_symptoms(hits: Sequence[_Hit], log: Log) -> list[_Hit]:
    """One hit a cause, without what an earlier one explains, and without other readings of what is certain."""
    kept: dict[str, _Hit] = {}
    explained: set[str] = set()
    certain: set[int] = set()  # rows
    for hit in hits:
        cause, rows = hit.rule.cause.id, _rows(hit.match, log)
        is_guess = certain and hit.rule.confidence == "possible"
        if cause in kept:
            kept[cause] = _with_log(kept[cause], hit, log)
        elif cause in explained or is_guess or certain.intersection(rows):
            continue
        else:
            kept[cause] = hit
            explained.update(hit.rule.over)
        certain.update(rows if hit.rule.confidence == "certain" else ())
    return list(kept.values())


def _with_log(kept: _Hit, hit: _Hit, log: Log) -> _Hit:
    """What was seen beside the log, with what the log says of it."""
    tells_more = kept.beside is None and _is_seen(kept, log) and not _is_seen(hit, log)
    return kept._replace(beside=hit.match) if tells_more else kept


def _is_seen(hit: _Hit, log: Log) -> bool:
    return log.line(log.row(hit.match.start())).number == NUMBER


def _rows(match: re.Match[str], log: Log) -> range:
    """The lines of the text that the match lies on."""
    return range(log.row(match.start()), log.row(max(match.start(), match.end() - 1)) + 1)


def _finding(hit: _Hit, log: Log, remedy: str | None) -> Finding:
    cause = hit.rule.cause
    words = words_of(hit.match, log, remedy)
    return Finding(
        id=cause.id,
        severity=cause.severity,
        title=words.sentence(hit.rule.title or cause.title),
        confidence=hit.rule.confidence,
        evidence=(*(_evidence(hit.beside, log) if hit.beside else ()), *_evidence(hit.match, log)),
        why=cause.why,
        fix=words.commands(hit.rule.fix or cause.fix),
    )


def _evidence(match: re.Match[str], log: Log) -> tuple[Line, ...]:
    lines = [log.line(row) for row in _rows(match, log)]
    lines = [line for line in lines if line.text]
    return tuple(_narrow(line, match[0]) for line in (lines if len(lines) <= MOST_LINES else [*lines[:1], *lines[-2:]]))


def _narrow(line: Line, matched: str) -> Line:
    """A line that is too wide to show, as what stands around the match in it."""
    if len(line.text) <= WIDEST:
        return line
    middle = max(0, line.text.find(matched[:40]))
    start = max(0, min(middle - WIDEST // 4, len(line.text) - WIDEST))
    return line._replace(text=f"... {line.text[start : start + WIDEST]} ...")


_SPEAKS = re.compile(
    r"\berror\b|\bfatal\b|fail(?:ed|ure)|exception|cannot|could not|unable to|denied|错误|erreur|fehler", re.IGNORECASE
)


def _unexplained(log: Log) -> tuple[Line, ...]:
    """The last lines that speak of an error."""
    rows = [log.row(found.start()) for found in _SPEAKS.finditer(log.text)]
    return tuple(_narrow(log.line(row), "") for row in list(dict.fromkeys(rows))[-MOST_UNEXPLAINED:])
