"""A line as the tool meant it: without colours, overwritten progress, time stamps and the marks of what recorded it."""

from __future__ import annotations

import re

_LONE_HIGH_BYTE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;:?]{0,40}[ -/]?[@-~]|\][^\x07\x1b]{0,400}(?:\x07|\x1b\\)?|[@-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ALIKE = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\xa0": " ", "\u202f": " ", "\ufeff": "", "İ": "I"})
_STAMP = r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?"
_PREFIX = re.compile(
    rf"""
      (?:[\w .()/,-]{{1,80}}\t[\w .()/,-]{{1,80}}\t)?{_STAMP}(?:\s\d\d[EO]\+?)?\s  # CI, with the job and the step before it
    | \[(?:{_STAMP}|\d\d:\d\d:\d\d(?:[.,]\d{{1,6}})?)\]\s                   # Jenkins, buildbot
    | \d\d:\d\d:\d\d(?:[.,]\d{{1,6}})?\s
    | \#\d{{1,4}}\s(?:\d{{1,6}}\.\d{{1,4}}\s)?                              # docker buildx
    | [\w.-]{{1,60}}\s{{1,20}}\|\s                                          # docker compose
    | \#\#\[\w{{1,20}}\]|::(?:error|warning|notice|debug|group)(?:\s[^:]{{0,200}})?::|::\s{{0,20}}
    | \[(?:pipenv\.exceptions\.)?(?:InstallError|ResolutionFailure)\]:\s{{0,2}}
    | E\s{{3}}(?=\s{{0,20}}\S)                                              # pytest
    """,
    re.VERBOSE,
)
MOST_PREFIXES = 4


def clean(line: bytes) -> list[str]:
    """The parts of the line that were overwritten by none of the others, the last seen last."""
    text = _decoded(line)
    if "\x1b" in text:
        text = _ESCAPE.sub("", text)
    parts = [_bare(part) for part in text.rstrip("\r").split("\r")] if "\r" in text else [_bare(text)]
    return parts if len(parts) == 1 else [part for part in parts if _SPEAKS.search(part)] or parts[-1:]


_SPEAKS = re.compile(r"error|fail|killed|not |no |success", re.IGNORECASE)


def _bare(text: str) -> str:
    text = _CONTROL.sub("", text).translate(_ALIKE)
    for _ in range(MOST_PREFIXES):
        found = _PREFIX.match(text)
        if not found:
            break
        text = text[found.end() :]
    return text.rstrip()


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:  # a Windows console: double bytes in China, single ones elsewhere
        encoding = "cp1252" if _LONE_HIGH_BYTE.search(line) else "gb18030"
        return line.decode(encoding, errors="replace")
