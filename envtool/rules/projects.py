"""What is known of projects that people often fail to install: which wheels they publish, and what their source needs."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from envtool.tables import DATA, rows

if TYPE_CHECKING:
    from collections.abc import Mapping

# Wheels and no source: where none fits, the index seems to have nothing.
WITHOUT_SOURCE = re.compile(
    r"torch(?:vision|audio|text|data)?|tensorflow(?:-\w+)*|tf-nightly|jaxlib|triton|open3d|mediapipe|onnxruntime(?:-\w+)?"
    r"|paddlepaddle(?:-gpu)?|mxnet(?:-\w+)?|mindspore|ray|decord|vtk|tflite-runtime|ai-edge-litert|coremltools|openvino"
    r"|faiss-gpu|cupy-cuda\w+|bitsandbytes|pyside[26]|shiboken[26]|pywin32|pypiwin32|functorch|bpy|usd-core|carla"
    r"|kaleido|ortools|intel-openmp|pyrealsense2|pymeshlab|deepspeech|ml-metadata|tfx-bsl|dm-reverb|nvidia-\w+(?:-\w+)*"
)
# Wheels, and a use, on one system alone.
ONE_SYSTEM = {
    "Windows": re.compile(
        r"pywin32|pypiwin32|windows-curses|wmi|winshell|pywinpty|winrt(?:-\w+)*|winsdk|win10toast|torch-directml"
        r"|onnxruntime-directml|tensorflow-(?:intel|directml\w*)|twisted-iocpsupport"
    ),
    "Darwin": re.compile(r"pyobjc(?:-\w+)*|tensorflow-(?:macos|metal)|mlx|rumps|appscript|macfsevents"),
    "Linux": re.compile(
        r"triton|nvidia-\w+(?:-\w+)*|vllm|tflite-runtime|evdev|python-apt|dbus-python|systemd-python|pyinotify|torch-xla"
        r"|tensorflow-text|ml-metadata|tfx-bsl|dm-reverb|python-prctl|rpi-gpio|spidev"
    ),
}
# Of these, the ones that lack a wheel for a new Python more often than for a system.
SLOW_TO_FOLLOW = frozenset(("tflite-runtime", "tensorflow-text", "ml-metadata", "tfx-bsl", "dm-reverb"))
# One wheel that serves every later Python.
ABI3 = frozenset(
    (
        *("cryptography", "bcrypt", "pynacl", "psutil"),
        *("opencv-python", "opencv-python-headless", "opencv-contrib-python"),
    )
)
# Sources that link to a library of the system, by what a package manager calls it.
SYSTEM_LIBRARY = {
    "mysqlclient": "mysqlclient",
    "mysql-python": "mysqlclient",
    "psycopg2": "libpq",
    "python-ldap": "ldap",
    "pyodbc": "odbc",
    "pygraphviz": "graphviz",
    "pycairo": "cairo",
    "pygobject": "gobject-introspection",
    "dbus-python": "dbus",
    "xmlsec": "xmlsec1",
    "pyaudio": "portaudio",
    "gssapi": "gssapi",
    "pykerberos": "krb5",
    "pycurl": "curl",
    "gdal": "gdal",
    "mpi4py": "mpi",
    "rtree": "spatialindex",
    "pycups": "cups",
}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def release(version: str) -> tuple[int, ...]:
    """The numbers that a version starts with, to be compared: 1.21.6rc1 and 1.21.6.0 are (1, 21, 6)."""
    found = re.match(r"(?:\d+!)?v?(\d+(?:\.\d+)*)", version)
    numbers = [int(part) for part in found[1].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


@cache
def first_wheels() -> Mapping[str, Mapping[tuple[int, int], tuple[int, ...]]]:
    """By project and Python: the first version that has a wheel for it."""
    known: dict[str, dict[tuple[int, int], tuple[int, ...]]] = {}
    for name, python, version in rows(DATA, "first_wheels.tsv", 4, _first_wheel):
        known.setdefault(name, {})[python] = version
    return known


def _first_wheel(cells: list[str]) -> tuple[str, tuple[int, int], tuple[int, ...]]:
    name, python, version, _source = cells
    major, minor = python.split(".")
    return name, (int(major), int(minor)), release(version)


@cache
def torch_builds() -> Mapping[tuple[str, str], frozenset[str]]:
    """By project and version: the local tags that it was built with, such as cu118."""
    builds: dict[tuple[str, str], set[str]] = {}
    for name, file, columns in (("torch", "wheels.tsv", 9), ("torchvision", "torchvision_wheels.tsv", 7)):
        for version, local in rows(DATA, file, columns, lambda cells: (cells[0], cells[1])):
            builds.setdefault((name, version), set()).add(local)
    return {build: frozenset(tags) for build, tags in builds.items()}


def is_compiled(name: str) -> bool:
    """Whether its wheels are made for each Python or platform apart."""
    return name in first_wheels() or WITHOUT_SOURCE.fullmatch(name) is not None
