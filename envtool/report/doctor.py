"""A Diagnosis, and the causes that are known, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from envtool.report.usage import usage_fields, usage_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from envtool.diagnose import Diagnosis, Finding, Line
    from envtool.rules.rule import Cause
    from envtool.usage import Usage

HOW_SURE = {
    "certain": "the log proves it",
    "likely": "most likely: the log does not prove it",
    "possible": "a guess: the signs allow other causes",
}
REPORT_IT = "To have it known next time, report it to envtool with these lines and the command that was run."


def diagnosis_text(diagnosis: Diagnosis, form: str, usage: Usage | None = None) -> str:
    """In one of FORMATS, with what the run used where that is known. What a log holds may not steer a terminal."""
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for sign in FORMATS[form](diagnosis, usage)
    )


def _text(diagnosis: Diagnosis, _usage: Usage | None) -> str:
    blocks = [_summary(diagnosis)]
    for number, finding in enumerate(diagnosis.findings, 1):
        blocks.append("\n".join(_finding_lines(finding, f"{number}. " if len(diagnosis.findings) > 1 else "")))
    blocks += [_evidence_text(diagnosis.unexplained)] if diagnosis.unexplained else []
    return "\n\n".join(block for block in blocks if block)


def _summary(diagnosis: Diagnosis) -> str:
    """What is to be said of the log as a whole."""
    cut = f"Only the first {diagnosis.lines} lines were read; the log goes on." if diagnosis.cut else ""
    if diagnosis.outcome == "failed":
        return cut
    if diagnosis.outcome == "succeeded":
        return "The log shows an install that worked."
    if not diagnosis.lines:
        return "The log is empty: there is nothing to judge."
    if not diagnosis.unexplained:
        return cut or "Nothing in the log speaks of an error that is known."
    return f"envtool knows no rule for this log and does not guess. {REPORT_IT} The last lines that speak of an error:"


def _finding_lines(finding: Finding, number: str) -> Iterator[str]:
    yield f"{number}{finding.title}"
    yield (
        f"   {finding.id}; {HOW_SURE[finding.confidence]}"
        if number
        else f"{finding.id}; {HOW_SURE[finding.confidence]}"
    )
    yield ""
    yield _evidence_text(finding.evidence)
    yield ""
    yield f"Why: {finding.why}"
    yield "To mend it:"
    yield from (f"  {command}" for command in finding.fix)


def _evidence_text(lines: Iterable[Line]) -> str:
    return "\n".join(f"  {_placed(line)}" for line in lines)


def _placed(line: Line) -> str:
    """Behind its number in the log; what was seen beside the log has none."""
    return f"line {line.number}: {line.text}" if line.number else line.text


def _markdown(diagnosis: Diagnosis, usage: Usage | None) -> str:
    blocks = [_summary(diagnosis), *([f"Used: {usage_line(usage)}."] if usage else [])]
    for finding in diagnosis.findings:
        blocks += [
            f"## {finding.title}",
            f"`{finding.id}`; {HOW_SURE[finding.confidence]}.",
            _fenced(map(_placed, finding.evidence)),
            finding.why,
            _fenced(finding.fix, "sh"),
        ]
    if diagnosis.unexplained:
        blocks.append(_fenced(map(_placed, diagnosis.unexplained)))
    return "\n\n".join(block for block in blocks if block)


def _fenced(lines: Iterable[str], language: str = "") -> str:
    return "\n".join([f"```{language}", *(line.replace("```", "'''") for line in lines), "```"])


def _json(diagnosis: Diagnosis, usage: Usage | None) -> str:
    body = {
        "schema": 1,
        "outcome": diagnosis.outcome,
        "machine": {},
        "checks": [],
        "findings": [_finding_fields(finding) for finding in diagnosis.findings],
        "unexplained": [_line_fields(line) for line in diagnosis.unexplained],
        "log": {"lines": diagnosis.lines, "cut": diagnosis.cut},
        **({"usage": usage_fields(usage)} if usage else {}),
    }
    return json.dumps(body, ensure_ascii=False)


def _finding_fields(finding: Finding) -> dict[str, object]:
    return {**finding._asdict(), "evidence": [_line_fields(line) for line in finding.evidence]}


def _line_fields(line: Line) -> dict[str, object]:
    return {"line": line.number, "text": line.text}


FORMATS: dict[str, Callable[[Diagnosis, Usage | None], str]] = {"text": _text, "json": _json, "markdown": _markdown}


def causes_text(causes: Iterable[Cause]) -> str:
    """Every cause in a line."""
    known = list(causes)
    width = max(len(cause.id) for cause in known)
    return "\n".join(f"{cause.id.ljust(width)}  {cause.what}" for cause in known)


def cause_text(cause: Cause) -> str:
    """All that is known of one cause, as Markdown; {words} stand for what a log fills in."""
    neighbours = [f"- `{name}`: {how}" for name, how in cause.neighbours]
    blocks = [
        f"## {cause.id}",
        f"{cause.what[0].upper()}{cause.what[1:]}.",
        f"**In the log:** {cause.recognise}.",
        f"**Why:** {cause.why}",
        f"**To mend it:**\n\n{_fenced(map(_readable, cause.fix), 'sh')}",
        *(["**Taken for it, or it for them:**\n\n" + "\n".join(neighbours)] if neighbours else []),
        f"**Known from:** {cause.source}.",
    ]
    return "\n\n".join(blocks)


def _readable(command: str) -> str:
    """A command before a log fills it in."""
    if command.startswith("@"):
        return f"# with the package manager of the system: {command[1:].replace('{name}', 'what the log names')}"
    meant_for, _, rest = command.partition("] ")
    return f"{rest}  # on {meant_for[1:]}" if meant_for in ("[Unix", "[Windows") else command
