"""The lines of a log that can matter, from any number of bytes, in memory that does not grow with them.

Both ends of a log are kept whole. Of what lies between, the lines that speak of trouble are kept, with the two below each:
of a hundred megabytes all but a few lines are noise.
"""

from __future__ import annotations

import codecs
from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_BYTES = 256 << 20  # of a log, or of a pipe that never ends
HEAD = 3 << 16
TAIL = 1 << 16
BLOCK = 1 << 16  # what fits a processor's cache is searched fastest
MOST_BETWEEN = 3_000  # lines from between head and tail
MOST_ALIKE = 8  # of them that differ in their digits alone
FOLLOWING = 2
LONGEST = (6_000, 2_000)  # bytes that are kept of the two ends of a line

# What a line that speaks of trouble has at least one of, or the one above it; in small letters. Few, for each costs time.
STEMS = tuple(
    word.encode(encoding)
    for encoding, words in {
        "ascii": (
            *("error:", "errno", "fail", "fatal", "killed", "not ", "no ", "n't ", "cannot", "unable", "missing"),
            *(
                "required",
                "requires ",
                "denied",
                "refused",
                "invalid",
                "timed out",
                "retrying",
                "unsupported",
                "memory",
            ),
            *("exit code", "exit status", "bad", "deprecated, use", "successfully installed"),
        ),
        "utf-8": ("错误", "没有", "erreur", "fehler", "エラー"),
        "gbk": ("错误", "没有"),
    }.items()
    for word in words
)


class Kept(NamedTuple):
    lines: tuple[tuple[int, bytes], ...]  # each with its number, from 1
    total: int  # of lines that were read
    cut: bool  # there was more than MOST_BYTES


def keep(chunks: Iterable[bytes]) -> Kept:
    kept: list[tuple[int, bytes]] = []
    last: deque[tuple[int, bytes]] = deque()  # blocks, each with the number of its first line
    alike: Counter[bytes] = Counter()
    between = number = read = 0
    cut = False
    for block in _blocks(_as_utf8(chunks)):
        if read >= MOST_BYTES:
            cut = True
            break
        if read < HEAD:
            kept += _lines(block, number)
        else:
            last.append((number, block))
        while sum(len(part) for _, part in last) - len(last[0][1] if last else b"") >= TAIL:
            before, middle = last.popleft()
            if between < MOST_BETWEEN:
                found = list(_lines_of_trouble(before, middle, alike))
                between += len(found)
                kept += found
        read += len(block)
        number += block.count(b"\n") + (not block.endswith(b"\n"))
    for first, block in last:
        kept += _lines(block, first)
    return Kept(tuple((before + 1, line) for before, line in kept), number, cut)


def _lines(block: bytes, before: int) -> list[tuple[int, bytes]]:
    """Each line, both ends of it where it is long, with how many stand before it in the log."""
    head, tail = LONGEST
    return [
        (at, line if len(line) <= head + tail else line[:head] + b" ... " + line[-tail:])
        for at, line in enumerate(block.removesuffix(b"\n").split(b"\n"), before)
    ]


def _lines_of_trouble(before: int, block: bytes, alike: Counter[bytes]) -> Iterator[tuple[int, bytes]]:
    done = 0  # the place in the block up to which lines were given, or passed over
    for start in sorted(_starts_of_trouble(block.lower())):
        end = block.find(b"\n", start) + 1 or len(block)
        shape = block[start : min(end, start + sum(LONGEST))].translate(None, b"0123456789")
        alike[shape] += 1
        if alike[shape] > MOST_ALIKE:
            continue
        for _ in range(FOLLOWING):
            end = block.find(b"\n", end) + 1 or len(block)
        if end <= done:
            continue
        first = max(start, done)
        before += block.count(b"\n", done, first)
        yield from _lines(block[first:end], before)
        before += block.count(b"\n", first, end)
        done = end


def _starts_of_trouble(block: bytes) -> set[int]:
    starts = set()
    for stem in STEMS:
        place = block.find(stem)
        while place >= 0:
            starts.add(block.rfind(b"\n", 0, place) + 1)
            end = block.find(b"\n", place)
            place = block.find(stem, end) if end >= 0 else -1
    return starts


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines, about BLOCK bytes of them at a time; a line that is longer is broken."""
    rest = b""
    for chunk in chunks:
        rest += chunk
        while len(rest) >= BLOCK:
            end = rest.rfind(b"\n", 0, BLOCK) + 1 or BLOCK
            yield rest[:end]
            rest = rest[end:]
    if rest:
        yield rest


def _as_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, but for UTF-16, which PowerShell writes."""
    parts = iter(chunks)
    first = next(parts, b"")
    encoding = _utf16(first)
    if encoding is None:
        yield first
        yield from parts
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    yield decoder.decode(first).encode("utf-8", errors="replace")
    for part in parts:
        yield decoder.decode(part).encode("utf-8", errors="replace")


def _utf16(start: bytes) -> str | None:
    """Which UTF-16 it is, by its mark or by where its zeros stand; None where it is none."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if start.startswith(mark):
            return encoding
    sample = start[:1000]
    if sample[1::2].count(0) > len(sample) // 4 and not sample[::2].count(0):
        return "utf-16-le"
    if sample[::2].count(0) > len(sample) // 4 and not sample[1::2].count(0):
        return "utf-16-be"
    return None
