"""Builds that fail for what they import, assume or leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from log_runs import sources
from log_runs.registry import log

if TYPE_CHECKING:
    from log_runs.scene import Scene

NO_TORCH = "No module named 'torch'"
NO_PKG_RESOURCES = "No module named 'pkg_resources'"
CYTHONIZES = """from Cython.Build import cythonize
from setuptools import setup

setup(name="fastmedian", version="0.3", ext_modules=cythonize("fastmedian.pyx", language_level=2))
"""
PYX = """from libc.stdlib cimport qsort

cdef int by_size(const void *a, const void *b):
    return (<double *>a)[0] > (<double *>b)[0]

def median(double[:] values):
    qsort(&values[0], len(values), sizeof(double), &by_size)
    return values[len(values) // 2]
"""
USES_TORCH = "from torch.utils.cpp_extension import BuildExtension, CUDAExtension\n"


@log("build-needs-torch/flash-attn-pip-26", NO_TORCH)
def _(scene: Scene) -> None:
    """Build isolation hides torch, or there is none."""
    scene.python("3.12", "26.3")
    scene.types("pip install flash-attn==2.7.4.post1")


@log("build-needs-torch/torch-scatter-pip-22", NO_TORCH)
def _(scene: Scene) -> None:
    scene.python("3.9", "22.3.1", "setuptools==65.5.0", "wheel==0.38.4")
    scene.types("pip install torch-scatter==2.1.1")


@log("build-needs-torch/own-ops-uv", NO_TORCH)
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.11")
    sources.lay_out(scene.project / "deform-ops", sources.setup_py("deform-ops", before=USES_TORCH))
    scene.types("uv pip install ./deform-ops")


@log("build-needs-torch/own-ops-poetry", NO_TORCH)
def _(scene: Scene) -> None:
    """The same as a dependency of a Poetry project."""
    scene.has("poetry")
    scene.python("3.11")
    sources.lay_out(scene.project / "deform-ops", sources.setup_py("deform-ops", before=USES_TORCH))
    sources.lay_out(scene.project, sources.poetry(scene.tools.index_url, 'deform-ops = {path = "deform-ops"}'))
    scene.types("poetry install --no-root --no-ansi")


@log("undeclared-build-dep/numpy-pip-26", "No module named 'numpy'")
def _(scene: Scene) -> None:
    """setup.py imports what pyproject.toml does not ask for."""
    scene.python("3.12", "26.3")
    sources.lay_out(scene.project / "trackeval", sources.setup_py("trackeval", before="import numpy\n"))
    scene.types("pip install ./trackeval")


@log("undeclared-build-dep/cython-uv", "No module named 'Cython'")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    before = "from Cython.Build import cythonize\n"
    path = sources.sdist(scene.home / "wheelhouse", "fastmedian", "0.3", sources.setup_py("fastmedian", "0.3", before))
    scene.types(f"uv pip install --find-links {path.parent} fastmedian")


@log("undeclared-build-dep/no-isolation-pip-25", "Cannot import 'setuptools.build_meta'")
def _(scene: Scene) -> None:
    """A new environment has no setuptools to build with."""
    scene.python("3.12", "25.0")
    sources.lay_out(scene.project / "inventory", sources.setup_py("inventory"))
    scene.types("pip install --no-build-isolation ./inventory")


@log("undeclared-build-dep/no-isolation-pip-26", "setuptools.build_meta")
def _(scene: Scene) -> None:
    """The same, for which a later pip has words of its own."""
    scene.python("3.13", "26.3")
    sources.lay_out(scene.project / "inventory", sources.setup_py("inventory"))
    scene.types("pip install --no-build-isolation ./inventory")


@log("undeclared-build-dep/bdist-wheel-pip-20", "invalid command 'bdist_wheel'")
def _(scene: Scene) -> None:
    """No wheel package beside an old setuptools."""
    scene.python("3.8", "20.0.2", "setuptools==45.2.0")
    sources.lay_out(scene.project / "inventory", {**sources.setup_py("inventory"), "pyproject.toml": ""})
    scene.types("pip install --no-build-isolation ./inventory")


@log("undeclared-build-dep/hatchling-pip-23", "No module named 'hatchling'")
def _(scene: Scene) -> None:
    """Isolation is off and the backend not installed."""
    scene.python("3.11", "23.2.1")
    files = {"pyproject.toml": sources.pyproject("inventory", '"hatchling"', "hatchling.build"), "inventory.py": ""}
    sources.lay_out(scene.project / "inventory", files)
    scene.types("pip install --no-build-isolation -e ./inventory")


@log("pkg-resources-removed/own-pip-26", NO_PKG_RESOURCES)
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    before = "import pkg_resources\n\npkg_resources.require('setuptools>=30')\n"
    sources.lay_out(scene.project / "old-plugin", sources.setup_py("old-plugin", before=before))
    scene.types("pip install ./old-plugin")


@log("pkg-resources-removed/sdist-pip-23", NO_PKG_RESOURCES)
def _(scene: Scene) -> None:
    """Many versions before it are refused first."""
    scene.python("3.10", "23.0.1")
    before = "from pkg_resources import parse_requirements\n"
    path = sources.sdist(scene.home / "wheelhouse", "metricbeat", "0.3", sources.setup_py("metricbeat", "0.3", before))
    scene.types(f"pip install --find-links {path.parent} requests metricbeat")


@log("pkg-resources-removed/own-uv", NO_PKG_RESOURCES)
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    before = "from pkg_resources import VersionConflict, require\n"
    sources.lay_out(scene.project / "old-plugin", sources.setup_py("old-plugin", before=before))
    scene.types("uv pip install -e ./old-plugin")


@log("build-backend-too-new/use-2to3-pip-26", "use_2to3 is invalid")
def _(scene: Scene) -> None:
    scene.python("3.11", "26.3")
    scene.types("pip install demjson==2.2.4")


@log("build-backend-too-new/pyyaml-cython-pip-23", "cython_sources")
def _(scene: Scene) -> None:
    """Cython 3 under a setup.py written for Cython 0.29."""
    scene.python("3.11", "23.2.1")
    scene.types("pip install PyYAML==5.4.1")


@log("build-backend-too-new/cython-uv", "Cannot assign type")
def _(scene: Scene) -> None:
    """Cython 3 refuses what Cython 0.29 took."""
    scene.has("uv")
    scene.python("3.12")
    files = {
        "pyproject.toml": '[build-system]\nrequires = ["setuptools", "cython"]\n',
        "setup.py": CYTHONIZES,
        "fastmedian.pyx": PYX,
    }
    path = sources.sdist(scene.home / "wheelhouse", "fastmedian", "0.3", files)
    scene.types(f"uv pip install {path}")


@log("distutils-removed/numpy-pip-26", "No module named 'distutils'")
def _(scene: Scene) -> None:
    """An old numpy brings an old setuptools, which wants distutils."""
    scene.python("3.12", "26.3")
    scene.types("pip install numpy==1.23.5")


@log("distutils-removed/own-pip-23", "No module named 'distutils'")
def _(scene: Scene) -> None:
    scene.python("3.12", "23.2.1")
    files = {
        "pyproject.toml": '[build-system]\nrequires = ["setuptools==59.8.0", "wheel"]\n',
        **sources.setup_py("skyfit"),
    }
    sources.lay_out(scene.project / "skyfit", files)
    scene.types("pip install ./skyfit")


@log("distutils-removed/own-uv", "No module named 'distutils'")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.13")
    files = {"pyproject.toml": '[build-system]\nrequires = ["setuptools<60", "wheel"]\n', **sources.setup_py("skyfit")}
    sources.lay_out(scene.project / "skyfit", files)
    scene.types("uv pip install ./skyfit")


@log("python-api-removed/longintrepr-pip-26", "longintrepr.h")
def _(scene: Scene) -> None:
    """C that cython wrote before Python 3.11."""
    scene.python("3.12", "26.3")
    sources.lay_out(scene.project / "fastdist", sources.extension("fastdist", more='#include "longintrepr.h"\n'))
    scene.types("pip install ./fastdist")


@log("python-api-removed/imp-importer-pip-24", "ImpImporter")
def _(scene: Scene) -> None:
    """The build asks for a setuptools from before Python 3.12."""
    scene.python("3.12", "24.0")
    files = {
        "pyproject.toml": '[build-system]\nrequires = ["setuptools==65.5.0", "wheel"]\n',
        **sources.setup_py("skyfit"),
    }
    sources.lay_out(scene.project / "skyfit", files)
    scene.types("pip install ./skyfit")


@log("python-api-removed/versioneer-uv", "SafeConfigParser")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    scene.types("uv pip install pyfolio==0.9.2")


@log("python-api-removed/c-api-pip-25", "_PyUnicode_Ready")
def _(scene: Scene) -> None:
    """A function of the C API that Python 3.13 no longer declares."""
    scene.python("3.13", "25.0")
    more = "int length(PyObject *text) { return _PyUnicode_Ready(text) + (int)((PyLongObject *)text)->ob_digit[0]; }\n"
    sources.lay_out(scene.project / "textlen", sources.extension("textlen", more=more))
    scene.types("pip install ./textlen")


@log("encoding-error/c-locale-pip-19", "UnicodeDecodeError: 'ascii' codec")
def _(scene: Scene) -> None:
    """A container without a locale, Python 3.6."""
    scene.python("3.6", "19.3.1", "setuptools==41.6.0", "wheel==0.33.6")
    scene.environment |= {"LC_ALL": "C", "LANG": "C"}
    reads = 'long_description = open("README.md").read()\n'
    files = {**sources.setup_py("wetterdaten", before=reads), "README.md": "# Wetterdaten für Köln\n"}
    sources.lay_out(scene.project / "wetterdaten", files)
    scene.types("pip install ./wetterdaten")


@log("encoding-error/gbk-pip-23", "UnicodeDecodeError: 'gbk' codec")
def _(scene: Scene) -> None:
    """A Chinese system reads a README in UTF-8."""
    scene.python("3.10", "23.0.1")
    scene.speaks("zh_CN", "GBK")
    reads = 'long_description = open("README.md").read()\n'
    files = {**sources.setup_py("tianqi", before=reads), "README.md": "# 天气数据\n“一”个小工具\n"}
    sources.lay_out(scene.project / "tianqi", files)
    scene.types("pip install ./tianqi")


@log("encoding-error/latin-1-pip-26", "UnicodeDecodeError: 'utf-8' codec")
def _(scene: Scene) -> None:
    """A README in Latin-1 that setup.py reads as UTF-8."""
    scene.python("3.12", "26.3")
    reads = 'long_description = open("README.txt", encoding="utf-8").read()\n'
    folder = sources.lay_out(scene.project / "meteo", sources.setup_py("meteo", before=reads))
    (folder / "README.txt").write_bytes("Données météo\n".encode("latin-1"))
    scene.types("pip install ./meteo")


@log("broken-source-package/flat-layout-pip-26", "Multiple top-level packages discovered in a flat-layout")
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    files = {"pyproject.toml": sources.pyproject("panel"), "panel/__init__.py": "", "assets/__init__.py": ""}
    sources.lay_out(scene.project, files)
    scene.types("pip install -e .")


@log("broken-source-package/missing-requirements-pip-22", "requirements.txt")
def _(scene: Scene) -> None:
    """The sdist lacks the file that its setup.py reads."""
    scene.python("3.9", "22.3.1", "setuptools==65.5.0", "wheel==0.38.4")
    reads = 'required = open("requirements.txt").read().splitlines()\n'
    path = sources.sdist(
        scene.home / "wheelhouse", "django-tally", "0.2", sources.setup_py("django-tally", "0.2", reads)
    )
    scene.types(f"pip install --find-links {path.parent} django-tally")


@log("broken-source-package/missing-readme-uv", "README.md")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    files = {
        "pyproject.toml": sources.pyproject("panel", '"hatchling"', "hatchling.build", 'readme = "README.md"\n'),
        "panel.py": "",
    }
    path = sources.sdist(scene.home / "wheelhouse", "panel", "1.4.2", files)
    scene.types(f"uv pip install {path}")
