"""Nothing could be fetched: the network, a proxy, certificates, the index's door."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.rules.choice import PIP_TOO_OLD
from envtool.rules.rule import Cause, Rule, Stage

if TYPE_CHECKING:
    from envtool.rules.log import Log

NETWORK_UNREACHABLE = Cause(
    id="network-unreachable",
    what="the index or the file host did not answer: no DNS, refused, reset, timed out, 5xx",
    recognise="`NewConnectionError`, `NameResolutionError`, `ReadTimeoutError`, `ConnectionResetError`; `Retrying` five times and then `from versions: none`",
    title="The installer could not reach {host}.",
    why="No connection came about, or it broke off. What pip says last, that it found no version, is only the consequence.",
    fix=(
        "curl -sSI {url}  # does it answer at all: DNS, VPN, firewall",
        "{install} --timeout 60 --retries 10  # a slow or shaky line",
        "{install} --index-url https://MIRROR/simple  # a mirror near you",
        "pip download -d wheelhouse {package}  # on a machine with a network; then: pip install --no-index --find-links wheelhouse {package}",
    ),
    neighbours=(
        ("name-not-found", "the index answers, and has no such project"),
        ("proxy-error", "the words speak of a proxy or a tunnel"),
        ("ssl-verify", "the connection came about and its certificate was refused"),
        ("index-auth", "the index answers 401 or 403"),
    ),
    source="urllib3's and requests' exceptions, errno of sockets, cargo and git network errors",
)
PROXY_ERROR = Cause(
    id="proxy-error",
    what="a proxy that is configured is wrong, down or wants a password",
    recognise="`ProxyError`, `Tunnel connection failed`, `407 Proxy Authentication Required`, `WRONG_VERSION_NUMBER`",
    title="The proxy that is configured did not let the installer through.",
    why="HTTP_PROXY, HTTPS_PROXY, pip's configuration or the system's settings name a proxy. A proxy client that was closed leaves its setting behind; most proxies are spoken to by http://, for https too.",
    fix=(
        "[Unix] env | grep -i proxy; pip config list  # where a proxy is named",
        "[Windows] Get-ChildItem env:*proxy*; pip config list  # where a proxy is named; then the system's proxy settings",
        "[Unix] unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy  # where none is needed; then repeat",
        "{install} --proxy http://USER:PASSWORD@HOST:PORT  # http://, not https://",
    ),
    neighbours=(
        ("network-unreachable", "no proxy is spoken of"),
        ("ssl-verify", "the proxy opens TLS with a certificate of its own"),
    ),
    source="urllib3 ProxyError, RFC 9110 status 407, OpenSSL's answer to plain text",
)
SSL_VERIFY = Cause(
    id="ssl-verify",
    what="the certificate of the index is not trusted",
    recognise="`CERTIFICATE_VERIFY_FAILED`, `self-signed certificate in certificate chain`, `unable to get local issuer certificate`",
    title="The certificate of {host} is not trusted here.",
    why="A company's proxy signs with its own authority, which Python does not know; or the authorities on this machine are old, or its clock is wrong.",
    fix=(
        "date  # a wrong clock makes every certificate invalid",
        "python -m pip config set global.cert /path/to/company-ca.pem  # the company's authority, from its IT",
        "[Unix] export SSL_CERT_FILE=/path/to/company-ca.pem REQUESTS_CA_BUNDLE=/path/to/company-ca.pem  # for uv, poetry, cargo",
        "python -m pip install --upgrade pip certifi  # newer authorities; pip 24.2 and later also ask the system's",
    ),
    neighbours=(
        ("ssl-module-missing", "Python itself has no ssl"),
        ("proxy-error", "the proxy answers plain text, or wants a password"),
        ("pip-too-old", "TLSV1_ALERT_PROTOCOL_VERSION: the TLS is too old, not the certificate"),
    ),
    source="OpenSSL's verify errors; pip documentation, HTTPS certificates; uv documentation, TLS certificates",
)
SSL_MODULE_MISSING = Cause(
    id="ssl-module-missing",
    what="this Python was built without its ssl module",
    recognise="`the ssl module in Python is not available`",
    title="This Python has no ssl module, so pip cannot open https.",
    why="It was built from source where the headers of OpenSSL were missing or too old, or its OpenSSL libraries cannot be found (conda's, outside its activated environment).",
    fix=(
        "python -c 'import ssl'  # says what is missing",
        "@openssl",
        "# then build Python anew (./configure && make && make install, or pyenv install), or take one that has it:",
        "uv python install {other_python}",
    ),
    neighbours=(("ssl-verify", "ssl is there, and a certificate is refused"), ("name-not-found", "pip's last line")),
    source="pip's message; CPython's configure; conda issue of libssl on PATH",
)
INDEX_AUTH = Cause(
    id="index-auth",
    what="a private index refuses the credentials, or has none",
    recognise="401, 403, `User for host:`, `Credentials not correct`; with a new pip only `No matching distribution` from a private index",
    title="The index {host} did not let the installer in, or shows it nothing.",
    why="The token is missing, expired or not for this index. A newer pip does not tell 401 and 403 from an index without the project.",
    fix=(
        "curl -sI {url}  # 401 or 403: the credentials; 404: the address",
        "python -m pip config debug  # which index, which netrc, which keyring are used",
        "# put user and token into ~/.netrc or the keyring, never into a file that is shared",
        "{install} -v  # shows which address is asked",
    ),
    neighbours=(
        ("name-not-found", "the index lets in and has no such project"),
        ("network-unreachable", "the index does not answer, or answers 5xx"),
        ("vcs-fetch-failed", "it is git that wants a password"),
    ),
    source="RFC 9110 status 401 and 403; pip documentation, authentication; uv's hints",
)

_PROGRESS_AFTER = re.compile(
    r"^\s{0,4}(?:Collecting|Downloading|Using cached|Installing collected|Successfully|Downloaded)", re.MULTILINE
)
_HOST = r"(?:host='|https?://(?:[^\s/@]{1,200}@)?)(?P<host>[\w.-]{1,200})"
_PRIVATE = re.compile(
    r"://[^/\s@]{1,200}@|://(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)|artifactory|nexus|jfrog|codeartifact|pkgs\.dev|gitlab|"
    r"/api/(?:pypi|packages|v4)|/repository/|gemfury|fury\.io|\.internal\b|\.corp\b|\.local\b|private|devpi|cloudsmith|_packaging",
    re.IGNORECASE,
)


def _gave_up(log: Log, match: re.Match[str]) -> bool:
    """No download came about after it: the trouble was not overcome."""
    return not _PROGRESS_AFTER.search(log.text, match.end())


def _found_nothing(log: Log, match: re.Match[str]) -> bool:
    return _gave_up(log, match) or log.says("from versions: none", "from versions: )", "no matching distribution")


def _nothing_came_for_the_installer(log: Log, match: re.Match[str]) -> bool:
    """What git or a build tries to fetch fails for causes of its own."""
    is_of_another = log.says("fatal: unable to", "fatal: could not read", "rust not found, installing")
    return _found_nothing(log, match) and not is_of_another


def _refused(log: Log, match: re.Match[str]) -> bool:
    """The proxy that was named is the host that no connection came about to."""
    return log.says(f"host='{match['host'].lower()}'", f"connect to {match['host'].lower()}")


def _checks_an_address_by_number(log: Log, _match: re.Match[str]) -> bool:
    """pip's own way to the system's certificates has no name to hand on (github.com/pypa/pip/issues/12906)."""
    return (
        log.says("truststore")
        and re.search(r"https://(?:[^\s/@]{1,200}@)?\d{1,3}(?:\.\d{1,3}){3}\b", log.text) is not None
    )


def _is_private(log: Log, match: re.Match[str]) -> bool:
    """The one index that is asked is a private one, by its address."""
    return (
        "," not in match["url"]
        and bool(_PRIVATE.search(match["url"]))
        and not _has_delivered(log, match["url"])
        and not log.says("envtool asked")  # then it is no guess any more
        and log.says("from versions: none", "no matching distribution", "not found in the package registry")
    )


def _has_delivered(log: Log, url: str) -> bool:
    """It lets in and answers: something else came from there."""
    scheme, _, rest = url.strip().partition("://")
    return log.says(f"downloading {scheme}://{rest.rpartition('@')[2].partition('/')[0]}/".lower())


def _is_of_another_index(log: Log, _match: re.Match[str]) -> bool:
    return log.says("index-url", "looking in indexes", "private", "locations to search", "location(s) to search")


_ASKED_AGAIN = rf"^envtool asked (?P<url>{_HOST}\S{{0,400}}): it answers"

RULES = (
    Rule(
        SSL_MODULE_MISSING,
        Stage.MACHINE,
        (
            r"ssl module in Python is not available",
            r"SSL module is not available",
            r"No module named '?_ssl\b",
            r"DLL load failed while importing _ssl",
            r"import _ssl\b[^\n]{0,120}\n[^\n]{0,120}ImportError: [^\n]{1,200}",
            r"urllib3 v2(?:\.0)? only supports OpenSSL 1\.1\.1\+",
            r"OpenSSL appears to be unavailable",
            r"SSL module is not found",
        ),
        over=("ssl-verify", "network-unreachable", "name-not-found", "missing-system-library"),
    ),
    Rule(
        PIP_TOO_OLD,
        Stage.SOURCE,
        (r"check_hostname requires server_hostname",),
        _checks_an_address_by_number,
        over=("proxy-error",),
        title="This pip cannot speak https to an index at an IP address: it fails before it looks at the certificate.",
        fix=(
            "python -m pip install --upgrade pip  # 24.2 has the fault, from another index, and 26.3 has it no more",
            "{install} --use-deprecated=legacy-certs  # or as pip did it before",
            "# or give the index by its name",
        ),
    ),
    Rule(
        PROXY_ERROR,
        Stage.SOURCE,
        (
            r"\bProxyError\b",
            r"Cannot connect to proxy",
            r"Tunnel connection failed",
            r"407 Proxy Authentication",
            r"proxy-connection-failed",
            r"tunnel error",
            r"failed to connect to proxy|invalid proxy URL",
            r"WRONG_VERSION_NUMBER",
            r"check_hostname requires server_hostname",
            r"Proxy URL had no scheme",
            r"InvalidProxyURL",
            r"check proxy URL\. It is malformed",
            r"Missing dependencies for SOCKS support",
            r"Could not resolve proxy",
            r"proxy (?:server )?(?:refused|is refusing|connection failed|authorization required)",
            r"Received HTTP code \d{3} from proxy",
            r"Unable to determine SOCKS version",
        ),
        _found_nothing,
        over=("network-unreachable", "ssl-verify", "name-not-found"),
    ),
    Rule(
        PROXY_ERROR,
        Stage.SOURCE,
        (r"(?:HTTPS?_PROXY=|ALL_PROXY=|--proxy[= ])(?:\w{1,8}://)?(?:[^\s/@]{1,100}@)?(?P<host>[\w.-]{1,200})",),
        _refused,
        over=("network-unreachable", "name-not-found"),
    ),
    Rule(
        SSL_VERIFY,
        Stage.SOURCE,
        (
            r"CERTIFICATE_VERIFY_FAILED",
            r"certificate verify failed",
            r"ssl-verification-failed",
            r"self[- ]signed certificate",
            r"unable to get local issuer certificate",
            r"invalid peer certificate",
            r"SSL certificate problem",
            r"server certificate verification failed",
            r"certificate has expired",
            r"(?:hostname|host name) '[^'\n]{1,200}' (?:doesn't|does not) match",
            r"Could not find a suitable TLS CA certificate bundle",
            r"UNSAFE_LEGACY_RENEGOTIATION",
            r"CondaSSLError",
            r"load_verify_locations\([^\n]{0,120}\n(?:[^\n]{0,120}\n)?\s{0,9}(?:FileNotFoundError|OSError|ssl\.SSLError)",
            r"(?:DH_KEY|EE_KEY|CA_KEY)_TOO_SMALL",
            r"TLSV1_ALERT_UNKNOWN_CA",
            r"unable to verify the first certificate",
            r"\[X509[^\]\n]{0,60}\]",
            r"\[ASN1[^\]\n]{0,60}\]",
            r"SSLError: unknown error \(_ssl\.c",
        ),
        _found_nothing,
        over=("network-unreachable", "name-not-found", "vcs-fetch-failed"),
    ),
    Rule(
        SSL_VERIFY,
        Stage.SOURCE,
        (r"The repository located at (?P<host>[\w.-]{1,200}) is not a trusted or secure host and is being ignored",),
        _found_nothing,
        over=("name-not-found", "version-not-found"),
        title="pip leaves out the index {host}, because it is asked by http, which no certificate protects.",
        fix=(
            "# write https:// in place of http:// in the address of the index; where it speaks no https, ask whoever runs it",
            "python -m pip config debug  # where the address is set",
        ),
    ),
    Rule(
        PROXY_ERROR,
        Stage.SOURCE,
        (r"EOF occurred in violation of protocol", r"SSLEOFError", r"UNEXPECTED_EOF_WHILE_READING"),
        _found_nothing,
        confidence="possible",
        title="The TLS connection was cut by something in between, most often a proxy client of this system.",
    ),
    Rule(
        INDEX_AUTH,
        Stage.SOURCE,
        (rf"{_ASKED_AGAIN} 40[13]$",),
        confidence="likely",
        over=("name-not-found", "version-not-found", "no-wheel-for-python"),
    ),
    Rule(
        NETWORK_UNREACHABLE,
        Stage.SOURCE,
        (rf"{_ASKED_AGAIN} (?:429|5\d\d)$",),
        over=("name-not-found", "version-not-found", "no-wheel-for-python"),
        title="The index {host} is overloaded or out of order.",
        fix=(
            "curl -sI {url}  # does it answer 200 by now; then repeat what failed",
            "{install} --index-url https://MIRROR/simple  # or take a mirror",
        ),
    ),
    Rule(
        INDEX_AUTH,
        Stage.SOURCE,
        (
            rf"40[13] Client Error: [^\n]{{0,80}} for url: {_HOST}",
            r"40[13] (?:Client )?Error",
            r"401 Error, Credentials not correct",
            r"Credentials not correct",
            r"^\s{0,8}User for (?P<host>[\w.-]{1,200}(?::\d{1,5})?):",
            r"\(40[13] (?:Unauthorized|Forbidden)\)",
            r"HTTP status (?:client )?error \(40[13]",
            r"Received HTTP 40[13]",
            r"lack of valid authentication credentials",
            r"Missing credentials for (?P<url>\S{1,300})",
            r"[Ss]tatus code:? 40[13]\b",
            r"HTTP (?:error )?40[13]\b",
            r"Authorization error accessing (?P<url>\S{1,300})",
            r"40[13] (?:Unauthorized|Forbidden)",
            r"HTTP Error 40[13]",
        ),
        _found_nothing,
        over=("network-unreachable", "name-not-found"),
    ),
    Rule(
        NETWORK_UNREACHABLE,
        Stage.SOURCE,
        (
            rf"HTTPS?ConnectionPool\({_HOST}[^\n]{{0,80}}(?:Read timed out|Max retries)",
            rf"HTTPS?Connection\({_HOST}",
            r"\bconnection-failed\b",
            r"\bconnection-timeout\b",
            r"NewConnectionError",
            r"NameResolutionError",
            r"ConnectTimeoutError",
            r"ReadTimeoutError",
            r"ConnectionResetError",
            r"ConnectionRefusedError",
            r"ConnectionAbortedError",
            r"RemoteDisconnected",
            r"IncompleteRead",
            r"ProtocolError",
            r"incomplete-download",
            r"Failed to establish a new connection",
            r"Temporary failure in name resolution",
            r"Name or service not known",
            r"nodename nor servname provided",
            r"getaddrinfo failed",
            r"[Cc]ould(?:n't| not) resolve host",
            r"failed to lookup address",
            r"dns error",
            r"Network is unreachable",
            r"No route to host",
            r"Connection (?:was )?(?:refused|reset|timed out)",
            r"\[WinError 1006[01]\]",
            r"\[WinError 1005[34]\]",
            r"(?:[Rr]ead|[Cc]onnect|[Oo]peration|[Rr]equest) (?:operation )?timed out",
            r"network timeout",
            r"error sending request for url",
            r"are you offline",
            r"network was disabled",
            r"network connectivity is disabled",
            r"\bhttp2 error\b|stream error received",
            r"tcp connect error",
            r"spurious network error",
            r"Unable to update registry",
            r"failed to (?:fetch|download)[^\n]{0,100}index\.crates",
            r"50[0234] (?:Server Error|Service Unavailable|Bad Gateway|Gateway Time-?out|Internal Server Error)",
            r"429 (?:Client Error|Too Many Requests)",
            r"too many 50\d error responses",
            r"HTTP (?:error )?50\d\b",
            r"network failure seems to have happened",
            r"HTTP 000 CONNECTION FAILED",
            r"All attempts to connect to",
            r"urlopen error",
            r"connection closed before message completed",
        ),
        _nothing_came_for_the_installer,
        over=("name-not-found", "version-not-found"),
    ),
    Rule(
        INDEX_AUTH,
        Stage.ANSWER,
        (r"Looking in indexes: (?P<url>[^\n]{1,600})", r"--(?:extra-)?index-url[= ](?P<url>\S{1,300})"),
        _is_private,
        confidence="possible",
        title="The private index that was asked shows nothing of {package}: it refuses the credentials, does not answer, or has no such project.",
    ),
    Rule(
        NETWORK_UNREACHABLE,
        Stage.ANSWER,
        (r"Looking in indexes: (?P<url>[^\n]{1,600})",),
        _is_private,
        confidence="possible",
    ),
    Rule(
        INDEX_AUTH,
        Stage.ANSWER,
        (r"404 Client Error: [^\n]{0,60} for url: (?P<url>\S{1,300})",),
        _is_of_another_index,
        confidence="possible",
        title="The index answers 404 where it was asked: it is not the private index meant, or it hides the project from strangers.",
    ),
)
