"""Compilers, headers, libraries and tools that a build asks the system for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from log_runs import sources
from log_runs.registry import log

if TYPE_CHECKING:
    from log_runs.scene import Scene

GNU = ("gcc*", "cc", "c89*", "c99*", "g++*", "c++*", "clang*", "*-linux-gnu-g*", "*-linux-gnu-cpp*")


@log("missing-c-compiler/local-pip-26", "No such file or directory: 'gcc'")
def _(scene: Scene) -> None:
    """A project with one module in C."""
    scene.python("3.12", "26.3")
    scene.lacks(*GNU)
    sources.lay_out(scene.project / "fastdist", sources.extension("fastdist"))
    scene.types("pip install ./fastdist")


@log("missing-c-compiler/sdist-pip-20", "unable to execute 'gcc'")
def _(scene: Scene) -> None:
    """An old pip runs setup.py itself."""
    scene.python("3.8", "20.0.2", "setuptools==45.2.0", "wheel==0.34.2")
    scene.lacks(*GNU)
    scene.types("pip install --no-binary :all: psutil==5.7.0")


@log("missing-c-compiler/sdist-uv", "No such file or directory: 'g++'")
def _(scene: Scene) -> None:
    """uv's words around the same."""
    scene.has("uv")
    scene.python("3.12")
    scene.lacks(*GNU)
    scene.types("uv pip install annoy")


@log("missing-c-compiler/meson-pip-25", "Unknown compiler(s)")
def _(scene: Scene) -> None:
    """meson looks for every compiler it knows."""
    scene.python("3.12", "25.0")
    scene.lacks(*GNU)
    scene.types("pip install --no-binary contourpy contourpy")


@log("missing-c-compiler/cmake-pip-24", "CMAKE_CXX_COMPILER")
def _(scene: Scene) -> None:
    """CMake finds no compiler."""
    scene.python("3.11", "24.0")
    scene.lacks(*GNU)
    scene.types("pip install dlib==19.24.0")


@log("missing-python-headers/local-pip-26", "Python.h: No such file or directory", needs_root=True)
def _(scene: Scene) -> None:
    """The interpreter came without its headers."""
    scene.python("3.12", "26.3")
    scene.hides_headers("3.12")
    sources.lay_out(scene.project / "fastdist", sources.extension("fastdist"))
    scene.types("pip install ./fastdist")


@log("missing-python-headers/sdist-pip-20", "Python.h: No such file or directory", needs_root=True)
def _(scene: Scene) -> None:
    """An old pip, a sdist with warnings before."""
    scene.python("3.9", "20.3.4", "setuptools==52.0.0", "wheel==0.36.2")
    scene.hides_headers("3.9")
    scene.types("pip install psutil==5.8.0 --no-binary :all:")


@log("missing-python-headers/sdist-uv", "Python.h: No such file or directory", needs_root=True)
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.11")
    scene.hides_headers("3.11")
    scene.types("uv pip install --no-binary psutil psutil==5.9.8")


@log("missing-system-library/psycopg2-pip-26", "pg_config executable not found")
def _(scene: Scene) -> None:
    scene.python("3.12", "26.3")
    scene.lacks("pg_config")
    scene.types("pip install psycopg2==2.9.9")


@log("missing-system-library/portaudio-pip-24", "portaudio.h")
def _(scene: Scene) -> None:
    scene.python("3.11", "24.0")
    scene.types("pip install PyAudio==0.2.14")


@log("missing-system-library/mysql-pip-26", "mysqlclient")
def _(scene: Scene) -> None:
    """pkg-config is there and knows none of the names."""
    scene.python("3.12", "26.3")
    scene.lacks("mysql_config", "mariadb_config")
    scene.environment["PKG_CONFIG_LIBDIR"] = str(scene.home)
    scene.types("pip install mysqlclient")


@log("missing-system-library/ldap-pip-20", "lber.h")
def _(scene: Scene) -> None:
    scene.python("3.8", "20.2.4", "setuptools==50.3.2", "wheel==0.35.1")
    scene.types("pip install python-ldap==3.3.1")


@log("missing-system-library/cairo-meson-uv", "cairo")
def _(scene: Scene) -> None:
    """meson asks pkg-config for a library."""
    scene.has("uv")
    scene.python("3.12")
    scene.environment["PKG_CONFIG_LIBDIR"] = str(scene.home)
    scene.types("uv pip install pycairo==1.27.0")


@log("missing-system-library/linker-pip-23", "cannot find -l")
def _(scene: Scene) -> None:
    """The header is vendored, the library is not."""
    scene.python("3.10", "23.0.1")
    sources.lay_out(scene.project / "pyspectra", sources.extension("pyspectra", options=', libraries=["fftw3f"]'))
    scene.types("pip install ./pyspectra")


@log("missing-build-tool/cmake-dlib-pip-23", "CMake must be installed")
def _(scene: Scene) -> None:
    scene.python("3.10", "23.0.1")
    scene.lacks("cmake*")
    scene.types("pip install dlib==19.24.0")


@log("missing-build-tool/pkg-config-pip-26", "pkg-config")
def _(scene: Scene) -> None:
    """pkg-config itself is not there."""
    scene.python("3.12", "26.3")
    scene.lacks("pkg-config", "pkgconf", "*-pkg-config", "mysql_config", "mariadb_config")
    scene.types("pip install mysqlclient")


@log("missing-build-tool/swig-uv", "swig")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.11")
    scene.types("uv pip install box2d-py==2.3.8")


@log("missing-build-tool/gfortran-meson-pip-26", "gfortran")
def _(scene: Scene) -> None:
    """A project in Fortran."""
    scene.python("3.12", "26.3")
    files = {
        "meson.build": "project('tides', 'c', 'fortran', version: '1.4.2')\n",
        "pyproject.toml": sources.pyproject("tides", '"meson-python"', "mesonpy"),
    }
    sources.lay_out(scene.project / "tides", files)
    scene.types("pip install ./tides")


@log("missing-build-tool/ninja-cmake-pip-25", "Ninja")
def _(scene: Scene) -> None:
    """CMake is told to use Ninja, which is not there."""
    scene.python("3.12", "25.0")
    scene.lacks("ninja*")
    run = 'import subprocess\nsubprocess.check_call(["cmake", "-G", "Ninja", "-S", ".", "-B", "out"])\n'
    files = {
        **sources.setup_py("meshing", before=run),
        "CMakeLists.txt": "cmake_minimum_required(VERSION 3.18)\nproject(meshing CXX)\n",
    }
    sources.lay_out(scene.project / "meshing", files)
    scene.types("pip install ./meshing")


@log("missing-build-tool/cmake-shim-pip-24", "from cmake import cmake")
def _(scene: Scene) -> None:
    """The cmake on PATH is a program of another Python's package, which the build does not see."""
    scene.python("3.11", "24.0")
    shim = f"#!{scene.project}/.venv/bin/python\nimport sys\nfrom cmake import cmake\n\nsys.exit(cmake())\n"
    folder = sources.lay_out(scene.root / "home/user/.local/bin", {"cmake": shim})
    (folder / "cmake").chmod(0o755)
    scene.path.insert(0, str(folder))
    before = 'import subprocess\nsubprocess.check_call(["cmake", "--version"])\n'
    sources.lay_out(scene.project / "meshing", sources.setup_py("meshing", before=before))
    scene.types("pip install ./meshing")


@log("missing-rust/setuptools-rust-pip-26", "can't find Rust compiler")
def _(scene: Scene) -> None:
    scene.python("3.11", "26.3")
    scene.types("pip install --no-binary tokenizers tokenizers==0.13.3")


@log("missing-rust/maturin-pip-23", "Cargo, the Rust package manager, is not installed")
def _(scene: Scene) -> None:
    scene.python("3.11", "23.2.1")
    scene.environment["MATURIN_NO_INSTALL_RUST"] = "1"
    scene.types("pip install --no-binary rpds-py rpds-py==0.18.0")


@log("missing-rust/maturin-uv", "Rust not found, installing into a temporary directory")
def _(scene: Scene) -> None:
    """maturin would fetch a Rust of its own, and cannot."""
    scene.has("uv")
    scene.python("3.12")
    scene.types("uv pip install --no-binary pydantic-core pydantic-core==2.18.2")


RUST_TOO_NEW = {
    "pyproject.toml": sources.pyproject("tokens", '"maturin>=1.5,<2"', "maturin"),
    "src/lib.rs": "",
}


@log("rust-too-old/maturin-pip-26", "rustc")
def _(scene: Scene) -> None:
    """The crate asks for a later rustc than there is."""
    scene.python("3.12", "26.3")
    scene.has_rust()
    cargo = '[package]\nname = "tokens"\nversion = "1.4.2"\nedition = "2021"\nrust-version = "1.999"\n\n[lib]\ncrate-type = ["cdylib"]\n'
    sources.lay_out(scene.project / "tokens", {**RUST_TOO_NEW, "Cargo.toml": cargo})
    scene.types("pip install ./tokens")
