"""Indexes and proxies that fail in one way each, a pip that really asks them, and what doctor says of it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from real_install import RealInstall, servers, sources

if TYPE_CHECKING:
    from pathlib import Path

ONCE = ("--retries", "1")
pytestmark = pytest.mark.slow


@pytest.fixture
def install(tmp_path: Path) -> RealInstall:
    return RealInstall(tmp_path)


class TestIndex:
    def test_one_that_works(self, install: RealInstall) -> None:
        install.offers_a_wheel("tides")
        assert install.pip_from_index("tides").findings == ()

    def test_a_name_that_it_lacks(self, install: RealInstall) -> None:
        """It let in, and delivered what the build requires: so it is neither out of order nor closed."""
        install.offers_a_source("tides", sources.setup_py("tides"), "no-such-tool")
        answer = install.pip_from_index("tides")
        assert answer.verdict == ("name-not-found", "likely")
        assert answer.first.title == "No project no-such-tool was found on the index."
        assert not any(" -r " in command for command in answer.first.fix)

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made by openssl")
    def test_a_certificate_that_it_signed_itself(self, install: RealInstall) -> None:
        certificate = servers.self_signed(install.root / "server.pem")
        with servers.serving(servers.answering(404), certificate) as port:
            answer = install.pip(*ONCE, "--index-url", f"https://localhost:{port}/simple", "tides")
        assert answer.verdict == ("ssl-verify", "certain")
        assert "localhost" in answer.first.title

    def test_one_without_tls(self, install: RealInstall) -> None:
        answer = install.pip(*ONCE, "--index-url", "http://index.example/simple", "tides")
        assert answer.verdict == ("ssl-verify", "certain")
        assert "index.example" in answer.first.title

    def test_it_wants_a_password(self, install: RealInstall) -> None:
        with servers.serving(servers.answering(401, {"WWW-Authenticate": 'Basic realm="packages"'})) as port:
            url = f"http://{servers.HOST}:{port}/simple"
            answer = install.pip(*ONCE, "--index-url", url, "tides")
        assert answer.verdict == ("index-auth", "certain")
        assert f"{servers.HOST}:{port}" in answer.first.title
        assert f"{install.python} -m pip install --retries 1 --index-url {url} tides -v  #" in "\n".join(
            answer.first.fix
        )

    @pytest.mark.parametrize(
        ("status", "cause"), [(401, "index-auth"), (403, "index-auth"), (503, "network-unreachable")]
    )
    def test_an_answer_that_pip_keeps_to_itself(self, install: RealInstall, status: int, cause: str) -> None:
        """pip says no more than that it found nothing, so doctor guesses; with --online it asks, too."""
        with servers.serving(servers.answering(status)) as port:
            asks = (*ONCE, "--no-input", "--index-url", f"http://{servers.HOST}:{port}/simple", "tides")
            guesses = install.pip(*asks).findings
            install.online = True
            answer = install.pip(*asks)
        assert {(found.id, found.confidence) for found in guesses} >= {(cause, "possible")}
        assert all(found.confidence != "certain" for found in guesses)
        assert answer.first.id == cause
        assert servers.HOST in answer.first.title
        assert f"{servers.HOST}:{port}/simple/tides/: it answers {status}" in answer.first.evidence

    def test_a_project_that_the_index_does_not_have(self, install: RealInstall) -> None:
        install.online = True
        install.index.mkdir()
        answer = install.pip_from_index("tides")
        assert answer.verdict == ("name-not-found", "likely")
        assert len(answer.findings) == 1

    def test_a_port_that_nobody_listens_on(self, install: RealInstall) -> None:
        answer = install.pip(*ONCE, "--index-url", f"http://{servers.HOST}:{servers.closed_port()}/simple", "tides")
        assert answer.verdict == ("network-unreachable", "certain")
        assert servers.HOST in answer.first.title


class TestProxy:
    @pytest.mark.parametrize(
        ("status", "said"),
        [(407, "407 Proxy Authentication Required"), (403, "403 Forbidden")],
    )
    def test_one_that_refuses(self, install: RealInstall, status: int, said: str) -> None:
        asks = {"Proxy-Authenticate": "Basic"} if status == 407 else {}
        with servers.serving(servers.answering(status, asks)) as port:
            answer = install.pip(*ONCE, "tides", HTTPS_PROXY=f"http://{servers.HOST}:{port}", **NOBODY)
        assert answer.verdict == ("proxy-error", "certain")
        assert f"Tunnel connection failed: {said}" in answer.first.evidence

    def test_one_that_is_down(self, install: RealInstall) -> None:
        proxy = f"http://{servers.HOST}:{servers.closed_port()}"
        answer = install.pip(*ONCE, "tides", HTTPS_PROXY=proxy, **NOBODY)
        assert answer.verdict == ("proxy-error", "certain")
        assert "Cannot connect to proxy" in answer.first.evidence


NOBODY = {"PIP_INDEX_URL": "https://index.example/simple"}
