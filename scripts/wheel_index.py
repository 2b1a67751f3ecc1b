"""Reads the pages of a package index (PEP 503 HTML or PEP 691 JSON) and the metadata beside its wheels (PEP 658)."""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from wheel_tables import RefreshError

JSON_TYPES = ("application/vnd.pypi.simple.v1+json", "application/json")
HTML_TYPES = ("application/vnd.pypi.simple.v1+html", "text/html")
ACCEPT = f"{JSON_TYPES[0]}, {HTML_TYPES[0]};q=0.2, {HTML_TYPES[1]};q=0.1"
ABSENT = (403, 404)  # the wheel index forbids what it does not have
SILENCE_S = 30.0  # between two pieces of an answer
PAGE_S = 120.0  # for the whole of it
FOLDER = re.compile(r"cpu|xpu|cu\d+|rocm[\d.]+")
FILE = re.compile(r"\.(?:whl|zip|tar\.gz|tar\.bz2|egg)$")


class Answer(NamedTuple):
    url: str  # after redirects
    kind: str  # the media type
    text: str


class Link(NamedTuple):
    url: str
    has_metadata: bool = False

    @property
    def filename(self) -> str:
        return unquote(urlsplit(self.url).path).rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Listed:
    """A wheel that a page links to."""

    version: str  # without the local tag
    local: str
    folder: str | None  # by its own address: empty at the root of the index, None outside its folders
    platform: str
    pythons: frozenset[str]
    link: Link


class Listing(NamedTuple):
    """What an index has of one project, and the names of files that follow no wheel's grammar."""

    wheels: tuple[Listed, ...]
    odd: tuple[str, ...]


def folders(index: str) -> set[str]:
    """The folders that the root page of an index links to."""
    answer = fetch(f"{index}/", ACCEPT)
    paths = [] if answer is None else [unquote(urlsplit(link.url).path) for link in links(answer)]
    names = {path.rstrip("/").rpartition("/")[2] for path in paths}
    return {name for name in names if FOLDER.fullmatch(name)}


def listing(index: str, project: str, places: set[str]) -> Listing | None:
    """What the index has of a project on the pages of these folders ("" is the root); None where it has no such page."""
    urls = ["/".join(filter(None, (index, place, project))) + "/" for place in sorted(places)]
    answers = [answer for url in urls if (answer := fetch(url, ACCEPT))]
    if not answers:
        return None
    wheels: dict[tuple[str | None, str], Listed] = {}
    odd: set[str] = set()
    for link in (link for answer in answers for link in file_links(answer) if link.filename.endswith(".whl")):
        wheel = listed(link, project, folder_of(link, index))
        if wheel is None:
            odd.add(link.filename)
        else:
            wheels[wheel.folder, link.filename] = wheel
    return Listing(tuple(wheels.values()), tuple(sorted(odd)))


def listed(link: Link, project: str, folder: str | None) -> Listed | None:
    try:
        name, version, _build, _tags = parse_wheel_filename(link.filename)
    except InvalidWheelFilename:
        return None
    if name != project:
        return None
    interpreter, abi, platform = link.filename.removesuffix(".whl").split("-")[-3:]
    return Listed(
        version=version.public,
        local=version.local or "",
        folder=folder,
        platform=platform,
        pythons=frozenset([abi] if re.fullmatch(r"cp3\d+t", abi) else interpreter.split(".")),
        link=link,
    )


def folder_of(link: Link, index: str) -> str | None:
    """The folder that the link leads into, whichever page it stands on and host it names; None in another channel."""
    base = urlsplit(index).path.rstrip("/") + "/"
    path = unquote(urlsplit(link.url).path)
    inside = path.removeprefix(base) if path.startswith(base) else path.rpartition("/whl/")[2]
    folder = inside.rpartition("/")[0]
    return folder if not folder or FOLDER.fullmatch(folder) else None


def file_links(answer: Answer) -> tuple[Link, ...]:
    """The links of a project's page. Raises RefreshError where it lists no files and does not look like an empty list."""
    found = links(answer)
    is_empty = not found and (answer.kind in JSON_TYPES or "links for" in answer.text.lower())
    if not is_empty and not any(FILE.search(link.filename) for link in found):
        raise no_index(answer)
    return found


def links(answer: Answer) -> tuple[Link, ...]:
    if answer.kind in JSON_TYPES:
        return json_links(answer)
    if answer.kind in HTML_TYPES:
        page = Anchors()
        page.feed(answer.text)
        return tuple(Link(urljoin(answer.url, href), has_metadata) for href, has_metadata in page.anchors)
    raise no_index(answer)


def json_links(answer: Answer) -> tuple[Link, ...]:
    try:
        page = json.loads(answer.text)
        if "projects" in page:
            return tuple(Link(urljoin(answer.url, f"{project['name']}/")) for project in page["projects"])
        return tuple(
            Link(urljoin(answer.url, file["url"]), bool(file.get("core-metadata", file.get("dist-info-metadata"))))
            for file in page["files"]
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise no_index(answer) from None


def no_index(answer: Answer) -> RefreshError:
    start = " ".join(answer.text[:120].split())
    return RefreshError(f"{answer.url} is no page of a package index: {answer.kind} came, beginning {start!r}")


class Anchors(HTMLParser):
    """Collects where the anchors lead, and whether they say that there is metadata."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        href = said.get("href")
        if tag == "a" and href:
            names = ("data-core-metadata", "data-dist-info-metadata")
            self.anchors.append((href, any(said.get(name, "false") != "false" for name in names)))


def requirements(wheel: Listed) -> tuple[Requirement, ...] | None:
    """What the wheel requires; None where the index offers no metadata for it."""
    if not wheel.link.has_metadata:
        return None
    url = urlsplit(wheel.link.url)._replace(query="", fragment="").geturl() + ".metadata"
    answer = fetch(url, "*/*")
    if answer is None:
        return None
    raw, _unparsed = parse_email(answer.text)
    try:
        return tuple(Requirement(text) for text in raw.get("requires_dist", []))
    except InvalidRequirement as error:
        raise RefreshError(f"{url} holds a requirement that cannot be read: {error}") from None


def cuda_backend(required: tuple[Requirement, ...], platform: str) -> str:
    """The CUDA that a build's requirements bring on its platform, as cu130; cpu where they bring none."""
    system = {"win": ("Windows", "win32"), "mac": ("Darwin", "darwin")}.get(platform[:3], ("Linux", "linux"))
    machine = "aarch64" if platform.endswith("aarch64") else "x86_64"
    where = {"platform_system": system[0], "sys_platform": system[1], "platform_machine": machine, "extra": ""}
    for requirement in required:
        if not re.fullmatch(r"cuda-toolkit|nvidia-cuda-runtime(-cu\d+)?", requirement.name):
            continue
        pin = re.search(r"(\d+)\.(\d+)", str(requirement.specifier))
        if pin and (requirement.marker is None or requirement.marker.evaluate(where)):
            return f"cu{pin[1]}{pin[2]}"
    return "cpu"


def fetch(url: str, accept: str) -> Answer | None:
    """What a GET of the address brings; None where it is absent. Raises RefreshError."""
    request = urllib.request.Request(url, headers={"Accept": accept, "User-Agent": "envtool-refresh-wheels"})
    end = time.monotonic() + PAGE_S
    try:
        with urllib.request.urlopen(request, timeout=SILENCE_S) as response:
            pieces = []
            while piece := response.read1(1 << 16):
                pieces.append(piece)
                if time.monotonic() > end:
                    raise RefreshError(f"{url} did not end within {PAGE_S:g} s: try again later")
            return Answer(
                response.url, response.headers.get_content_type(), b"".join(pieces).decode("utf-8", "replace")
            )
    except urllib.error.HTTPError as error:
        with error:
            if error.code in ABSENT:
                return None
            raise RefreshError(f"{url} answered {error.code} {error.reason}: try again later") from None
    except (OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise RefreshError(f"{url} could not be read: {reason}") from None
