"""A headless Chromium, driven over a pipe by its DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None or sys.platform == "win32", reason="no Chromium here that a pipe can drive"
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
)
# Gives Chromium the ends of the pipes as the numbers that it has them by.
BECOME = "import os, sys; reads, writes, *argv = sys.argv[1:]; os.dup2(int(reads), 3); os.dup2(int(writes), 4); os.execv(argv[0], argv)"
PATIENCE_S = 60.0
FULL_HEIGHT = "document.documentElement.scrollHeight"


class Page:
    """One tab, and what was told of it so far."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._last, self._session, self._rest = 0, None, b""
        self.events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: object) -> dict[str, Any]:
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        said = json.dumps(message).encode() + b"\0"
        while said:
            said = said[os.write(self._to, said) :]
        while (answer := self._next()).get("id") != self._last:
            self.events.append(answer)
        assert "error" not in answer, answer
        return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            assert select.select([self._from], [], [], PATIENCE_S)[0], "Chromium is silent"
            chunk = os.read(self._from, 1 << 20)
            assert chunk, "Chromium has ended"
            self._rest += chunk
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))

    def open(self, path: Path, width: int, scheme: str = "light") -> None:
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", features=features)
        self.events.clear()
        self.send("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def evaluate(self, script: str) -> object:
        """The value of a JavaScript expression, once it is there."""
        answer = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        value: object = answer["result"].get("value")
        return value

    def requested(self) -> list[str]:
        told = [event for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [str(event["params"]["request"]["url"]) for event in told]

    def complaints(self) -> list[dict[str, Any]]:
        methods = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [event for event in self.events if event["method"] in methods]

    def picture(self, width: int) -> bytes:
        """All of the page as a PNG."""
        clip = {"x": 0, "y": 0, "width": width, "height": self.evaluate(FULL_HEIGHT), "scale": 1}
        return base64.b64decode(self.send("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"])

    def pdf(self) -> bytes:
        return base64.b64decode(self.send("Page.printToPDF", preferCSSPageSize=True)["data"])


@contextmanager
def chromium(profile: Path) -> Iterator[Page]:
    reads, to_browser = os.pipe()
    from_browser, writes = os.pipe()
    argv = [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
    become = [sys.executable, "-c", BECOME, str(reads), str(writes), *argv]
    with subprocess.Popen(become, pass_fds=(reads, writes), stderr=subprocess.DEVNULL) as process:
        os.close(reads)
        os.close(writes)
        try:
            page = Page(to_browser, from_browser)
            yield page
            page.send("Browser.close")
            process.wait(30)
        finally:
            process.kill()
            os.close(to_browser)
            os.close(from_browser)
