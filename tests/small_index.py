"""A small package index on loopback, for the tests of scripts/refresh_wheels.py."""

from __future__ import annotations

import html
import http.server
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HTML = "text/html; charset=utf-8"
JSON = "application/vnd.pypi.simple.v1+json"


class Site:
    """A package index on loopback. A path without a page is answered 403, as the real one does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, tuple[int, str, str]] = {}
        self.asked: list[str] = []
        self.accepted: set[str] = set()
        self.closing = threading.Event()

    def lists(self, path: str, *links: str, kind: str = HTML, metadata: tuple[str, ...] = ()) -> None:
        """A project's page with these links; a link in `metadata` offers PEP 658 metadata."""
        page = html_page if kind == HTML else json_page
        self.answers[path] = (200, kind, page(links, metadata))

    def says(self, path: str, text: str, kind: str = HTML, status: int = 200) -> None:
        """Any other answer; an empty text keeps the reader waiting."""
        self.answers[path] = (status, kind, text)


def html_page(links: tuple[str, ...], metadata: tuple[str, ...]) -> str:
    anchors = []
    for link in links:
        href = html.escape(link).replace("+", "&#43;")
        offered = 'data-core-metadata="sha256=00"' if link in metadata else ""
        anchors.append(f'<a href="{href}#sha256=00" {offered}>{name_of(link)}</a><br/>')
    return "<!DOCTYPE html><html><body><h1>Links for it</h1>" + "\n".join(anchors) + "</body></html>"


def json_page(links: tuple[str, ...], metadata: tuple[str, ...]) -> str:
    files = [{"filename": name_of(link), "url": link, "core-metadata": link in metadata} for link in links]
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "it", "files": files})


def name_of(link: str) -> str:
    return link.rpartition("/")[2].replace("%2B", "+")


@contextmanager
def serving() -> Iterator[Site]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked.append(self.path)
            here.accepted.add(self.headers["Accept"])
            status, kind, text = here.answers.get(self.path, (403, "text/plain", "Forbidden"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())
            if status == 200 and not text:
                here.closing.wait(30)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class names it
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield here
    finally:
        here.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
