"""Installs that work, whatever words of trouble they print on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from log_runs import servers, sources
from log_runs.registry import log

if TYPE_CHECKING:
    from log_runs.scene import Scene

DONE = "Successfully installed"


@log("not-a-failure/plain-pip-26", DONE)
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    scene.types("pip install requests")


@log("not-a-failure/plain-pip-19", DONE)
def _(scene: Scene) -> None:
    """An old pip, which says that it is old."""
    scene.python("3.7", "19.3.1")
    del scene.environment["PIP_DISABLE_PIP_VERSION_CHECK"]
    scene.types("pip install flask==1.1.1 'markupsafe<2'")


@log("not-a-failure/satisfied-pip-24", "already satisfied")
def _(scene: Scene) -> None:
    scene.python("3.11", "24.0", "requests==2.31.0")
    scene.types("pip install requests")


@log("not-a-failure/conflict-notice-pip-23", "dependency resolver does not currently take into account")
def _(scene: Scene) -> None:
    """The word ERROR, and an install that went through."""
    scene.python("3.10", "23.0.1", "requests==2.28.0")
    scene.types("pip install urllib3==2.2.0")


@log("not-a-failure/legacy-resolver-pip-20", DONE)
def _(scene: Scene) -> None:
    """The old resolver's complaint after the fact."""
    scene.python("3.8", "20.2.4")
    scene.types("pip install requests==2.24.0 idna==3.1")


@log("not-a-failure/deprecation-pip-22", "DEPRECATION")
def _(scene: Scene) -> None:
    """setup.py, which pip means to give up."""
    scene.python("3.9", "22.3.1", "setuptools==58.1.0")
    scene.types("pip install docopt==0.6.2")


@log("not-a-failure/retries-pip-25", "Retrying")
def _(scene: Scene) -> None:
    """One index is down, the other has it."""
    scene.python("3.12", "25.0")
    down = scene.names(servers.closed_port(), "mirror.example")
    scene.types(f"pip install --retries 2 --extra-index-url {down}/simple six")


@log("not-a-failure/compile-warnings-pip-26", "warning:")
def _(scene: Scene) -> None:
    """What the compiler says with -v, and a wheel in the end."""
    scene.python("3.12", "26.3")
    noise = '#warning "falling back to the slow path: fast header not found"\nstatic int unused_error(void) { int failed; return 0; }\n'
    sources.lay_out(scene.project / "fastdist", sources.extension("fastdist", more=noise))
    scene.types("pip install -v ./fastdist")


@log("not-a-failure/yanked-pip-24", "yanked")
def _(scene: Scene) -> None:
    scene.python("3.11", "24.0")
    scene.types("pip install attrs==21.1.0")


@log("not-a-failure/wheel-from-sdist-pip-25", "Successfully built")
def _(scene: Scene) -> None:
    scene.python("3.13", "25.0")
    scene.types("pip install --no-binary simplejson simplejson==3.19.3")


@log("not-a-failure/backtracking-pip-23", "Flask-1.1.4")
def _(scene: Scene) -> None:
    """The search goes back, and finds."""
    scene.python("3.10", "23.0.1")
    scene.types("pip install flask 'werkzeug<1'")


@log("not-a-failure/plain-uv", "Installed")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    scene.types("uv pip install flask")


@log("not-a-failure/satisfied-uv", "Checked")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    scene.types("uv pip install six && uv pip install six && uv pip check")


@log("not-a-failure/plain-poetry", "Installing")
def _(scene: Scene) -> None:
    scene.has("poetry")
    scene.python("3.12")
    sources.lay_out(scene.project, sources.poetry(scene.tools.index_url, 'requests = "^2.31"'))
    scene.types("poetry install --no-root --no-ansi")


@log("not-a-failure/terminal-pip-24", DONE)
def _(scene: Scene) -> None:
    """On a terminal, with colours and a bar that redraws itself."""
    scene.python("3.12", "24.0")
    del scene.environment["PIP_DISABLE_PIP_VERSION_CHECK"]
    scene.types("pip install pygments", terminal=True)


@log("not-a-failure/workflow-pip-26", DONE)
def _(scene: Scene) -> None:
    """A step of a workflow, which upgrades pip first."""
    scene.python("3.12", "24.0")
    scene.types("python -m pip install --upgrade pip && pip install exceptiongroup colorlog")
    scene.dressed_as = "GitHub Actions"


@log("not-a-failure/leftover-pip-23", "Ignoring invalid distribution")
def _(scene: Scene) -> None:
    """What an upgrade broken off has left is passed over."""
    python = scene.python("3.11", "23.2.1", "idna==3.4")
    [library] = python.parent.parent.glob("lib/python3.*/site-packages")
    sources.lay_out(library, {"~dna-3.3.dist-info/METADATA": "Metadata-Version: 2.1\nName: idna\nVersion: 3.3\n"})
    scene.types("pip install --upgrade idna")


@log("not-a-failure/upgrade-pip-26", "Uninstalling")
def _(scene: Scene) -> None:
    """The installed copy gives way."""
    scene.python("3.12", "26.3", "idna==3.4")
    scene.types("pip install --upgrade idna")
