"""The text of a source file, whatever its encoding: byte order mark, cookie, UTF-8, and then what it looks like."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

BOMS = (  # UTF-32 first: its mark begins as that of UTF-16 does
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
COOKIE = re.compile(rb"^(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n?|\n))?[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
# What sources were written in before UTF-8, the commonest first. In all of them ASCII stands for itself.
LIKELY = ["gb18030", "euc_kr", "euc_jp", "big5", "shift_jis", "cp1252", "cp1251", "koi8_r", "latin_1"]
SAMPLE = 1 << 16  # bytes are enough to tell an encoding by
CLOSE = 0.03  # a difference in mess that tells nothing, in a line or two
MOST_NULS = 0.3  # of the bytes; beyond, they are halves of UTF-16 letters


class Decoded(NamedTuple):
    text: str  # its lines end in \n, and it has no NUL
    doubts: tuple[tuple[str, str], ...] = ()  # kind and message of each remark


def decode(data: bytes, forced: str | None = None) -> Decoded:
    """`forced`, a text encoding that there is, is taken in place of what the file says."""
    decoded = _forced(data, forced) if forced else _by_mark(data) or _by_what_it_says(data)
    text = decoded.text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" not in text:
        return decoded._replace(text=text)
    line = text.count("\n", 0, text.index("\0")) + 1
    doubt = ("null-byte", f"has NUL bytes, the first in line {line}: Python refuses it; it was read without them")
    return Decoded(text.replace("\0", ""), (*decoded.doubts, doubt))


def _forced(data: bytes, encoding: str) -> Decoded:
    return _with_replacements(data, encoding, f"--source-encoding {encoding}")


def _by_mark(data: bytes) -> Decoded | None:
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return _with_replacements(data[len(mark) :], encoding, f"its byte order mark ({encoding})")
    return None


def _with_replacements(data: bytes, encoding: str, why: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding))
    except UnicodeError as error:
        doubt = ("wrong-encoding", f"is not what {why} says: {error}; the bad bytes were replaced")
        return Decoded(data.decode(encoding, "replace"), (doubt,))


def _by_what_it_says(data: bytes) -> Decoded:
    if data.isascii() and b"\0" not in data:
        return Decoded(data.decode("ascii"))
    cookie = COOKIE.match(data)
    named = re.sub(r"^utf[-_]8([-_].*)?$", "utf-8", cookie[1].decode("ascii"), flags=re.IGNORECASE) if cookie else None
    for encoding in (named, "utf-8"):
        text = _strictly(data, encoding) if encoding else None
        if text is not None:
            doubt = ("wrong-encoding", f"says that it is {named}, and is not: read as {encoding}")
            return Decoded(text, () if encoding == named or not named else (doubt,))
    return _by_guess(data, named)


def _by_guess(data: bytes, named: str | None) -> Decoded:
    encoding = _likely(data)
    said = f"is neither {named}, as it says, nor UTF-8" if named else "is no UTF-8 and names no encoding"
    doubt = ("decoded-by-guess", f"{said}: read as {encoding}; save it as UTF-8, or name one by --source-encoding")
    return Decoded(data.decode(encoding, "replace"), (doubt,))


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except (UnicodeError, LookupError):
        return None
    return None if _is_half_nul(data) and "\0" in text else text


def _likely(data: bytes) -> str:
    if _is_half_nul(data):
        return "utf-16-le" if data[1::2].count(0) >= data[::2].count(0) else "utf-16-be"
    from charset_normalizer import from_bytes  # noqa: PLC0415 - few projects need it

    telling = b"\n".join(line for line in data.splitlines() if not line.isascii())[:SAMPLE]
    found = list(from_bytes(telling, cp_isolation=LIKELY))
    least = min((match.chaos for match in found), default=0.0)
    close = sorted((match.encoding for match in found if match.chaos <= least + CLOSE), key=LIKELY.index)
    return next(name for name in (*close, "gb18030", "latin_1") if _strictly(data, name) is not None)


def _is_half_nul(data: bytes) -> bool:
    sample = data[:SAMPLE]
    return sample.count(0) > MOST_NULS * len(sample)
