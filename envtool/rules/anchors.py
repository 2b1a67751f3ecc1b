"""The words of a pattern, one of which every match has: a quick look for them goes before the slow one."""

from __future__ import annotations

import re
from functools import cache

_ATOM = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|\(\?(?:P<\w+>|:|<?[=!])|.", re.DOTALL)
_REPEAT = re.compile(r"(?:[*?+]|\{\d*,?\d*\})\??")
_OPTIONAL = ("*", "?", "{0", "{,")
_CLASS_ESCAPES = "wWsSdDbBAZ"


@cache
def anchors(pattern: str) -> tuple[str, ...]:
    """In small letters; the best such set: of long words, and of few. ("",) where the pattern has none."""
    atoms = _ATOM.findall(pattern)
    words, _ = _of_branches(atoms, 0)
    return words


@cache
def spans_lines(pattern: str) -> bool:
    return r"\n" in _ATOM.findall(pattern)


def _of_branches(atoms: list[str], at: int) -> tuple[tuple[str, ...], int]:
    """The words of what stands up to the closing parenthesis or the end, and the place behind it."""
    words: tuple[str, ...] = ()
    while True:
        branch, at = _of_branch(atoms, at)
        words += branch
        if at >= len(atoms) or atoms[at] == ")":
            return (words if all(words) else ("",)), at + 1
        at += 1


def _of_branch(atoms: list[str], at: int) -> tuple[tuple[str, ...], int]:
    found: list[tuple[str, ...]] = [("",)]
    run = ""
    while at < len(atoms) and atoms[at] not in ("|", ")"):
        atom = atoms[at]
        inner: tuple[str, ...] = ("",)
        if atom.startswith("("):
            inner, at = _of_branches(atoms, at + 1)
            if atom.endswith(("=", "!")):
                inner = ("",)
        else:
            at += 1
        repeat, at = _repeat(atoms, at)
        literal = _literal(atom)
        if literal and not repeat:
            run += literal
            continue
        if literal and not repeat.startswith(_OPTIONAL):
            run += literal
        elif not repeat.startswith(_OPTIONAL):
            found.append(inner)
        found.append((run,))
        run = ""
    return max([*found, (run,)], key=_worth), at


def _repeat(atoms: list[str], at: int) -> tuple[str, int]:
    """The repeat that stands here, as text, and the place behind it."""
    match = _REPEAT.match("".join(atoms[at : at + 12]))
    return (match[0], at + match.end()) if match else ("", at)


def _literal(atom: str) -> str:
    """The letter that it stands for, small; nothing for what stands for several."""
    if atom[0] == "\\":
        return "" if atom[1] in _CLASS_ESCAPES or atom[1].isdigit() or atom == r"\n" else atom[1].lower()
    return atom.lower() if len(atom) == 1 and atom not in " .^$(" else ""


def _worth(words: tuple[str, ...]) -> tuple[int, int]:
    return min(map(len, words)), -len(words)
