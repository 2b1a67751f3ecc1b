"""What to install: names, versions, Pythons, platforms and how they go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from log_runs import sources
from log_runs.registry import log

if TYPE_CHECKING:
    from log_runs.scene import Scene

GUARD = """import sys

if not (3, 7) <= sys.version_info[:2] < (3, 11):
    raise RuntimeError("Cannot install on Python version %s; only versions >=3.7,<3.11 are supported." % sys.version.split()[0])
"""
NO_MATCH = "No matching distribution found"


@log("no-wheel-for-python/pandas-pip-26", "pandas-2.0.3.tar.gz")
def _(scene: Scene) -> None:
    """No wheel for this Python; the sdist then fails for a reason of its own."""
    scene.python("3.13", "26.3")
    scene.types("pip install pandas==2.0.3")


@log("no-wheel-for-python/torch-pip-24", NO_MATCH)
def _(scene: Scene) -> None:
    """The list of versions starts above the pin."""
    scene.python("3.13", "24.2")
    scene.types("pip install torch==1.13.1")


@log("no-wheel-for-python/tensorflow-pip-23", NO_MATCH)
def _(scene: Scene) -> None:
    scene.python("3.12", "23.2.1")
    scene.types("pip install tensorflow==2.10.0")


@log("no-wheel-for-python/onnxruntime-uv", "cp313")
def _(scene: Scene) -> None:
    """uv names the tags."""
    scene.has("uv")
    scene.python("3.13")
    scene.types("uv pip install onnxruntime==1.16.3")


@log("no-wheel-for-python/lxml-pip-23", "lxml-4.9.2.tar.gz")
def _(scene: Scene) -> None:
    """An old pin on a new Python; that there is no compiler shows only for that."""
    scene.python("3.12", "23.2.1")
    scene.lacks("gcc*", "cc", "c++*", "g++*", "clang*", "*-linux-gnu-g*")
    scene.types("pip install lxml==4.9.2")


@log(
    "requires-python-mismatch/too-old-pip-26", "Ignored the following versions that require a different python version"
)
def _(scene: Scene) -> None:
    scene.python("3.10", "26.3")
    scene.types("pip install numpy==2.3.1")


@log("requires-python-mismatch/own-pip-24", "requires a different Python")
def _(scene: Scene) -> None:
    """A project that says which Python it wants."""
    scene.python("3.10", "24.0")
    sources.lay_out(scene.project, {"pyproject.toml": sources.pyproject("panel", more='requires-python = ">=3.12"\n')})
    scene.types("pip install -e .")


@log("requires-python-mismatch/wheel-pip-20", "requires a different Python")
def _(scene: Scene) -> None:
    scene.python("3.8", "20.3.4")
    wheel = sources.wheel(scene.home / "Downloads", "panel", "2.0", python=">=3.11")
    scene.types(f"pip install {wheel}")


@log("requires-python-mismatch/too-old-uv", "Python")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.9")
    scene.types("uv pip install 'django>=5'")


@log("requires-python-mismatch/range-poetry", "supported Python range")
def _(scene: Scene) -> None:
    scene.has("poetry")
    scene.python("3.9")
    asked = sources.poetry(scene.tools.index_url, 'networkx = "3.4"', python="^3.9")
    sources.lay_out(scene.project, asked)
    scene.types("poetry lock --no-ansi")


@log("requires-python-mismatch/setup-py-pip-22", "Cannot install on Python version")
def _(scene: Scene) -> None:
    """setup.py looks at the interpreter itself."""
    scene.python("3.11", "22.3.1", "setuptools==65.5.0", "wheel==0.38.4")
    files = sources.setup_py("jittable", "0.55.2", before=GUARD)
    path = sources.sdist(scene.home / "wheelhouse", "jittable", "0.55.2", files)
    scene.types(f"pip install --find-links {path.parent} jittable")


@log("platform-unsupported/pywin32-pip-26", NO_MATCH)
def _(scene: Scene) -> None:
    """A package for Windows alone."""
    scene.python("3.12", "26.3")
    scene.types("pip install pywin32==306")


@log("platform-unsupported/pywin32-uv", "platform")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    scene.types("uv pip install pywin32==306")


@log("platform-unsupported/pyobjc-pip-24", "macOS")
def _(scene: Scene) -> None:
    """A package that says so in its setup.py."""
    scene.python("3.11", "24.0")
    scene.types("pip install pyobjc-core==11.1")


@log("platform-unsupported/musl-pip-25", NO_MATCH)
def _(scene: Scene) -> None:
    """Wheels for another C library, asked for as Alpine would."""
    scene.python("3.12", "25.0")
    options = "--only-binary :all: --platform musllinux_1_2_x86_64 -d wheels"
    scene.types(f"pip download {options} torch")


@log("wheel-tag-mismatch/windows-wheel-pip-26", "is not a supported wheel on this platform")
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    wheel = sources.wheel(scene.home / "Downloads", "llama-cpp-python", "0.2.90", tag="cp312-cp312-win_amd64")
    scene.types(f"pip install {wheel}")


@log("wheel-tag-mismatch/other-python-pip-20", "is not a supported wheel on this platform")
def _(scene: Scene) -> None:
    scene.python("3.8", "20.0.2")
    wheel = sources.wheel(scene.home / "Downloads", "GDAL", "3.1.4", tag="cp37-cp37m-linux_x86_64")
    scene.types(f"pip install {wheel}")


@log("wheel-tag-mismatch/other-python-uv", "cp310")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    wheel = sources.wheel(scene.project, "flash-attn", "2.6.3", tag="cp310-cp310-linux_x86_64")
    scene.types(f"uv pip install ./{wheel.name}")


@log("torch-local-version-index/cu118-pip-26", NO_MATCH)
def _(scene: Scene) -> None:
    scene.python("3.11", "26.3")
    scene.types("pip install torch==2.1.0+cu118")


@log("torch-local-version-index/requirements-pip-22", NO_MATCH)
def _(scene: Scene) -> None:
    """The pin stands in a file, which names no other index."""
    scene.python("3.10", "22.3.1")
    sources.lay_out(scene.project, {"requirements.txt": "tqdm\ntorch==1.13.1+cu117\ntorchvision==0.14.1+cu117\n"})
    scene.types("pip install -r requirements.txt")


@log("torch-local-version-index/cu121-uv", "cu121")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.11")
    scene.types("uv pip install torch==2.3.1+cu121")


@log("name-not-found/import-name-pip-26", NO_MATCH)
def _(scene: Scene) -> None:
    """The name of the import."""
    scene.python("3.12", "26.3")
    scene.types("pip install cv2")


@log("name-not-found/file-name-pip-23", "requirements.txt")
def _(scene: Scene) -> None:
    """-r is missing."""
    scene.python("3.10", "23.0.1")
    sources.lay_out(scene.project, {"requirements.txt": "tqdm\n"})
    scene.types("pip install requirements.txt")


@log("name-not-found/typo-pip-20", NO_MATCH)
def _(scene: Scene) -> None:
    scene.python("3.8", "20.0.2")
    scene.types("pip install python-opencv-headles")


@log("name-not-found/typo-uv", "was not found in the package registry")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    scene.types("uv pip install scikit-laern")


@log("name-not-found/typo-poetry", "doesn't match any versions")
def _(scene: Scene) -> None:
    scene.has("poetry")
    scene.python("3.12")
    sources.lay_out(scene.project, sources.poetry(scene.tools.index_url, 'scikit-laern = "*"'))
    scene.types("poetry lock --no-ansi")


@log("version-not-found/never-was-pip-26", NO_MATCH)
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    scene.types("pip install requests==2.99.0")


@log("version-not-found/yanked-pip-24", "Ignored the following yanked versions")
def _(scene: Scene) -> None:
    """pip names those that were taken back, among them no 21.1.7."""
    scene.python("3.11", "24.0")
    scene.types("pip install attrs==21.1.7")


@log("version-not-found/never-was-uv", "there is no version of")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    scene.types("uv pip install flask==9.0")


@log("version-not-found/typo-in-a-test-pip-20", NO_MATCH)
def _(scene: Scene) -> None:
    scene.python("3.8", "20.0.2")
    scene.types("pip install flask==1.1.22")
    scene.dressed_as = "pytest"


@log("obsolete-package/sklearn-pip-26", "The 'sklearn' PyPI package is deprecated")
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    scene.types("pip install sklearn")
    scene.dressed_as = "GitHub Actions"


@log("obsolete-package/sklearn-uv", "The 'sklearn' PyPI package is deprecated")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    scene.types("uv pip install sklearn")


@log("obsolete-package/tensorflow-gpu-pip-22", "has been removed")
def _(scene: Scene) -> None:
    scene.python("3.9", "22.3.1", "setuptools==58.1.0", "wheel==0.37.1")
    scene.types("pip install tensorflow-gpu==2.12.0")


@log("resolver-conflict/pins-pip-26", "ResolutionImpossible")
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    scene.types("pip install botocore==1.34.0 urllib3==2.2.0 boto3==1.33.0")


@log("resolver-conflict/requirements-pip-21", "ResolutionImpossible")
def _(scene: Scene) -> None:
    scene.python("3.9", "21.3.1")
    sources.lay_out(scene.project, {"requirements.txt": "flask==1.1.4\njinja2==3.0.3\nitsdangerous==2.0.1\n"})
    scene.types("pip install -r requirements.txt")


@log("resolver-conflict/pins-uv", "requirements are unsatisfiable")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    scene.types("uv pip install requests==2.28.0 urllib3==2.2.0")


@log("resolver-conflict/pins-poetry", "version solving failed")
def _(scene: Scene) -> None:
    scene.has("poetry")
    scene.python("3.12")
    pins = ('requests = "2.28.0"', 'urllib3 = "2.2.0"')
    asked = sources.poetry(scene.tools.index_url, *pins, python="^3.9")
    sources.lay_out(scene.project, asked)
    scene.types("poetry lock --no-ansi")


@log("resolver-conflict/pins-pipenv", "conflict")
def _(scene: Scene) -> None:
    scene.has("pipenv")
    scene.python("3.12")
    source = f'[[source]]\nurl = "{scene.tools.index_url}"\nverify_ssl = true\nname = "mirror"\n'
    sources.lay_out(scene.project, {"Pipfile": f'{source}\n[packages]\nrequests = "==2.28.0"\nurllib3 = "==2.2.0"\n'})
    scene.types("pipenv lock")


@log("resolver-conflict/constraints-pip-23", "conflicting dependencies")
def _(scene: Scene) -> None:
    """A constraint against a requirement."""
    scene.python("3.10", "23.0.1")
    sources.lay_out(scene.project, {"constraints.txt": "markupsafe<2\n"})
    scene.types("pip install -c constraints.txt jinja2==3.1.4")


@log("bad-metadata/textract-pip-26", "has invalid metadata")
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    scene.types("pip install textract==1.6.5")


@log("bad-metadata/own-version-pip-25", "InvalidVersion")
def _(scene: Scene) -> None:
    """A version that PEP 440 does not know, in setup.py."""
    scene.python("3.12", "25.0")
    sources.lay_out(scene.project / "panel", sources.setup_py("panel", version="1.0-final_build"))
    scene.types("pip install ./panel")


@log("bad-metadata/own-requirement-pip-24", "suffix can only be used")
def _(scene: Scene) -> None:
    scene.python("3.11", "24.1")
    wheel = sources.wheel(scene.home / "Downloads", "panel", "1.4.2", "torch (>=1.7.*)")
    scene.types(f"pip install {wheel}")


@log("bad-metadata/own-requirement-uv", "metadata")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    wheel = sources.wheel(scene.home / "Downloads", "panel", "1.4.2", "numpy (>=1.20,<=)")
    scene.types(f"uv pip install {wheel}")


@log("pip-too-old/cryptography-pip-18", "You are using pip version 18.1")
def _(scene: Scene) -> None:
    """The wheels there are carry tags that this pip does not know."""
    scene.python("3.6", "18.1", "setuptools==40.6.2")
    del scene.environment["PIP_DISABLE_PIP_VERSION_CHECK"]
    scene.types("pip install cryptography==3.4.8")


@log("pip-too-old/cryptography-pip-9", "No module named 'setuptools_rust'")
def _(scene: Scene) -> None:
    """Nor does this one install what a build asks for."""
    scene.python("3.6", "9.0.3", "setuptools==39.0.1")
    scene.environment["PIP_INDEX_URL"] = scene.tools.index_url
    del scene.environment["PIP_DISABLE_PIP_VERSION_CHECK"]
    scene.types("pip install cryptography==3.4.8")


@log("pip-too-old/itself-pip-21", "ImpImporter")
def _(scene: Scene) -> None:
    """pip itself does not run on this Python."""
    python = scene.python("3.12")
    scene.puts_pip("21.2.4", python)
    scene.types("python -m pip install requests")
