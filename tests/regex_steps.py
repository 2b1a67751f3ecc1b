"""How many steps a backtracking search takes, counted on the parsed pattern: the same on every machine, as time is not."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.version_info >= (3, 11):
    from re import _parser as parser
else:
    import sre_parse as parser

WORD = re.compile(r"\w")


def steps(pattern: re.Pattern[str], text: str) -> int:
    """Those of `pattern.search(text)`; every place to start from is tried, found or not, as the dearest search would."""
    search = _Search(text)
    tree: list[Any] = list(parser.parse(pattern.pattern, pattern.flags))  # type: ignore[call-overload]  # has no __iter__
    for start in range(len(text) + 1):
        next(search.ends(tree, 0, start), None)
    return search.count


class _Search:
    def __init__(self, text: str) -> None:
        self.text = text
        self.count = 0

    def ends(self, items: list[Any], index: int, place: int) -> Iterator[int]:
        """Where the items from the index on can end, if they start at the place; best first."""
        if index == len(items):
            yield place
            return
        op, argument = items[index]
        for end in self._of_one(str(op), argument, place):
            yield from self.ends(items, index + 1, end)

    def _of_one(self, op: str, argument: Any, place: int) -> Iterator[int]:  # noqa: ANN401 - a node of the parsed pattern
        self.count += 1
        if op == "BRANCH":
            for branch in argument[1]:
                yield from self.ends(list(branch), 0, place)
        elif op == "SUBPATTERN":
            yield from self.ends(list(argument[3]), 0, place)
        elif op in ("MAX_REPEAT", "MIN_REPEAT"):
            yield from self._repeated(argument, place, greedy=op == "MAX_REPEAT")
        elif op in ("ASSERT", "ASSERT_NOT"):
            at = place if argument[0] > 0 else max(0, place - 1)
            if (next(self.ends(list(argument[1]), 0, at), None) is not None) == (op == "ASSERT"):
                yield place
        elif op == "AT":
            if self._is_at(str(argument), place):
                yield place
        elif place < len(self.text) and _takes(op, argument, self.text[place]):
            yield place + 1

    def _repeated(self, argument: Any, place: int, *, greedy: bool) -> Iterator[int]:  # noqa: ANN401
        least, most, body = argument[0], int(argument[1]), list(argument[2])
        reached = [place]
        ends = [[place]]
        while len(ends) <= most and ends[-1]:
            ends.append([end for start in ends[-1] for end in self.ends(body, 0, start) if end > start])
            reached += ends[-1]
        taken = [end for times, found in enumerate(ends) if times >= least for end in found]
        yield from reversed(taken) if greedy else taken

    def _is_at(self, where: str, place: int) -> bool:
        before, after = self.text[:place][-1:], self.text[place : place + 1]
        if where == "AT_BEGINNING":
            return before in ("", "\n")
        if where == "AT_END":
            return after in ("", "\n")
        return bool(WORD.match(before)) != bool(WORD.match(after))


def _takes(op: str, argument: Any, letter: str) -> bool:  # noqa: ANN401
    if op == "ANY":
        return letter != "\n"
    if op == "IN":
        named = [(str(kind), value) for kind, value in argument if str(kind) != "NEGATE"]
        return any(_is_among(kind, value, letter) for kind, value in named) == (len(named) == len(argument))
    return (chr(argument).lower() == letter.lower()) == (op == "LITERAL")


def _is_among(kind: str, value: Any, letter: str) -> bool:  # noqa: ANN401
    if kind == "CATEGORY":
        name = str(value).removeprefix("CATEGORY_")
        found = {"SPACE": letter.isspace(), "DIGIT": letter.isdigit(), "WORD": bool(WORD.match(letter))}
        return found[name.removeprefix("NOT_")] != name.startswith("NOT_")
    if kind == "RANGE":
        return any(value[0] <= ord(form) <= value[1] for form in (letter.lower(), letter.upper()))
    return chr(value).lower() == letter.lower()
