"""What is kept of what a program printed."""

from __future__ import annotations

import io
import random
from typing import TYPE_CHECKING

import pytest

from envtool.run import record
from envtool.run.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = {"HEAD": 100, "TAIL": 700, "FLOOD": 5000}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in SIZES.items():
        monkeypatch.setattr(record, name, size)


def printed(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def filled(*pieces: bytes) -> Record:
    kept = Record()
    for piece in pieces:
        kept.add(memoryview(piece))
    return kept


def cut(whole: bytes, seed: int) -> Iterator[bytes]:
    sizes, place = random.Random(seed), 0
    while place < len(whole):
        size = sizes.choice((1, 7, 99, 350, 900))
        yield whole[place : place + size]
        place += size


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 799, 800, 801, 1500, 1501, 4999, 20_000])
@pytest.mark.parametrize("seed", range(5))
def test_both_ends_in_pieces_of_any_size(size: int, seed: int) -> None:
    whole = printed(size, seed)
    kept = filled(*cut(whole, seed))
    left_out = max(0, size - 800)
    gap = f"\n[{left_out} bytes of output are left out here]\n".encode() if left_out else b""
    assert kept.left_out == left_out
    assert b"".join(kept.pieces()) == whole[:100] + gap + (whole[-700:] if left_out else whole[100:])
    assert kept.last(50) == whole[-50:]


def test_of_a_flood_the_end() -> None:
    buffers = [bytearray(400), bytearray(400)]
    whole, kept = printed(400 * 30), Record()
    for number in range(30):
        buffer = buffers[number % 2]  # used again, as whoever reads a pipe does
        buffer[:] = whole[number * 400 : (number + 1) * 400]
        kept.add(memoryview(buffer), is_flood=True)
    kept.add(memoryview(b"and then a word"))
    assert kept.left_out == 400 * 29 - 100
    assert kept.pieces()[-1] == whole[-400:] + b"and then a word"


def test_before_it_is_long_a_flood_is_kept_like_all_else() -> None:
    whole, kept = printed(4800), Record()
    for number in range(12):
        kept.add(memoryview(whole)[number * 400 : (number + 1) * 400], is_flood=True)
    assert b"".join(kept.pieces()).endswith(whole[-700:])
    assert kept.left_out == 4000


def test_what_comes_faster_for_a_moment_is_kept_whole() -> None:
    kept = filled(printed(6000))
    kept.add(memoryview(b"x" * 300), is_flood=True)
    kept.add(memoryview(b"y" * 300))
    assert kept.last(700) == printed(6000)[-100:] + b"x" * 300 + b"y" * 300


def test_the_copy_is_whole() -> None:
    copy = io.BytesIO()
    kept = Record(copy)
    kept.add(memoryview(printed(9000)))
    assert (copy.getvalue(), kept.copy_trouble) == (printed(9000), None)


def test_a_copy_that_fails_is_told_of_and_left() -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    kept = Record(Full())
    kept.add(memoryview(b"one"))
    kept.add(memoryview(b"two"))
    assert (kept.copy_trouble, kept.pieces()) == ("No space left on device", (b"onetwo",))
