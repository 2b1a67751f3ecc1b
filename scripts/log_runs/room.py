"""Room on the disk and in memory."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from log_runs import sources
from log_runs.registry import log

if TYPE_CHECKING:
    from log_runs.scene import Scene

NO_SPACE = "No space left on device"
DIES = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"


@log("disk-full/download-pip-26", NO_SPACE, needs_root=True)
def _(scene: Scene) -> None:
    """The download does not fit into the temporary folder."""
    scene.python("3.12", "26.3")
    scene.mount(scene.tmp, "size=2m")
    scene.types("pip install --no-cache-dir lxml")


@log("disk-full/build-dependency-pip-26", NO_SPACE, needs_root=True)
def _(scene: Scene) -> None:
    """setuptools, fetched for an isolated build, does not fit; the last line speaks of the project."""
    scene.python("3.12", "26.3")
    sources.lay_out(scene.project / "inventory", sources.setup_py("inventory"))
    scene.mount(scene.tmp, "size=3m")
    scene.types("pip install ./inventory")


@log("disk-full/chinese-pip-23", "设备上没有空间", needs_root=True)
def _(scene: Scene) -> None:
    """The system's words, in Chinese."""
    scene.python("3.10", "23.0.1")
    scene.speaks("zh_CN", "GBK")
    scene.mount(scene.tmp, "size=2m")
    scene.types("pip install --no-cache-dir lxml")


@log("disk-full/french-pip-21", "Aucun espace disponible", needs_root=True)
def _(scene: Scene) -> None:
    scene.python("3.9", "21.3.1")
    scene.speaks("fr_FR", "UTF-8")
    scene.mount(scene.tmp, "size=2m")
    scene.types("pip install --no-cache-dir lxml==5.3.0")


@log("disk-full/japanese-target-pip-24", "デバイスに空き領域がありません", needs_root=True)
def _(scene: Scene) -> None:
    """What is full is where the package goes."""
    scene.python("3.11", "24.0")
    scene.speaks("ja_JP", "UTF-8")
    scene.mount(scene.project / "vendor", "size=3m")
    scene.types("pip install --no-cache-dir --target ./vendor lxml==5.3.0")


@log("disk-full/terminal-pip-24", NO_SPACE, needs_root=True)
def _(scene: Scene) -> None:
    """The same on a terminal."""
    scene.python("3.11", "24.0")
    scene.mount(scene.tmp, "size=2m")
    scene.types("pip install --no-cache-dir lxml", terminal=True)


@log("disk-full/cache-uv", NO_SPACE, needs_root=True)
def _(scene: Scene) -> None:
    """uv's cache does not fit."""
    scene.has("uv")
    scene.python("3.12")
    scene.mount(scene.home / ".cache", "size=2m")
    scene.types("uv pip install lxml")


@log("disk-full/setup-py-pip-20", NO_SPACE, needs_root=True)
def _(scene: Scene) -> None:
    """A setup.py of the old kind unpacks more than the disk holds."""
    scene.python("3.8", "20.0.2", "setuptools==45.2.0", "wheel==0.34.2")
    unpacks = 'with open("tables.bin", "wb") as file:\n    file.write(bytes(64 << 20))\n'
    files = sources.sdist(
        scene.home / "wheelhouse", "geotables", "0.9.1", sources.setup_py("geotables", "0.9.1", unpacks)
    )
    scene.mount(scene.tmp, "size=20m")
    scene.types(f"pip install --no-cache-dir {shlex.quote(str(files))}")


@log("out-of-memory/setup-py-pip-26", "MemoryError")
def _(scene: Scene) -> None:
    """A setup.py asks for more memory than the limit allows."""
    scene.python("3.12", "26.3")
    asks = "table = bytearray(6 * 1024**3)\n"
    sources.lay_out(scene.project / "lookup-tables", sources.setup_py("lookup-tables", before=asks))
    scene.under = ["prlimit", f"--as={4_000_000_000}"]
    scene.types("pip install ./lookup-tables")


@log("out-of-memory/compiler-pip-24", "Killed signal terminated program cc1plus")
def _(scene: Scene) -> None:
    """The kernel ends the compiler; the stand-in for cc1plus ends itself."""
    scene.python("3.11", "24.0")
    stand_in = scene.root / "opt/cc1plus"
    sources.lay_out(stand_in.parent, {"cc1plus": "#!/bin/sh\nkill -9 $$\n"})
    stand_in.chmod(0o755)
    scene.environment["COMPILER_PATH"] = str(stand_in.parent)
    options = f', extra_compile_args=["-B{stand_in.parent}"]'
    sources.lay_out(scene.project / "pyhnsw", sources.extension_cpp("pyhnsw", options=options))
    scene.types("pip install ./pyhnsw")


@log("out-of-memory/killed-pip-26", "exit code: -9")
def _(scene: Scene) -> None:
    """The kernel ends setup.py, which had said what it was at; the signal is all that pip knows."""
    scene.python("3.12", "26.3")
    sources.lay_out(scene.project / "embeddings", sources.setup_py("embeddings", before=DIES))
    scene.types("pip install ./embeddings")


@log("out-of-memory/killed-uv", "SIGKILL")
def _(scene: Scene) -> None:
    scene.has("uv")
    scene.python("3.12")
    sources.lay_out(scene.project / "embeddings", sources.setup_py("embeddings", before=DIES))
    scene.types("uv pip install ./embeddings")


@log("out-of-memory/compiler-limit-pip-26", "virtual memory exhausted: Cannot allocate memory")
def _(scene: Scene) -> None:
    """The compiler asks for more than its limit allows."""
    scene.python("3.12", "26.3")
    limited = sources.lay_out(
        scene.root / "usr/local/bin", {"g++": '#!/bin/sh\nexec prlimit --as=120000000 /usr/bin/g++ "$@"\n'}
    )
    (limited / "g++").chmod(0o755)
    scene.path.insert(0, str(limited))
    sources.lay_out(
        scene.project / "pyhnsw", sources.extension_cpp("pyhnsw", more='#include <regex>\nstd::regex r("a");\n')
    )
    scene.types("pip install ./pyhnsw")
