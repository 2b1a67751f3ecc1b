"""Writes a file so that whoever reads it finds the old one or the new one, whole, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from envtool.errors import FileUnwritable, RequestInvalid

if TYPE_CHECKING:
    from pathlib import Path


def check_encoding(name: str) -> None:
    """Raises RequestInvalid where Python has no text encoding of that name."""
    try:
        "".encode(name)
    except (LookupError, ValueError):
        raise RequestInvalid(f"{name!r} is no text encoding of Python: use utf8, utf-8-sig, gbk ...") from None


def encoded(text: str, encoding: str) -> bytes:
    """Raises RequestInvalid where the encoding cannot hold a letter of the text."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        letter = text[error.start]
        line = text[: error.start].rpartition("\n")[2] + text[error.start :].partition("\n")[0]
        raise RequestInvalid(
            f"{encoding} has no {letter!a} ({letter}), and one line has it, {line.strip()!r}: use --encoding utf8"
        ) from None


def write(path: Path, content: bytes) -> None:
    """Put the content in place of the file: all of it, or else nothing changes. Raises FileUnwritable.

    A link is followed, permissions stay. What is no regular file (a pipe, /dev/stdout) is written to as it is.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            _replace(os.path.realpath(path), content)
    except OSError as error:
        raise FileUnwritable(f"{path} is as it was, for it could not be written: {error.strerror}") from None


def _replace(target: str, content: bytes) -> None:
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{os.urandom(4).hex()}")  # noqa: PTH118 - a path as text, here and below
    try:
        with open(temporary, "xb") as file:  # noqa: PTH123
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _take_permissions(target, temporary)
        os.replace(temporary, target)  # noqa: PTH105
    except BaseException:  # an interrupt as well leaves nothing behind
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise
    _sync(folder)


def _take_permissions(target: str, temporary: str) -> None:
    with suppress(FileNotFoundError):  # nothing is replaced
        if sys.platform != "win32":
            old = os.stat(target)  # noqa: PTH116
            with suppress(PermissionError):  # one's own copy of another's file
                os.chown(temporary, old.st_uid, old.st_gid)
        shutil.copymode(target, temporary)


def _sync(folder: str) -> None:
    """The new name as well outlives a power cut, where the system lets a folder be synchronised."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
