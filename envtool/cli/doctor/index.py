"""What an index answers, where pip says of it no more than that it found nothing there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NAMED = re.compile(rb"^\s*Looking in indexes: (\S.*)$", re.MULTILINE)
_FOUND_NOTHING = re.compile(rb"requirement ([A-Za-z0-9][\w.-]*)[^(\n]*(?:\([^)\n]*\) )?\(from versions: none\)")
_SAID_WHY = (b"Retrying (Retry", b"is not a trusted or secure host")


def asked_again(printed: Iterable[bytes], environment: Mapping[str, str]) -> Iterator[bytes]:
    """A line for each index, as the rules read it; none where pip said why, or had a password, which it shows nobody."""
    from envtool.surroundings.network import page_status  # noqa: PLC0415 - few commands fail so

    log = b"".join(printed)
    named, missing = _NAMED.search(log), _FOUND_NOTHING.search(log)
    if named is None or missing is None or any(words in log for words in _SAID_WHY):
        return
    name = re.sub(r"[-_.]+", "-", missing[1].decode()).lower()
    for index in named[1].decode(errors="replace").split(", "):
        url = f"{index.strip().rstrip('/')}/{name}/"
        status = None if "@" in url else page_status(url, environment)
        if status is not None:
            yield f"\nenvtool asked {url}: it answers {status}\n".encode()
