"""Asks the indexes that an install would ask, as the target's pip is told to; only where that is wished for."""

from __future__ import annotations

import ast
import json
import netrc
import os
import re
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit
from urllib.request import getproxies

from envtool import run, target
from envtool.conditions.network import Reached
from envtool.errors import TargetUnusable
from envtool.surroundings.fetch import Way, fetched, public

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from envtool.conditions import Here

ASK_LIMIT_S = 30.0
REACH_LIMIT_S = 25.0  # of an address: a look-up of its name has no limit of its own
SECTIONS = (":env:", "install", "global")  # of pip's configuration, the strongest first


class _Asked(NamedTuple):
    what: str  # index, torch-index
    url: str  # password included
    origin: str
    pages: tuple[str, ...]  # the addresses of a page, from the likeliest on


def look(here: Here) -> tuple[Reached, ...]:
    if not here.online:
        return ()
    settings = _pip_settings(here)
    asked = [*_indexes(here, settings), *_torch_index(here)]
    outcomes: list[Reached | None] = [None] * len(asked)

    def reach(at: int) -> None:
        outcomes[at] = _reached(asked[at], here, settings)

    threads = [threading.Thread(target=reach, args=(at,), daemon=True) for at in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(REACH_LIMIT_S)
    return tuple(outcome or _never_ended(one) for one, outcome in zip(asked, outcomes, strict=True))


def _never_ended(asked: _Asked) -> Reached:
    host = urlsplit(asked.url).hostname or ""
    said = f"no answer within {REACH_LIMIT_S:g} s"
    return Reached(asked.what, public(asked.url), asked.origin, host, None, trouble="silent", said=said)


def _pip_settings(here: Here) -> Mapping[str, str]:
    """What the target's pip is told by files and variables: `:env:.index-url`, `global.cert`."""
    asked = [here.executable, "-m", "pip", "config", "list", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory(prefix="envtool-", ignore_cleanup_errors=True) as folder:
        ran = run.capture(asked, ASK_LIMIT_S, here.environment, folder)
    lines = (re.fullmatch(r"(\S+?)=('.*'|\".*\")", line) for line in ran.stdout.splitlines())
    return {found[1]: str(ast.literal_eval(found[2])) for found in lines if found}


def _setting(settings: Mapping[str, str], name: str) -> tuple[str, str] | None:
    """The strongest, and who says it."""
    for section in SECTIONS:
        if value := settings.get(f"{section}.{name}"):
            return value, f"PIP_{name.upper().replace('-', '_')}" if section == ":env:" else "pip's configuration"
    return None


def _indexes(here: Here, settings: Mapping[str, str]) -> list[_Asked]:
    main = _setting(settings, "index-url") or _default_index(here)
    extra = _setting(settings, "extra-index-url")
    named = [main] if main else []
    named += [(url, extra[1]) for url in extra[0].split()] if extra else []
    return [
        _Asked("index", url, origin, (f"{url.rstrip('/')}/pip/",))
        for url, origin in named
        if urlsplit(url).scheme != "file"
    ]


def _default_index(here: Here) -> tuple[str, str] | None:
    """As the target's pip knows it; where it has none, uv's setting, or as our own pip knows it."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if url := here.environment.get(name):
            return url, name
    for executable in (here.executable, sys.executable):
        try:
            index = json.loads(target.ask(executable, ASK_LIMIT_S, "index_probe.py"))["index"]
        except (TargetUnusable, ValueError):
            continue
        if index:
            return index, "pip's default"
    return None


def _torch_index(here: Here) -> list[_Asked]:
    """A simple index has a page for torch; a flat one, or a page of links, is that page itself."""
    url = here.planned and here.planned.index_url
    if not url or urlsplit(url).scheme == "file":
        return []
    pages = (url,) if url.endswith(".html") else (f"{url.rstrip('/')}/torch/", f"{url.rstrip('/')}/")
    return [_Asked("torch-index", url, "install-torch", pages)]


def _reached(asked: _Asked, here: Here, settings: Mapping[str, str]) -> Reached:
    parts = urlsplit(asked.url)
    host = parts.hostname or ""
    proxy = _proxy(parts.scheme, host, here.environment, settings)
    way = Way(
        urlsplit(proxy) if proxy else None,
        *_authority(here, settings),
        is_checked=host not in _words(settings, "trusted-host"),
    )
    blank = Reached(asked.what, public(asked.url), asked.origin, host, public(proxy) if proxy else None)
    return _first_found(blank, (_with_login(page, here.environment) for page in asked.pages), way)


def _with_login(url: str, environment: Mapping[str, str]) -> str:
    """With the user and password that netrc has for the host, where the address names none: so does pip."""
    parts = urlsplit(url)
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or os.devnull)
    named = environment.get("NETRC")
    files = (Path(named),) if named else (home / ".netrc", home / "_netrc")
    try:
        file = next(file for file in files if file.is_file())
        found = None if parts.username else netrc.netrc(file).authenticators(parts.hostname or "")
    except (StopIteration, OSError, netrc.NetrcParseError):
        return url
    if found is None:
        return url
    login = ":".join(quote(word or "", safe="") for word in (found[0] or found[1], found[2]))
    return parts._replace(netloc=f"{login}@{parts.netloc}").geturl()


def _first_found(blank: Reached, pages: Iterable[str], way: Way) -> Reached:
    answer = blank
    for page in pages:
        answer = fetched(blank, page, way)
        if answer.status != 404:  # noqa: PLR2004 - HTTP: not found
            break
    return answer


def _words(settings: Mapping[str, str], name: str) -> list[str]:
    found = _setting(settings, name)
    return found[0].split() if found else []


def _proxy(scheme: str, host: str, environment: Mapping[str, str], settings: Mapping[str, str]) -> str | None:
    """pip's own setting, else that of the environment, else on macOS and Windows that of the system."""
    if own := _setting(settings, "proxy"):
        return _with_scheme(own[0])
    small = {name.lower(): value for name, value in environment.items() if value}
    if _is_spared(host, small.get("no_proxy", "")):
        return None
    found = small.get(f"{scheme}_proxy") or small.get("all_proxy")
    if found is None and (os.name == "nt" or sys.platform == "darwin"):
        found = getproxies().get(scheme)
    return _with_scheme(found) if found else None


def _is_spared(host: str, no_proxy: str) -> bool:
    """An entry names a host, or a domain with all below it."""
    entries = [entry.strip().lstrip(".") for entry in no_proxy.split(",") if entry.strip()]
    return any(entry in ("*", host) or host.endswith(f".{entry}") for entry in entries)


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def _authority(here: Here, settings: Mapping[str, str]) -> tuple[str | None, bool]:
    """The file that says whom to trust, and whether it is alone: the one that pip is told, or pip's own."""
    told = _setting(settings, "cert")
    if named := told[0] if told else _named_authority(here.environment):
        return named, True
    own = Path(here.target.site_packages or "", "pip", "_vendor", "certifi", "cacert.pem")
    return str(own) if own.is_file() else None, False


def _named_authority(environment: Mapping[str, str]) -> str | None:
    return environment.get("REQUESTS_CA_BUNDLE") or environment.get("CURL_CA_BUNDLE")


def page_status(url: str, environment: Mapping[str, str]) -> int | None:
    """What HTTP status the address answers; None where no answer comes. Asked as a pip that no file configures."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = _proxy(parts.scheme, host, environment, {})
    authority = environment.get("PIP_CERT") or _named_authority(environment)
    way = Way(urlsplit(proxy) if proxy else None, authority, is_alone=authority is not None, is_checked=True)
    return fetched(Reached("index", public(url), "pip", host, None), _with_login(url, environment), way).status
