"""Which files of torch and of what it loads are not as they were installed: `python torch_files.py OUT.json SECONDS`.

Python 3.6 grammar, with probe.py beside. Nothing is imported of them: the records of their installer are compared with
the files. Where SECONDS are over, the rest goes unseen. OpenMP runtimes are named of every distribution that records one.
"""

import csv
import json
import os
import re
import sys
import time
from typing import Iterator, List, Optional, Tuple

import probe  # type: ignore[import-not-found]  # in the same folder when this runs

LOADED = re.compile(r"torch|torchvision|torchaudio|triton|pytorch-triton|pytorch-triton-rocm|nvidia-.*")
OPENMP = re.compile(r"lib(?:gomp|iomp5|omp)(?:[-.\d][^/]*)?(?:\.so[.\d]*|\.dylib|\.dll)")


def main() -> None:
    deadline = time.monotonic() + float(sys.argv[2])
    damages = []  # type: List[dict[str, object]]
    runtimes = conda_runtimes()
    looked = 0
    for name, info, folder in distributions():
        sizes = list(recorded(info))
        runtimes += [os.path.join(folder, file) for file, _ in sizes if OPENMP.fullmatch(os.path.basename(file))]
        for file, size in sizes if LOADED.fullmatch(name) else ():
            if time.monotonic() > deadline:
                break
            looked += 1
            found = size_of(os.path.join(folder, file))
            if found != size and (found is None or not is_altered(info, file)):
                damages.append({"package": name, "file": file, "recorded": size, "found": found})
    answer = {
        "damages": damages,
        "looked": looked,
        "is_whole": time.monotonic() <= deadline,
        "openmp": sorted({os.path.realpath(runtime) for runtime in runtimes if os.path.exists(runtime)}),
    }
    with open(sys.argv[1], "w", encoding="ascii") as out:
        json.dump(answer, out)


def distributions() -> Iterator[Tuple[str, str, str]]:
    """Name, folder of the metadata and folder on the path, each distribution as the first folder has it."""
    seen = set()
    for folder in probe.PATH:
        try:
            entries = sorted(os.listdir(folder))
        except OSError:
            continue
        for file in filter(None, [probe.metadata_file(folder, entry) for entry in entries]):
            head = probe.name_and_version(file)
            name = probe.normalised(head[0]) if head else None
            if name and name not in seen:
                seen.add(name)
                yield name, os.path.dirname(file), folder


def recorded(info: str) -> Iterator[Tuple[str, int]]:
    """The files that the installer wrote down with their sizes, but programs; what Python compiled has none."""
    try:
        with open(os.path.join(info, "RECORD"), encoding="utf-8", newline="") as record:
            for row in csv.reader(record):
                if len(row) == 3 and row[2].isdigit() and not row[0].startswith(".."):  # noqa: PLR2004 - path, hash, size
                    yield row[0], int(row[2])
    except (OSError, ValueError, csv.Error):
        return


def is_altered(info: str, file: str) -> bool:
    """Whether another size is to be expected: conda sets paths in what it installs, installers add to the metadata."""
    try:
        with open(os.path.join(info, "INSTALLER"), encoding="utf-8") as installer:
            by_conda = "conda" in installer.read()
    except (OSError, ValueError):
        by_conda = False
    return by_conda or ".dist-info/" in file


def size_of(path: str) -> Optional[int]:
    try:
        return os.stat(path).st_size
    except OSError:
        return None


def conda_runtimes() -> List[str]:
    """What a conda environment holds for all of its packages together."""
    library = os.path.join(sys.prefix, "lib")
    if not os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        return []
    return [os.path.join(library, name) for name in os.listdir(library) if OPENMP.fullmatch(name)]


if __name__ == "__main__":
    main()
