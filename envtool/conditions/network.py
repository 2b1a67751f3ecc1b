"""How an index answered."""

from __future__ import annotations

from typing import NamedTuple

# The troubles of the way: nothing of HTTP came back.
TROUBLES = (
    "name",  # it has no address
    "unreachable",  # refused, reset, no route
    "silent",  # no answer in time
    "certificate",
    "tls",  # anything else of TLS
    "proxy-unreachable",
    "proxy-password",  # it answers 407
    "proxy-refuses",
    "unusable",  # the address itself
)


class Certificate(NamedTuple):
    """What a server showed, whether it is trusted or not."""

    issuer: str | None  # None: it could not be read
    until: str | None  # as OpenSSL writes it: Dec  9 23:59:59 2026 GMT
    fault: str | None  # what the check of it said; None: it is valid
    is_checked: bool = True  # pip is told to trust the host whatever it shows, where not


class Reached(NamedTuple):
    """One address, and what came of asking it. Nowhere is there a password in it."""

    what: str  # index, or torch-index
    url: str
    origin: str  # who names it: PIP_INDEX_URL, pip's default
    host: str
    proxy: str | None  # the one that it was asked through
    status: int | None = None  # of HTTP
    trouble: str | None = None  # one of TROUBLES
    said: str = ""  # the words of the trouble
    certificate: Certificate | None = None  # None: it is not asked through TLS, or it did not come that far
    first_byte_s: float | None = None
    read_bytes: int = 0
    read_s: float = 0.0
