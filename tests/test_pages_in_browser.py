"""The pages in a real browser: nothing to complain of, nothing fetched, nothing in the way of anybody."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from browser import chromium, needs_chromium
from pages import eventful, page_of, page_of_command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser import Page

pytestmark = [pytest.mark.slow, needs_chromium]
AXE = "axe-core@4.14.1"
SCREENS = [(width, scheme) for width in (390, 1280) for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module", params=["smoke-test", "doctor"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page_of(eventful()) if request.param == "smoke-test" else page_of_command(), "utf-8")
    return path


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, which npm brings."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("axe")
    if npm is None:
        pytest.skip("no npm here, which brings axe-core")
    ran = subprocess.run([npm, "pack", AXE, "--silent"], cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        pytest.skip(f"npm does not bring {AXE} here: {ran.stderr.strip()[:200]}")
    with tarfile.open(folder / ran.stdout.split()[-1]) as archive:
        source = archive.extractfile("package/axe.min.js")
        assert source
        return source.read().decode("utf-8")


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_nothing_is_complained_of_fetched_or_cut_off(tab: Page, file: Path, width: int, scheme: str) -> None:
    tab.open(file, width, scheme)
    assert [url for url in tab.requested() if not url.startswith("data:")] == [file.as_uri()]
    assert tab.complaints() == []
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert str(tab.evaluate("document.title")).startswith(
        ("smoke-test: 1 model passed; lora failed", "doctor: The disk")
    )


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing(tab: Page, file: Path, axe: str, width: int, scheme: str) -> None:
    tab.open(file, width, scheme)
    assert violations(tab, axe) == []


def test_axe_finds_what_is_wrong(tab: Page, tmp_path: Path, file: Path, axe: str) -> None:
    wrong = tmp_path / "wrong.html"
    faint = file.read_text("utf-8").replace("--muted: #59616b", "--muted: #c0c4c8")
    wrong.write_text(faint.replace(' lang="en"', ""), "utf-8")
    tab.open(wrong, 1280)
    assert {"color-contrast", "html-has-lang"} <= {rule for rule, _ in violations(tab, axe)}


def violations(tab: Page, axe: str) -> list[tuple[str, str]]:
    """The rules that are broken, each with a place where."""
    tab.evaluate(f"{axe}; undefined")
    found = json.loads(str(tab.evaluate("axe.run().then(found => JSON.stringify(found.violations))")))
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found]


def test_it_prints_on_a_few_sheets_and_in_ink(tab: Page, file: Path) -> None:
    tab.open(file, 1280, "dark")
    assert tab.pdf().startswith(b"%PDF")
    tab.send("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
