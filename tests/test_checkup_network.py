"""The checks of the network, against servers on loopback that each fail in one way. Nothing leaves this machine."""

from __future__ import annotations

import base64
import contextlib
import functools
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import whereabouts
from loopback import bare_environment, serving

from envtool import target
from envtool.checkup import CHECKS
from envtool.conditions.network import Reached
from envtool.surroundings import fetch, network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from envtool.checkup.check import Verdict
    from envtool.conditions import Here

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made by openssl")
NETWORK = [name for name in CHECKS if name.startswith("network-")]
SECRET = "open-sesame"  # a password, which must never be shown
HOST = "127.0.0.1"


class _Index(http.server.BaseHTTPRequestHandler):
    """A page for everything, unless told otherwise; what was asked is kept."""

    status = 200
    page = b"<!DOCTYPE html><a href='pip-24.0-py3-none-any.whl'>pip</a>"
    headers_sent: tuple[tuple[str, str], ...] = ()
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization") or self.headers.get("Proxy-Authorization")))
        self.send_response(self.status)
        for name, value in self.headers_sent:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.page)))
        self.end_headers()
        self.wfile.write(self.page)

    do_CONNECT = do_GET  # noqa: N815 - as the base class names them

    def log_message(self, *_arguments: object) -> None:
        """Who asked is in `asked`."""


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_arguments: object) -> None:
        """That a client gives up is the purpose."""


@contextmanager
def answering(certificate: Path | None = None, **traits: object) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """Where the index answers, and what it was asked."""
    asked: list[tuple[str, str | None]] = []
    handler = type("Index", (_Index,), {"asked": asked, **traits})
    with _Server((HOST, 0), handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"{'https' if certificate else 'http'}://{HOST}:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def listening(then: Callable[[socket.socket], None]) -> Iterator[str]:
    """Where somebody accepts one who calls, and does that with him."""
    with socket.create_server((HOST, 0)) as server:
        ended = threading.Event()

        def accept() -> None:
            with contextlib.suppress(OSError):
                while not ended.is_set():
                    caller, _ = server.accept()
                    then(caller)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.getsockname()[1]}"
        finally:
            ended.set()
            with contextlib.suppress(OSError), socket.create_connection(server.getsockname(), timeout=1):
                pass
            thread.join(5)


def closed() -> str:
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        return f"http://{HOST}:{bound.getsockname()[1]}"


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    told = bare_environment()
    for name in [*os.environ]:
        if name not in told or name.lower().endswith("_proxy") or name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture
def at(tmp_path: Path) -> Here:
    return whereabouts.here(tmp_path)._replace(
        target=target.inspect(sys.executable), executable=sys.executable, online=True
    )


def asking(at: Here, index: str, torch: str | None = None, **environment: str) -> Here:
    """With pip told to ask this index, and torch planned from that one."""
    planned = at.planned and at.planned._replace(index_url=torch)
    told = {**os.environ, "PIP_INDEX_URL": index, **environment}
    return at._replace(environment=told, planned=planned)


def judged(at: Here, seen: tuple[Reached, ...] | None = None) -> dict[str, Verdict]:
    """By name without its beginning. What is printed holds no password, whatever was seen."""
    conditions = whereabouts.conditions(at, network=network.look(at) if seen is None else seen)
    found = {name.removeprefix("network-"): CHECKS[name].judge(conditions) for name in NETWORK}
    assert SECRET not in str(found)
    return found


class TestOffline:
    def test_nothing_is_asked(self, at: Here) -> None:
        with answering() as (url, asked):
            found = judged(asking(at, url, url)._replace(online=False))
        assert {verdict[:2] for verdict in found.values()} == {("note", "not looked at: --online does")}
        assert asked == []


class TestIndex:
    def test_it_answers(self, at: Here, tmp_path: Path) -> None:
        (tmp_path / "index/pip").mkdir(parents=True)
        with serving(tmp_path / "index") as url:
            found = judged(asking(at, f"{url}/"))
        assert found["index"].status == "ok"
        assert found["index"].seen.startswith(f"{url}/ (PIP_INDEX_URL) answered in ")
        assert found["torch-index"] == ("ok", "torch 2.13.0+cpu comes from the same index as all else", ())
        assert found["proxy"].seen == "no proxy is set for the indexes"

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            (401, "wants a user and a password"),
            (403, "wants a user and a password"),
            (404, "there is no index at this address"),
            (503, "it is overloaded or out of order"),
            (204, "that is no page of an index"),
        ],
    )
    def test_it_refuses(self, at: Here, status: int, said: str) -> None:
        with answering(status=status, page=b"") as (url, _):
            verdict = judged(asking(at, url))["index"]
        assert (verdict.status, f"answers {status}" in verdict.seen, said in verdict.seen) == ("error", True, True)
        assert verdict.do

    def test_a_password_is_sent_and_never_shown(self, at: Here) -> None:
        with answering() as (url, asked):
            found = judged(asking(at, url.replace("://", f"://me:{SECRET}@")))
        assert found["index"].status == "ok"
        assert asked == [("/pip/", "Basic bWU6b3Blbi1zZXNhbWU=")]
        with answering(status=401) as (url, asked):
            assert judged(asking(at, url.replace("://", f"://me:{SECRET}@")))["index"].status == "error"

    def test_the_password_of_netrc_is_sent(self, at: Here, tmp_path: Path) -> None:
        (tmp_path / "netrc").write_text(f"machine {HOST}\nlogin me\npassword {SECRET}@:/\n")
        (tmp_path / "netrc").chmod(0o600)
        with answering() as (url, asked):
            at = asking(at, f"{url}/simple", NETRC=str(tmp_path / "netrc"))
            assert judged(at)["index"].status == "ok"
            assert network.page_status(f"{url}/simple/pip/", at.environment) == 200
            assert network.page_status(f"{url}/simple/pip/", {}) == 200
        login = "Basic " + base64.b64encode(f"me:{SECRET}@:/".encode()).decode()
        assert [sent for _, sent in asked] == [login, login, None]

    def test_a_password_does_not_follow_to_another_host(self, at: Here) -> None:
        with answering() as (target_url, asked):
            location = ("Location", target_url.replace(HOST, "localhost") + "/pip/")
            with answering(status=302, headers_sent=(location,)) as (url, first):
                assert judged(asking(at, url.replace("://", f"://me:{SECRET}@")))["index"].status == "ok"
        assert (first[0][1] is not None, asked) == (True, [("/pip/", None)])

    def test_it_leads_in_circles(self, at: Here) -> None:
        with answering(status=302, headers_sent=(("Location", "/pip/"),)) as (url, _):
            verdict = judged(asking(at, url))["index"]
        assert (verdict.status, "leads on and on" in verdict.seen) == ("error", True)

    def test_nobody_is_there(self, at: Here) -> None:
        verdict = judged(asking(at, closed()))["index"]
        assert (verdict.status, "cannot be reached (" in verdict.seen) == ("error", True)

    def test_it_hangs_up(self, at: Here) -> None:
        with listening(socket.socket.close) as url:
            assert "cannot be reached" in judged(asking(at, url))["index"].seen

    def test_it_is_silent(self, at: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fetch, "TIMEOUT_S", 0.3)
        callers: list[socket.socket] = []
        with listening(callers.append) as url:
            verdict = judged(asking(at, url))["index"]
        for caller in callers:
            caller.close()
        assert verdict.seen.endswith("does not answer (no answer within 0.3 s)")

    def test_one_that_drips_is_not_waited_for(self, at: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(network, "REACH_LIMIT_S", 0.5)
        ended = threading.Event()

        def drip(caller: socket.socket) -> None:
            with contextlib.suppress(OSError), caller:
                while not ended.wait(0.1):
                    caller.send(b"H")

        with listening(drip) as url:
            try:
                verdict = judged(asking(at, url))["index"]
            finally:
                ended.set()
        assert (verdict.status, verdict.seen.endswith("(no answer within 0.5 s)")) == ("error", True)

    def test_a_name_without_an_address(self, at: Here) -> None:
        verdict = judged(asking(at, "http://index.invalid/simple"))["index"]
        assert (verdict.status, "index.invalid is not known to DNS" in verdict.seen) == ("error", True)

    @pytest.mark.parametrize("url", ["ftp://127.0.0.1/simple", "http://127.0.0.1:port/simple", "127.0.0.1/simple"])
    def test_what_is_no_address(self, at: Here, url: str) -> None:
        assert judged(asking(at, url))["index"].status == "error"

    def test_a_folder_is_not_asked(self, at: Here, tmp_path: Path) -> None:
        assert judged(asking(at, tmp_path.as_uri()))["index"].status == "unknown"

    def test_each_of_several(self, at: Here) -> None:
        with answering() as (url, _), answering(status=503) as (other, _):
            verdict = judged(asking(at, url, PIP_EXTRA_INDEX_URL=f"{url}/more {other}"))["index"]
        assert (verdict.status, verdict.seen.startswith(f"{other} (PIP_EXTRA_INDEX_URL) answers 503")) == (
            "error",
            True,
        )

    def test_pip_itself_knows_its_default(self, at: Here) -> None:
        [asked] = network._indexes(at, {})
        assert (asked.url.startswith("https://"), asked.origin) == (True, "pip's default")

    def test_what_its_files_say(self, at: Here, tmp_path: Path) -> None:
        (tmp_path / "pip.conf").write_text("[global]\nindex-url = http://one.example/simple\ntimeout = 9\n")
        at = at._replace(environment={**os.environ, "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")})
        [asked] = network._indexes(at, network._pip_settings(at))
        assert (asked.url, asked.origin) == ("http://one.example/simple", "pip's configuration")


class TestTorchIndex:
    def test_it_has_torch(self, at: Here) -> None:
        with answering() as (url, asked):
            found = judged(asking(at, url, f"{url}/whl/cpu"))
        assert found["torch-index"].status == "ok"
        assert sorted(path for path, _ in asked) == ["/pip/", "/whl/cpu/torch/"]

    def test_a_flat_one(self, at: Here, tmp_path: Path) -> None:
        (tmp_path / "index/cu126").mkdir(parents=True)
        with serving(tmp_path / "index") as url:
            assert judged(asking(at, url, f"{url}/cu126"))["torch-index"].status == "ok"
            assert judged(asking(at, url, f"{url}/cu999"))["torch-index"].status == "error"

    def test_there_is_no_plan(self, at: Here) -> None:
        with answering() as (url, _):
            assert judged(asking(at, url)._replace(planned=None))["torch-index"].status == "unknown"


class TestAnswers:
    """As values: what one index answers says nothing of the other."""

    ANSWER = Reached("index", "https://a.example", "PIP_INDEX_URL", "a.example", None, status=200, first_byte_s=0.1)

    @pytest.mark.parametrize(
        ("status", "said"), [(500, "overloaded"), (429, "overloaded"), (418, "no page of an index")]
    )
    def test_each_for_itself(self, at: Here, status: int, said: str) -> None:
        other = self.ANSWER._replace(what="torch-index", url="https://b.example", status=status)
        found = judged(at, (self.ANSWER, other))
        assert (found["index"].status, found["torch-index"].status) == ("ok", "error")
        assert said in found["torch-index"].seen

    @pytest.mark.parametrize(("first_byte_s", "status"), [(4.9, "ok"), (5.1, "warning")])
    def test_a_third_of_what_pip_waits(self, at: Here, first_byte_s: float, status: str) -> None:
        assert judged(at, (self.ANSWER._replace(first_byte_s=first_byte_s),))["speed"].status == status

    @pytest.mark.parametrize(("read_s", "status"), [(0.9, "ok"), (10.0, "warning")])
    def test_how_long_torch_would_take(self, at: Here, read_s: float, status: str) -> None:
        timed = self.ANSWER._replace(read_bytes=500_000, read_s=read_s)
        found = judged(at, (timed,))["speed"]
        assert (found.status, "; torch, 220 MiB, takes about" in found.seen) == (status, True)
        unplanned = judged(at._replace(planned=None), (timed,))["speed"]
        assert (unplanned.status, "takes about" in unplanned.seen) == (status, False)


class TestProxy:
    def test_one_that_lets_through(self, at: Here) -> None:
        with answering() as (proxy, asked):
            found = judged(
                asking(at, "http://index.example/simple", HTTP_PROXY=proxy.replace("://", f"://me:{SECRET}@"))
            )
        assert (found["proxy"].status, found["proxy"].seen) == ("ok", f"{proxy} answers")
        assert found["index"].status == "ok"
        assert asked == [("http://index.example/simple/pip/", "Basic bWU6b3Blbi1zZXNhbWU=")]

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_nobody_is_there(self, at: Here, scheme: str) -> None:
        proxy = closed()
        found = judged(asking(at, f"{scheme}://index.example/simple", ALL_PROXY=proxy))
        assert (found["proxy"].status, found["index"].status) == ("error", "error")
        assert found["proxy"].seen.startswith(f"the proxy {proxy} does not answer")
        assert found["proxy"].do[0].startswith("unset HTTP_PROXY HTTPS_PROXY")

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_it_wants_a_password(self, at: Here, scheme: str) -> None:
        with answering(status=407) as (proxy, _):
            found = judged(asking(at, f"{scheme}://index.example/simple", PIP_PROXY=proxy))
        assert (found["proxy"].status, "wants a user and a password" in found["proxy"].seen) == ("error", True)

    def test_it_refuses_a_tunnel(self, at: Here) -> None:
        with answering(status=403) as (proxy, _):
            found = judged(asking(at, "https://index.example/simple", https_proxy=proxy.removeprefix("http://")))
        assert "does not let index.example through (Tunnel connection failed: 403" in found["proxy"].seen

    @pytest.mark.parametrize(
        ("spared", "used"), [("index.example", False), (".example", False), ("*", False), ("other", True)]
    )
    def test_hosts_that_are_spared(self, at: Here, spared: str, used: bool) -> None:
        at = asking(at, "http://index.example", HTTP_PROXY="http://proxy.example:3128", NO_PROXY=f"localhost, {spared}")
        found = network._proxy("http", "index.example", at.environment, {})
        assert found == ("http://proxy.example:3128" if used else None)


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a key with a certificate that nobody else signed, in one file."""
    folder = tmp_path_factory.mktemp("certificates")

    @functools.cache
    def make(days: int = 30, address: str = f"IP:{HOST}") -> Path:
        key, shown = folder / "key.pem", folder / "shown.pem"
        asked = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), "-subj", "/O=Acme Networks/CN=proxy"]
        asked += ["-addext", f"subjectAltName={address}", "-keyout", str(key), "-out", str(shown)]
        subprocess.run(["openssl", "req", *asked], check=True, capture_output=True)
        both = folder / f"{days}-{address.replace(':', '-')}.pem"
        both.write_text(key.read_text() + shown.read_text())
        return both

    return make


@needs_openssl
class TestCertificate:
    def test_one_that_nobody_vouches_for(self, at: Here, certified: Callable[..., Path]) -> None:
        with answering(certified()) as (url, asked):
            found = judged(asking(at, url))
        verdict = found["certificate"]
        assert (verdict.status, found["index"].status, asked) == ("error", "error", [])
        assert verdict.seen.startswith(f"that of {HOST}, issued by Acme Networks, valid until ")
        assert verdict.seen.endswith(("self-signed certificate", "self signed certificate"))
        assert "config set global.cert /path/to/company-ca.pem" in verdict.do[0]

    @pytest.mark.parametrize("variable", ["PIP_CERT", "REQUESTS_CA_BUNDLE"])
    def test_one_that_pip_is_told_to_trust(self, at: Here, certified: Callable[..., Path], variable: str) -> None:
        with answering(certified()) as (url, _):
            found = judged(asking(at, url, **{variable: str(certified())}))
        assert (found["index"].status, found["certificate"].status) == ("ok", "ok")
        assert "issued by Acme Networks" in found["certificate"].seen

    def test_one_of_another_host(self, at: Here, certified: Callable[..., Path]) -> None:
        file = certified(30, "DNS:elsewhere.example")
        with answering(file) as (url, _):
            verdict = judged(asking(at, url, PIP_CERT=str(file)))["certificate"]
        assert (verdict.status, "mismatch" in verdict.seen) == ("error", True)

    def test_one_that_has_expired(self, at: Here, certified: Callable[..., Path], tmp_path: Path) -> None:
        both = certified()
        expired = tmp_path / "expired.pem"
        key = ssl_key(both)
        (tmp_path / "key.pem").write_text(key)
        request = ["openssl", "req", "-new", "-key", str(tmp_path / "key.pem"), "-subj", "/O=Acme Networks"]
        csr = subprocess.run(request, check=True, capture_output=True).stdout
        (tmp_path / "names").write_text(f"subjectAltName=IP:{HOST}\n")
        signing = ["openssl", "x509", "-req", "-days", "-1", "-signkey", str(tmp_path / "key.pem")]
        signing += ["-extfile", str(tmp_path / "names")]
        made = subprocess.run(signing, input=csr, capture_output=True, check=False)
        if made.returncode:
            pytest.skip("this openssl signs nothing for the past")
        expired.write_text(key + made.stdout.decode())
        with answering(expired) as (url, _):
            verdict = judged(asking(at, url, PIP_CERT=str(expired)))["certificate"]
        assert (verdict.status, "certificate has expired" in verdict.seen) == ("error", True)
        assert "issued by Acme Networks" in verdict.seen
        assert verdict.do[0].startswith("date ")

    def test_a_host_that_is_trusted_blindly(self, at: Here, certified: Callable[..., Path]) -> None:
        with answering(certified()) as (url, _):
            found = judged(asking(at, url, PIP_TRUSTED_HOST=HOST))
        assert (found["index"].status, found["certificate"].status) == ("ok", "warning")

    def test_authorities_that_are_not_there(self, at: Here, certified: Callable[..., Path], tmp_path: Path) -> None:
        with answering(certified()) as (url, _):
            verdict = judged(asking(at, url, PIP_CERT=str(tmp_path / "absent.pem")))["certificate"]
        assert (verdict.status, "absent.pem, which is to say whom to trust, cannot be read" in verdict.seen) == (
            "error",
            True,
        )

    def test_plain_text_where_tls_should_be(self, at: Here) -> None:
        with answering() as (url, _):
            verdict = judged(asking(at, url.replace("http://", "https://")))["index"]
        assert (verdict.status, "does not speak TLS as it should" in verdict.seen) == ("error", True)


def ssl_key(both: Path) -> str:
    text = both.read_text()
    return text[: text.index("-----BEGIN CERTIFICATE")]


class TestSpeed:
    def test_it_is_measured(self, at: Here) -> None:
        with answering(page=b"x" * 300_000) as (url, _):
            verdict = judged(asking(at, url))["speed"]
        assert verdict.status == "ok"
        assert f"{HOST}: the first byte after 0." in verdict.seen
        assert "MB/s; torch, 220 MiB, takes about" in verdict.seen

    def test_a_small_page_says_nothing_of_it(self, at: Here) -> None:
        with answering() as (url, _):
            assert "the page was too short to time" in judged(asking(at, url))["speed"].seen

    def test_a_slow_one(self, at: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fetch, "READ_LIMIT_S", 1.2)
        ended = threading.Event()

        def trickle(caller: socket.socket) -> None:
            with contextlib.suppress(OSError), caller:
                caller.recv(4096)
                caller.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
                while not ended.wait(0.1):
                    caller.send(b"x" * 1000)

        with listening(trickle) as url:
            try:
                verdict = judged(asking(at, url))["speed"]
            finally:
                ended.set()
        assert (verdict.status, "0.01 MB/s" in verdict.seen) == ("warning", True)

    def test_one_that_thinks_for_long(self, at: Here) -> None:
        with answering() as (url, _):
            [seen] = network.look(asking(at, url))
        verdict = judged(asking(at, url), (seen._replace(first_byte_s=6.0),))["speed"]
        assert (verdict.status, "pip gives up after 15 s" in verdict.seen) == ("warning", True)

    def test_nobody_answers(self, at: Here) -> None:
        assert judged(asking(at, closed()))["speed"].status == "unknown"
