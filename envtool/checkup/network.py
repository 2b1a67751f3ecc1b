"""The network: whether the indexes answer, through which proxy, with which certificate, how fast."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.checkup.check import Check, Verdict
from envtool.checkup.installs import pip

if TYPE_CHECKING:
    from collections.abc import Callable

    from envtool.conditions import Conditions, Here
    from envtool.conditions.network import Reached

    Answers = tuple[Reached, ...]

FOUND, REFUSED, ABSENT, TOO_MANY, FAILS = 200, (401, 403), (404, 410), 429, 500  # statuses of HTTP
ENOUGH_BYTES = 50_000  # for a speed: a smaller page has come before the connection is up to it
SLOW_BYTES_S = 200_000  # 1 GB of torch takes an hour and a half
PATIENCE_S = 15.0  # pip's default time limit: pip documentation, pip install, --timeout
OF_PROXY = ("proxy-unreachable", "proxy-password", "proxy-refuses")


def _online(judge: Callable[[Conditions, Answers], Verdict]) -> Callable[[Conditions], Verdict]:
    """A judge of Conditions, where the network may be used."""

    def verdict(seen: Conditions) -> Verdict:
        if not seen.here.online:
            return Verdict("note", "not looked at: --online does")
        if seen.network is None:
            return Verdict("unknown", "the network was not looked at")
        return judge(seen, seen.network)

    return verdict


@_online
def index(seen: Conditions, answers: Answers) -> Verdict:
    asked = [answer for answer in answers if answer.what == "index"]
    if not asked:
        return Verdict("unknown", "which index pip asks could not be learnt, or it is a folder of this machine")
    return _worst(asked, seen.here)


@_online
def torch_index(seen: Conditions, answers: Answers) -> Verdict:
    asked = [answer for answer in answers if answer.what == "torch-index"]
    if asked:
        return _worst(asked, seen.here)
    if seen.here.planned is None:
        return Verdict("unknown", "install-torch names no torch for this machine: envtool install-torch says why")
    return Verdict("ok", f"torch {seen.here.planned.torch} comes from the same index as all else")


def _worst(asked: list[Reached], here: Here) -> Verdict:
    verdicts = [_reached(answer, here) for answer in asked]
    return next((found for found in verdicts if found.status != "ok"), verdicts[0])


def _reached(answer: Reached, here: Here) -> Verdict:
    named = f"{answer.url} ({answer.origin})"
    if answer.trouble:
        why, advice = _TROUBLES[answer.trouble]
        said = f" ({answer.said})" if answer.said else ""
        return Verdict("error", f"{named} {why.format(answer=answer)}{said}", _filled(advice, answer, here))
    if answer.status == FOUND:
        return Verdict("ok", f"{named} answered in {answer.first_byte_s:.2f} s")
    fault = f"{named} answers {answer.status} {answer.said}".rstrip()
    why, advice = _status_words(answer.status or 0)
    return Verdict("error", f"{fault}: {why}", _filled(advice, answer, here))


def _status_words(status: int) -> tuple[str, tuple[str, ...]]:
    if status in REFUSED:
        return "it wants a user and a password, or does not let you in", (
            "{pip_config} set global.index-url https://USER:PASSWORD@{bare}",
        )
    if status in ABSENT:
        return "there is no index at this address", ("{pip_config} list  # where the address is set",)
    if status == TOO_MANY or status >= FAILS:
        return "it is overloaded or out of order", (
            "Wait and try again, or take a mirror: {pip_config} set global.index-url https://MIRROR/simple",
        )
    return "that is no page of an index", ("{pip_config} list  # where the address is set",)


_TROUBLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "name": ("has no address: {answer.host} is not known to DNS", ("getent hosts {host}  # does any name resolve?",)),
    "unreachable": ("cannot be reached", ("curl -sSI {url}  # does it answer at all: firewall, VPN",)),
    "silent": ("does not answer", ("{pip_config} set global.timeout 60  # a slow line: pip waits 15 s otherwise",)),
    "certificate": ("shows a certificate that is not trusted", ("envtool doctor network-certificate --online",)),
    "tls": ("does not speak TLS as it should", ("{pip_config} list  # is it http:// in place of https://?",)),
    "proxy-unreachable": (
        "was asked through {answer.proxy}, which does not answer",
        ("envtool doctor network-proxy --online",),
    ),
    "proxy-password": (
        "was asked through {answer.proxy}, which wants a password",
        ("envtool doctor network-proxy --online",),
    ),
    "proxy-refuses": (
        "was asked through {answer.proxy}, which lets nothing through to it",
        ("envtool doctor network-proxy --online",),
    ),
    "unusable": ("is no address that could be asked", ("{pip_config} list  # where the address is set",)),
}


def _filled(advice: tuple[str, ...], answer: Reached, here: Here) -> tuple[str, ...]:
    words = {
        "{pip_config}": pip(here, "config"),
        "{host}": answer.host,
        "{url}": answer.url,
        "{bare}": answer.url.partition("://")[2],
    }
    return tuple(re.sub(r"\{\w+\}", lambda found: words[found[0]], line) for line in advice)


@_online
def proxy(seen: Conditions, answers: Answers) -> Verdict:
    through = [answer for answer in answers if answer.proxy]
    if not through:
        return Verdict("ok", "no proxy is set for the indexes")
    failed = [answer for answer in through if answer.trouble in OF_PROXY]
    if not failed:
        return Verdict("ok", f"{through[0].proxy} answers")
    first, is_windows = failed[0], seen.here.machine.os.system == "Windows"
    unset = (
        "Remove-Item env:*_proxy"
        if is_windows
        else "unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy"
    )
    way = f"the proxy {first.proxy}"
    if first.trouble == "proxy-password":
        given = "set" if is_windows else "export"
        bare = str(first.proxy).partition("://")[2]
        advice = f"{given} HTTPS_PROXY=http://USER:PASSWORD@{bare}"
        return Verdict("error", f"{way} wants a user and a password ({first.said})", (advice,))
    where = (f"{unset}  # where none is needed", f"{pip(seen.here, 'config list')}  # pip may name one, too")
    if first.trouble == "proxy-refuses":
        return Verdict("error", f"{way} does not let {first.host} through ({first.said})", where)
    return Verdict("error", f"{way} does not answer ({first.said})", where)


@_online
def certificate(seen: Conditions, answers: Answers) -> Verdict:
    shown = [answer for answer in answers if answer.certificate or answer.trouble == "certificate"]
    if not shown:
        return (
            Verdict("unknown", "no server came as far as to show one") if answers else Verdict("ok", "none is needed")
        )
    for answer in shown:
        if answer.trouble == "certificate":
            return _untrusted(answer, seen.here)
    unchecked = [answer.host for answer in shown if answer.certificate and not answer.certificate.is_checked]
    if unchecked:
        trusts = f"pip is told to trust {', '.join(unchecked)} whatever certificate it shows (trusted-host)"
        return Verdict("warning", trusts, (f"{pip(seen.here, 'config unset global.trusted-host')}",))
    return Verdict("ok", "; ".join(dict.fromkeys(_certificate_words(answer) for answer in shown)))


def _certificate_words(answer: Reached) -> str:
    seen = answer.certificate
    if seen is None or seen.issuer is None:
        return f"that of {answer.host} is valid"
    return f"that of {answer.host} is valid until {seen.until}, issued by {seen.issuer}"


def _untrusted(answer: Reached, here: Here) -> Verdict:
    seen = answer.certificate
    by = f", issued by {seen.issuer}, valid until {seen.until}" if seen and seen.issuer else ""
    said = f"that of {answer.host}{by}, is not trusted: {answer.said}" if by else f"{answer.host}: {answer.said}"
    if "expired" in answer.said or "not yet valid" in answer.said:
        return Verdict("error", said, ("date  # a wrong clock makes every certificate invalid",))
    if "mismatch" in answer.said or "doesn't match" in answer.said:
        return Verdict("error", said, (pip(here, "config list") + "  # is the address the one that is meant?",))
    company = (
        f"{pip(here, 'config set global.cert /path/to/company-ca.pem')}  # the authority, from whoever runs the network"
    )
    return Verdict("error", said, (company,))


@_online
def speed(seen: Conditions, answers: Answers) -> Verdict:
    timed = [answer for answer in answers if answer.status == FOUND and answer.first_byte_s is not None]
    if not timed:
        return Verdict("unknown", "no index answered")
    said = "; ".join(_speed_words(answer) for answer in timed)
    if max(answer.first_byte_s or 0 for answer in timed) > PATIENCE_S / 3:
        return Verdict("warning", f"{said}; pip gives up after {PATIENCE_S:g} s", (_patiently(seen.here),))
    rates = [rate for answer in timed if (rate := _bytes_s(answer)) is not None]
    if rates and min(rates) < SLOW_BYTES_S:
        return Verdict("warning", f"{said}{_torch_takes(min(rates), seen.here)}", (_patiently(seen.here),))
    return Verdict("ok", said + (_torch_takes(min(rates), seen.here) if rates else ""))


def _patiently(here: Here) -> str:
    return f"{pip(here, 'config set global.timeout 60')}  # or take a mirror near you"


def _bytes_s(answer: Reached) -> float | None:
    """None where too little came to tell."""
    if answer.read_bytes < ENOUGH_BYTES and answer.read_s < 1:
        return None
    return answer.read_bytes / max(answer.read_s, 0.001)


def _speed_words(answer: Reached) -> str:
    rate = _bytes_s(answer)
    speed_of = f", then {rate / 1e6:.2f} MB/s" if rate is not None else ", and the page was too short to time"
    return f"{answer.host}: the first byte after {answer.first_byte_s:.2f} s{speed_of}"


def _torch_takes(rate: float, here: Here) -> str:
    if here.planned is None or here.planned.download_mib is None:
        return ""
    minutes = here.planned.download_mib * 2**20 / rate / 60
    return f"; torch, {here.planned.download_mib} MiB, takes about {max(1, round(minutes))} min"


CHECKS = (
    Check("network-index", "whether the package index answers (--online)", "network", index),
    Check("network-torch-index", "whether the index of torch's wheels answers (--online)", "network", torch_index),
    Check("network-proxy", "whether the proxy that is set lets through (--online)", "network", proxy),
    Check("network-certificate", "whether the indexes' certificates are trusted (--online)", "network", certificate),
    Check("network-speed", "how fast the indexes answer (--online)", "network", speed),
)
