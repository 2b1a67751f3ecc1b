"""The way to an index: names, connections, proxies, certificates, passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from log_runs import servers, sources
from log_runs.registry import log

if TYPE_CHECKING:
    from pathlib import Path

    from log_runs.scene import Scene

SELF_SIGNED = "self-signed certificate"
HIDES_SSL = "import sys; sys.modules['_ssl'] = None\n"
NEEDS_PASSWORD = {"WWW-Authenticate": 'Basic realm="packages"'}


def offline(scene: Scene) -> None:
    """No network at all, for what is typed from here on."""
    scene.under = ["unshare", "-n"]


@log("network-unreachable/no-network-pip-26", "name resolution", needs_root=True)
def _(scene: Scene) -> None:
    """No network: five retries, then the words that blame the name."""
    scene.python("3.12", "26.3")
    offline(scene)
    scene.types("pip install requests")


@log("network-unreachable/no-network-pip-20", "name resolution", needs_root=True)
def _(scene: Scene) -> None:
    scene.python("3.8", "20.0.2")
    offline(scene)
    scene.types("pip install flask==1.1.1")


@log("network-unreachable/no-network-uv", "dns error", needs_root=True)
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    offline(scene)
    scene.types("uv pip install requests")


@log("network-unreachable/no-network-poetry", "ll attempts to connect", needs_root=True)
def _(scene: Scene) -> None:
    scene.has("poetry")
    scene.python("3.12")
    sources.lay_out(scene.project, sources.poetry("https://index.example/simple/", 'requests = "^2.31"'))
    offline(scene)
    scene.types("poetry lock --no-ansi")


@log("network-unreachable/refused-pip-23", "Connection refused")
def _(scene: Scene) -> None:
    """A mirror that is down."""
    scene.python("3.10", "23.0.1")
    mirror = scene.names(servers.closed_port(), "mirror.example")
    scene.types(f"pip install -i {mirror}/simple --retries 3 numpy")


@log("network-unreachable/timeout-pip-24", "Read timed out")
def _(scene: Scene) -> None:
    """A server that accepts and never answers."""
    scene.python("3.11", "24.0")
    mirror = scene.serve(servers.Silent, "mirror.example")
    scene.types(f"pip install --timeout 1 -i {mirror}/simple tqdm")


@log("network-unreachable/reset-pip-22", "Connection reset by peer")
def _(scene: Scene) -> None:
    """A firewall that hangs up."""
    scene.python("3.9", "22.3.1")
    mirror = scene.serve(servers.Resetting, "mirror.example")
    scene.types(f"pip install --retries 2 -i {mirror}/simple tqdm")


@log("network-unreachable/unavailable-pip-23", "503")
def _(scene: Scene) -> None:
    """A server that is out of order. Of an index pip would say no more than that the name is not found."""
    scene.python("3.10", "23.0.1")
    host = scene.serve(servers.answering(503), "downloads.example")
    scene.types(f"pip install --retries 2 {host}/wheels/inventory-1.4.2-py3-none-any.whl")


@log("network-unreachable/direct-url-pip-26", "connection-failed")
def _(scene: Scene) -> None:
    """A link to a wheel, for which pip 26 has words of its own."""
    scene.python("3.12", "26.3")
    host = scene.names(servers.closed_port(), "downloads.example")
    scene.types(f"pip install --retries 1 {host}/wheels/inventory-1.4.2-py3-none-any.whl")


@log(
    "network-unreachable/build-dependency-pip-24",
    "Could not find a version that satisfies the requirement setuptools",
    needs_root=True,
)
def _(scene: Scene) -> None:
    """The project is local; what builds it is not."""
    scene.python("3.12", "24.0")
    sources.lay_out(scene.project / "inventory", sources.setup_py("inventory"))
    offline(scene)
    scene.types("pip install --retries 2 ./inventory")


@log("network-unreachable/cut-download-pip-26", "incomplete-download")
def _(scene: Scene) -> None:
    """The connection ends before the file, however often pip asks for the rest."""
    scene.python("3.12", "26.3")
    wheel = sources.wheel(scene.root / "srv/simple/inventory", "inventory", "1.4.2")
    wheel.write_bytes(bytes(1 << 20) + wheel.read_bytes())
    mirror = scene.serve(servers.truncating(scene.root / "srv"), "mirror.example")
    scene.types(f"pip install -i {mirror}/simple inventory")


@log("proxy-error/refused-pip-26", "host='proxy.example', port=3128")
def _(scene: Scene) -> None:
    """The proxy is down; pip names it as if it were the index."""
    scene.python("3.12", "26.3")
    proxy = scene.names(servers.closed_port(), "proxy.example:3128")
    scene.types(f"HTTPS_PROXY={proxy} pip install --retries 2 requests")


@log("proxy-error/password-pip-23", "Tunnel connection failed: 407")
def _(scene: Scene) -> None:
    scene.python("3.10", "23.0.1")
    proxy = scene.serve(servers.answering(407, {"Proxy-Authenticate": "Basic"}), "proxy.example:8080")
    scene.types(f"pip install --proxy {proxy} requests")


@log("proxy-error/https-scheme-pip-22", "WRONG_VERSION_NUMBER")
def _(scene: Scene) -> None:
    """The proxy speaks HTTP; its address says https."""
    scene.python("3.9", "22.3.1")
    proxy = scene.serve(servers.answering(400), "proxy.example:7890").replace("http:", "https:")
    scene.types(f"https_proxy={proxy} pip install --retries 1 requests")


@log("proxy-error/socks-pip-24", "SOCKS")
def _(scene: Scene) -> None:
    scene.python("3.12", "24.0")
    scene.types("ALL_PROXY=socks5://proxy.example:1080 pip install requests")


@log("proxy-error/password-uv", "proxy")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    proxy = scene.serve(servers.answering(407, {"Proxy-Authenticate": "Basic"}), "proxy.example:8080")
    scene.types(f"HTTPS_PROXY={proxy} uv pip install requests")


@log("ssl-verify/index-pip-26", "CERTIFICATE_VERIFY_FAILED")
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    index = scene.serve(servers.answering(404), tls=True)
    scene.types(f"pip install --retries 2 -i {index}/simple requests")


@log("ssl-verify/index-pip-20", "CERTIFICATE_VERIFY_FAILED")
def _(scene: Scene) -> None:
    scene.python("3.8", "20.0.2")
    index = scene.serve(servers.answering(404), tls=True)
    scene.types(f"pip install --retries 1 -i {index}/simple requests")


@log("ssl-verify/index-uv", "invalid peer certificate")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    index = scene.serve(servers.answering(404), tls=True)
    scene.types(f"uv pip install --index-url {index}/simple requests")


@log("ssl-verify/direct-url-pip-26", "ssl-verification-failed")
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    host = scene.serve(servers.answering(404), "downloads.example", tls=True)
    scene.types(f"pip install --retries 0 {host}/wheels/inventory-1.4.2-py3-none-any.whl")


def _without_ssl(python: Path) -> None:
    """Hide the module as if Python had been built without OpenSSL."""
    [library] = python.parent.parent.glob("lib/python3.*/site-packages")
    sources.lay_out(library, {"no_ssl.pth": HIDES_SSL})


@log("ssl-module-missing/pip-26", "the ssl module in Python is not available")
def _(scene: Scene) -> None:
    _without_ssl(scene.python("3.12", "26.3"))
    scene.types("pip install requests")


@log("ssl-module-missing/pip-20", "the ssl module in Python is not available")
def _(scene: Scene) -> None:
    _without_ssl(scene.python("3.7", "20.0.2"))
    scene.types("pip install --retries 1 requests==2.22.0")


@log("index-auth/unauthorized-pip-20", "401")
def _(scene: Scene) -> None:
    """Nobody is there to type a password."""
    scene.python("3.8", "20.3.4")
    index = scene.serve(servers.answering(401, NEEDS_PASSWORD), "packages.example")
    scene.types(f"pip install --extra-index-url {index}/simple company-tools")


@log("index-auth/prompt-pip-23", "User for")
def _(scene: Scene) -> None:
    """pip asks for a user name and gets none."""
    scene.python("3.10", "23.0.1")
    index = scene.serve(servers.answering(401, NEEDS_PASSWORD), "packages.example")
    scene.types(f"pip install -i {index}/simple company-tools")


@log("index-auth/forbidden-uv", "403")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    index = scene.serve(servers.answering(403), "packages.example")
    scene.types(f"uv pip install --index-url {index}/simple company-tools")


@log("index-auth/unauthorized-uv", "401")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    index = scene.serve(servers.answering(401, NEEDS_PASSWORD), "packages.example")
    scene.types(f"uv pip install --index-url {index}/simple company-tools")


@log("index-auth/forbidden-file-pip-26", "403")
def _(scene: Scene) -> None:
    """The link is refused."""
    scene.python("3.12", "26.3")
    host = scene.serve(servers.answering(403), "packages.example")
    scene.types(f"pip install {host}/wheels/company_tools-2.0.0-py3-none-any.whl")


@log("index-auth/unauthorized-poetry", "uthoriz")
def _(scene: Scene) -> None:
    scene.has("poetry")
    scene.python("3.12")
    index = scene.serve(servers.answering(401, NEEDS_PASSWORD), "packages.example")
    sources.lay_out(scene.project, sources.poetry(f"{index}/simple/", 'company-tools = "*"'))
    scene.types("poetry lock --no-ansi")


@log("git-missing/pip-26", "Cannot find command 'git'")
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    scene.lacks("git*")
    scene.types("pip install git+https://git.example/team/inventory.git")


@log("git-missing/pip-9", "git")
def _(scene: Scene) -> None:
    scene.python("3.6", "9.0.3", "setuptools==39.0.1")
    scene.lacks("git*")
    scene.types("pip install -e git+https://git.example/team/inventory.git#egg=inventory")


@log("git-missing/uv", "Git")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    scene.lacks("git*")
    scene.types("uv pip install git+https://git.example/team/inventory.git")


def _repository(scene: Scene) -> Path:
    folder = sources.lay_out(scene.home / "repos/inventory", sources.setup_py("inventory"))
    identity = "-c user.name=u -c user.email=u@index.example"
    scene.prepares(f"cd {folder} && git init -q -b main && git add -A && git {identity} commit -qm first")
    return folder


@log("vcs-fetch-failed/no-branch-pip-26", "did not match any file")
def _(scene: Scene) -> None:
    """The branch does not exist."""
    scene.python("3.12", "26.3")
    scene.types(f"pip install git+file://{_repository(scene)}@develop")


@log("vcs-fetch-failed/private-pip-23", "could not read Username")
def _(scene: Scene) -> None:
    """A private repository, and nobody there to type a name."""
    scene.python("3.10", "23.0.1")
    host = scene.serve(servers.answering(401, NEEDS_PASSWORD), "git.example")
    scene.types(f"pip install git+{host}/team/inventory.git")


@log("vcs-fetch-failed/no-repository-uv", "not found")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    host = scene.serve(servers.answering(404), "git.example")
    scene.types(f"uv pip install git+{host}/team/inventroy.git")


@log("vcs-fetch-failed/git-protocol-pip-21", "unable to connect")
def _(scene: Scene) -> None:
    """The git protocol without its port."""
    scene.python("3.9", "21.3.1", "setuptools==58.1.0")
    host = scene.names(servers.closed_port(), "git.example").replace("http:", "git:")
    scene.types(f"pip install git+{host}/team/inventory.git")


@log("vcs-fetch-failed/unreachable-pip-26", "128")
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    host = scene.names(servers.closed_port(), "git.example", tls=True)
    scene.types(f"pip install git+{host}/team/inventory.git@v2.1")
