"""Asks one address for a page as pip would, and tells how that went: the way, the certificate, the speed."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from envtool.conditions.network import Certificate, Reached

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_S = 6.0  # of one wait; pip's is 15 s
READ_BYTES = 1 << 19
READ_LIMIT_S = 3.0
CHUNK = 1 << 14
REDIRECTS = 4
LEADS_ON = (301, 302, 303, 307, 308)
HEADERS = {"User-Agent": "envtool", "Accept": "application/vnd.pypi.simple.v1+html, text/html;q=0.1"}
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, openssl/x509_vfy.h; the ssl module does not name it


class Way(NamedTuple):
    """How pip goes about it."""

    proxy: SplitResult | None
    authority: str | None  # a file of the certificates that are trusted
    is_alone: bool  # those of the system are not
    is_checked: bool  # False for a trusted host


class _Trouble(Exception):
    """One of TROUBLES."""

    def __init__(self, kind: str, said: str, certificate: Certificate | None = None) -> None:
        super().__init__(said)
        self.kind, self.said, self.certificate = kind, said, certificate


def fetched(asked: Reached, url: str, way: Way) -> Reached:
    """`asked`, with what came of it; `url` is its address, password included."""
    try:
        for _ in range(REDIRECTS):
            answer, target = _once(asked, urlsplit(url), way)
            if target is None:
                return answer
            url = urljoin(url, target)
        return answer._replace(trouble="unusable", said=f"it leads on and on, last to {public(url)}")
    except _Trouble as trouble:
        return asked._replace(trouble=trouble.kind, said=trouble.said, certificate=trouble.certificate)


def public(url: str) -> str:
    """Without user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _once(asked: Reached, url: SplitResult, way: Way) -> tuple[Reached, str | None]:
    """What one request gave, and where it leads on to."""
    began = time.monotonic()
    connection, certificate = _connected(url, way)
    try:
        connection.request("GET", _path(url, way), headers={**HEADERS, **_logins(url, way)})
        response = connection.getresponse()
        first_byte_s = time.monotonic() - began
        read_bytes, read_s = _read(response)
    except (OSError, http.client.HTTPException) as error:
        raise _Trouble(*_kind(error, way)) from None
    finally:
        connection.close()
    if response.status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        raise _Trouble("proxy-password", f"{response.status} {response.reason}")
    answer = asked._replace(
        status=response.status,
        said=response.reason,
        certificate=certificate,
        first_byte_s=first_byte_s,
        read_bytes=read_bytes,
        read_s=read_s,
    )
    return answer, response.getheader("Location") if response.status in LEADS_ON else None


def _connected(url: SplitResult, way: Way) -> tuple[http.client.HTTPConnection, Certificate | None]:
    """Up to and with TLS, and what the server showed there."""
    connection = _connection(url, way, _context(way))
    try:
        connection.connect()
    except ssl.SSLCertVerificationError as error:
        fault = error.verify_message or str(error)
        raise _Trouble("certificate", fault, _untrusted(url, way, fault)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Trouble(*_kind(error, way)) from None
    if not isinstance(connection.sock, ssl.SSLSocket):
        return connection, None
    names = _issuer_and_end(connection.sock.getpeercert())
    return connection, Certificate(*names, fault=None, is_checked=way.is_checked)


def _connection(url: SplitResult, way: Way, context: ssl.SSLContext) -> http.client.HTTPConnection:
    try:
        host, port = url.hostname or "", url.port
        at = (way.proxy.hostname or "", way.proxy.port or 80) if way.proxy else (host, port)
    except ValueError as error:  # a port that is no number
        raise _Trouble("unusable", str(error)) from None
    if url.scheme == "http":
        return http.client.HTTPConnection(*at, timeout=TIMEOUT_S)
    if url.scheme != "https":
        raise _Trouble("unusable", f"its scheme is {url.scheme or 'missing'}, and not http or https")
    connection = http.client.HTTPSConnection(*at, timeout=TIMEOUT_S, context=context)
    if way.proxy:
        connection.set_tunnel(host, port, _login("Proxy-Authorization", way.proxy))
    return connection


def _context(way: Way) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not way.is_checked:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if not way.is_alone:
        context.load_default_certs()
    try:
        if way.authority:
            context.load_verify_locations(way.authority)
    except OSError as error:
        raise _Trouble(
            "certificate", f"{way.authority}, which is to say whom to trust, cannot be read: {error}"
        ) from None
    return context


def _logins(url: SplitResult, way: Way) -> dict[str, str]:
    to_proxy = _login("Proxy-Authorization", way.proxy) if way.proxy and url.scheme == "http" else {}
    return {**_login("Authorization", url), **to_proxy}


def _login(header: str, url: SplitResult) -> dict[str, str]:
    if not url.username:
        return {}
    login = f"{unquote(url.username)}:{unquote(url.password or '')}"
    return {header: "Basic " + base64.b64encode(login.encode()).decode()}


def _path(url: SplitResult, way: Way) -> str:
    """A proxy is told the whole address where there is no tunnel."""
    bare = url._replace(netloc=url.netloc.rpartition("@")[2], fragment="")
    if way.proxy and url.scheme == "http":
        return bare.geturl()
    return bare._replace(scheme="", netloc="").geturl() or "/"


def _read(response: http.client.HTTPResponse) -> tuple[int, float]:
    """How many bytes came after the first, and how long that took; no more than is needed to tell."""
    began, read = time.monotonic(), 0
    while read < READ_BYTES and time.monotonic() - began < READ_LIMIT_S:
        chunk = response.read1(CHUNK)
        if not chunk:
            break
        read += len(chunk)
    return read, time.monotonic() - began


def _kind(error: Exception, way: Way) -> tuple[str, str]:
    said = str(error) or type(error).__name__
    if said.startswith("Tunnel connection failed"):
        return "proxy-password" if " 407 " in said else "proxy-refuses", said
    if isinstance(error, ssl.SSLError):
        return "tls", error.reason or said
    if isinstance(error, TimeoutError):
        return "silent", f"no answer within {TIMEOUT_S:g} s"
    if way.proxy:
        return "proxy-unreachable", said
    return "name" if isinstance(error, socket.gaierror) else "unreachable", said


def _untrusted(url: SplitResult, way: Way, fault: str) -> Certificate:
    """Who issued a certificate that is not trusted: fetched unchecked, then read by trusting just this one."""
    naive = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    naive.check_hostname = False
    naive.verify_mode = ssl.CERT_NONE
    credulous = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    credulous.check_hostname = False
    credulous.verify_flags = ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME)
    try:
        with closing(_connection(url, way, naive)) as connection:
            shown = _greeted(connection).getpeercert(binary_form=True)
        credulous.load_verify_locations(cadata=shown)
        with closing(_connection(url, way, credulous)) as connection:
            return Certificate(*_issuer_and_end(_greeted(connection).getpeercert()), fault)
    except (OSError, http.client.HTTPException, ValueError):
        return Certificate(None, None, fault)


def _greeted(connection: http.client.HTTPConnection) -> ssl.SSLSocket:
    connection.connect()
    if not isinstance(connection.sock, ssl.SSLSocket):
        raise ValueError("no TLS")  # noqa: TRY004 - of the address, not of the type
    return connection.sock


def _issuer_and_end(shown: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """The organisation, or the name where it has none; nothing is known of a certificate that was not checked."""
    if not shown:
        return None, None
    names = dict(pair for part in shown["issuer"] for pair in part)
    return names.get("organizationName") or names.get("commonName"), shown["notAfter"]
