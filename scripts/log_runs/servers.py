"""Servers on loopback that fail a client in one way each."""

from __future__ import annotations

import contextlib
import functools
import http.server
import socket
import ssl
import struct
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, AnyStr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from _typeshed import SupportsRead, SupportsWrite

    Handler = Callable[..., http.server.BaseHTTPRequestHandler]

HOST = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, no time


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Who read what is noise."""


class _Truncating(_Quiet):
    """Files end after their first kilobytes; listings are whole."""

    def copyfile(self, source: SupportsRead[AnyStr], outputfile: SupportsWrite[AnyStr]) -> None:
        outputfile.write(source.read() if self.path.endswith("/") else source.read(4000))


def folder(path: Path) -> Handler:
    """An index: each folder's listing is the page of a project."""
    return functools.partial(_Quiet, directory=str(path))


def truncating(path: Path) -> Handler:
    return functools.partial(_Truncating, directory=str(path))


def answering(status: int, headers: Mapping[str, str] | None = None) -> Handler:
    """One answer to everything, tunnels through a proxy included."""

    class Answering(_Quiet):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_CONNECT = do_POST = do_GET  # noqa: N815 - as the base class names them

    return Answering


class Silent(_Quiet):
    """Accepts and never answers."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while self.request.recv(4096):
                pass


class Resetting(_Quiet):
    """Hangs up on whoever connects."""

    def handle(self) -> None:
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.request.close()

    def finish(self) -> None:
        """Nothing is left to flush."""


@contextmanager
def serving(handler: Handler, certificate: Path | None = None) -> Iterator[int]:
    """The port on loopback where the handler answers, behind TLS if there is a certificate."""
    with _Server((HOST, 0), handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_arguments: object) -> None:
        """That a client gives up is the purpose."""


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        port: int = bound.getsockname()[1]
        return port


def self_signed(path: Path) -> Path:
    """A key and its certificate in one file, signed by nobody else."""
    certificate = path.with_suffix(".crt")
    asked = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=index.example"]
    asked += ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", f"subjectAltName=IP:{HOST}"]
    asked += ["-keyout", str(path), "-out", str(certificate)]
    subprocess.run(["openssl", "req", *asked], check=True, capture_output=True)
    path.write_text(path.read_text() + certificate.read_text())
    return path
