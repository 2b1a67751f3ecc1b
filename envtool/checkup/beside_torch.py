"""What has to go with torch in one environment: torchvision, torchaudio, NVIDIA's libraries, OpenMP and numpy."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from envtool.checkup.check import Check, Verdict
from envtool.checkup.installs import again, carried, installed, pip, planned
from envtool.checkup.torch_part import judged, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envtool.checkup.installs import Carried
    from envtool.conditions import Conditions
    from envtool.conditions.installed_torch import Companion, InstalledTorch, Numpy
    from envtool.facts import Package

TAGGED_TORCHAUDIO_SINCE = Version("2.0")
NUMPY_2_SINCE = Version("2.3")  # the first torch that was built for both ABIs (release notes of PyTorch 2.3)
# What the wheels for CUDA 12 and 13 both install into the same folder (site-packages/nvidia/<name>).
SHARED_FOLDERS = ("cudnn", "nccl", "nvshmem", "cusparselt")
_NVIDIA = re.compile(r"nvidia-(?P<library>[a-z-]+?)(?:-cu(?P<major>\d\d))?")
_RUNTIME = "cuda-runtime"  # without a suffix since CUDA 13: the version tells


def companion(name: str, seen: Conditions, found: InstalledTorch) -> Verdict:
    """As it was tried beside torch, and as the catalogue pairs them."""
    tried = next((one for one in found.companions if one.name == name), None)
    torch = carried(seen, found.torch)
    if tried is None:
        return Verdict("ok", f"{name} is not installed")
    if found.torch.is_absent and torch is None:
        return Verdict("warning", f"{name} {tried.version} is installed, and torch is not", planned(seen.here, None))
    if found.torch.version is None or torch is None:
        return Verdict("unknown", f"{name} {tried.version} could not be tried: torch cannot be imported")
    if tried.error:
        reason = one_line(tried.error)
        mend = (_mend(tried, torch, seen),)
        return Verdict("error", f"{name} {tried.version} fails beside torch {torch.pin}: {reason}", mend)
    return _on_paper(tried, torch, seen)


def _on_paper(tried: Companion, torch: Carried, seen: Conditions) -> Verdict:
    """What imports may all the same be of another torch, and fail later."""
    name, mend = tried.name, (_mend(tried, torch, seen),)
    paired = _paired(name, torch, seen)
    if paired and Version(tried.version).public not in paired:
        return Verdict("warning", f"{name} {tried.version} is made for another torch than {torch.pin}", mend)
    tag = Version(tried.version).local
    if tag and torch.folder and tag != torch.folder:
        return Verdict("warning", f"{name} {tried.version} is built for {tag}, and torch {torch.pin} is not", mend)
    return Verdict("ok", f"{name} {tried.version} works beside torch {torch.pin}")


def _paired(name: str, torch: Carried, seen: Conditions) -> tuple[str, ...]:
    pairs = seen.catalogue.companions.get(torch.version)
    if pairs is None:
        return ()
    return pairs.torchvision if name == "torchvision" else pairs.torchaudio


def _mend(tried: Companion, torch: Carried, seen: Conditions) -> str:
    """The one that belongs to this torch; where none is known, it goes."""
    paired = _paired(tried.name, torch, seen)
    if not paired or not _is_made(tried.name, paired[-1], torch, seen):
        reason = f"no {tried.name} is known that was made for torch {torch.pin}"
        return pip(seen.here, f"uninstall {tried.name}  # {reason}")
    has_tag = torch.folder and (tried.name == "torchvision" or torch.version >= TAGGED_TORCHAUDIO_SINCE)
    version = f"{paired[-1]}+{torch.folder}" if has_tag else paired[-1]
    return again(seen.here, f"{tried.name}=={version}", torch)


def _is_made(name: str, version: str, torch: Carried, seen: Conditions) -> bool:
    """Whether there is a wheel in the folder of this torch. An older torchaudio was built with the torch of its number."""
    if torch.folder is None:
        return True
    if name == "torchvision":
        folders = {wheel.folder for wheel in seen.catalogue.torchvision_wheels if wheel.version == version}
        return not folders or torch.folder in folders  # newer ones than those listed came out with their torch
    own = Version(version)
    is_older = TAGGED_TORCHAUDIO_SINCE <= own < torch.version
    builds = seen.catalogue.builds
    return not is_older or any(build.version == own and build.folder == torch.folder for build in builds)


def cuda_libraries(seen: Conditions, found: InstalledTorch) -> Verdict:
    """NVIDIA's libraries of CUDA 12 beside those of 13, which partly write the same files."""
    flavours = _flavours(seen.here.target.packages)
    if len(flavours) < 2:  # noqa: PLR2004 - two make a mixture
        return Verdict("ok", _unmixed(flavours))
    torch = carried(seen, found.torch)
    own = re.match(r"cu(\d\d)", torch.backend or "") if torch else None
    kept = int(own[1]) if own and int(own[1]) in flavours else max(flavours)
    foreign = [name for major, names in flavours.items() if major != kept for name in names.values()]
    overlaps = [library for library in SHARED_FOLDERS if sum(library in names for names in flavours.values()) > 1]
    told = " and ".join(f"CUDA {major} ({len(flavours[major])})" for major in sorted(flavours))
    removal = pip(seen.here, f"uninstall {' '.join(foreign)}")
    if not overlaps:
        return Verdict(
            "note", f"there are NVIDIA libraries of {told}", (f"{removal}  # unless another package needs them",)
        )
    restored = [package for library in overlaps if (package := installed(seen.here, flavours[kept].get(library, "")))]
    requirements = " ".join(f"{package.name}=={package.version}" for package in restored)
    return Verdict(
        "warning",
        f"there are NVIDIA libraries of {told}, and those of {', '.join(overlaps)} overwrite one another's files",
        (
            removal,
            pip(seen.here, f"install --force-reinstall --no-deps {requirements}  # brings the shared files back"),
        ),
    )


def _unmixed(flavours: dict[int, dict[str, str]]) -> str:
    for major, names in flavours.items():
        return f"the {len(names)} NVIDIA libraries that name their CUDA are all of CUDA {major}"
    return "there are no NVIDIA libraries from wheels"


def _flavours(packages: Iterable[Package]) -> dict[int, dict[str, str]]:
    """By CUDA's major version, the libraries and the distributions that bring them."""
    flavours: dict[int, dict[str, str]] = {}
    for package in packages:
        name = canonicalize_name(package.name)
        match = _NVIDIA.fullmatch(name)
        if match and (major := _major(match, package.version)):
            flavours.setdefault(major, {})[match["library"]] = name
    return flavours


def _major(match: re.Match[str], version: str) -> int | None:
    if match["major"]:
        return int(match["major"])
    try:
        return Version(version).major if match["library"] == _RUNTIME else None
    except InvalidVersion:
        return None


def openmp(_seen: Conditions, found: InstalledTorch) -> Verdict:
    """OpenMP runtimes that met in one process; Intel's and LLVM's, which are of one origin, do not bear a second copy."""
    if found.openmp is None:
        return _openmp_unseen(found)
    jealous = [path for path in found.openmp if re.search(r"/lib(?:iomp5|omp)\b", path)]
    if len(jealous) > 1:
        return Verdict(
            "warning",
            f"{' and '.join(jealous)} are loaded in one process: it may abort (OMP: Error #15), hang or slow down",
            ("Install torch, numpy, scipy and scikit-learn all from pip or all from conda, in a new environment",),
        )
    if len(found.openmp) > 1:
        return Verdict(
            "note",
            f"{' and '.join(found.openmp)} are loaded in one process, each with threads of its own",
            ("export OMP_NUM_THREADS=4  # where they take the processor from each other",),
        )
    return Verdict("ok", f"one process loads {found.openmp[0] if found.openmp else 'no OpenMP runtime'}")


def _openmp_unseen(found: InstalledTorch) -> Verdict:
    on_disk = found.files.openmp if found.files else ()
    if found.halt and "OMP: Error" in found.halt.ending:
        return Verdict(
            "error",
            f"at `{found.halt.doing}` the process ended: {one_line(found.halt.ending)}; there are {' and '.join(on_disk)}",
            ("Install torch, numpy, scipy and scikit-learn all from pip or all from conda, in a new environment",),
        )
    if found.halt:
        return Verdict("unknown", f"at `{found.halt.doing}` the process ended: {one_line(found.halt.ending)}")
    if len(on_disk) > 1:
        return Verdict(
            "unknown", f"there are {' and '.join(on_disk)}; which of them one process loads could not be seen"
        )
    return Verdict("ok", f"there is {on_disk[0] if on_disk else 'no OpenMP runtime'} among the packages")


def numpy_abi(seen: Conditions, found: InstalledTorch) -> Verdict:
    """torch and numpy as they were tried together; on paper where torch cannot be imported."""
    torch, package = carried(seen, found.torch), installed(seen.here, "numpy")
    tried = found.numpy
    if tried is None or torch is None:
        return _numpy_on_paper(seen, found, torch, package)
    if tried.version is None and tried.error is None:
        return Verdict(
            "note",
            "numpy is not installed: torch works without it, tensors to and from arrays do not",
            (pip(seen.here, f"install {_wanted(torch)}"),),
        )
    if tried.error is None:
        return Verdict("ok", f"torch {torch.pin} takes arrays of numpy {tried.version}")
    return _numpy_fails(seen, torch, tried)


def _numpy_fails(seen: Conditions, torch: Carried, tried: Numpy) -> Verdict:
    reason = one_line(str(tried.error))
    if tried.version is None:
        mend = pip(seen.here, f"install --force-reinstall {_wanted(torch)}")
        return Verdict("error", f"numpy cannot be imported: {reason}", (mend,))
    what = f"torch {torch.pin} does not take arrays of numpy {tried.version}: {reason}"
    if _is_too_new(tried.version, torch):
        return Verdict("error", f"{what}; it was built for numpy 1", (pip(seen.here, f"install {_wanted(torch)}"),))
    return Verdict("error", what, planned(seen.here, torch))


def _numpy_on_paper(seen: Conditions, found: InstalledTorch, torch: Carried | None, package: Package | None) -> Verdict:
    if torch and package and _is_too_new(package.version, torch):
        return Verdict(
            "error",
            f"torch {torch.pin} was built for numpy 1, and numpy {package.version} is installed",
            (pip(seen.here, f"install {_wanted(torch)}"),),
        )
    if found.halt and found.halt.doing == "import numpy":
        return Verdict(
            "error",
            f"with torch imported, numpy ended the process: {one_line(found.halt.ending)}",
            (pip(seen.here, f"install --force-reinstall {_wanted(torch) if torch else 'numpy'}"),),
        )
    return Verdict("unknown", "torch and numpy could not be tried together: torch cannot be imported")


def _is_too_new(numpy: str, torch: Carried) -> bool:
    try:
        return Version(numpy).major > 1 and torch.version < NUMPY_2_SINCE
    except InvalidVersion:
        return False


def _wanted(torch: Carried) -> str:
    return '"numpy<2"' if torch.version < NUMPY_2_SINCE else "numpy"


CHECKS = (
    Check(
        "torchvision",
        "torchvision beside this torch, tried out",
        "installed_torch",
        judged(partial(companion, "torchvision"), absent=True),
    ),
    Check(
        "torchaudio",
        "torchaudio beside this torch, tried out",
        "installed_torch",
        judged(partial(companion, "torchaudio"), absent=True),
    ),
    Check("cuda-libraries", "NVIDIA libraries of two CUDA versions", "installed_torch", judged(cuda_libraries)),
    Check("openmp-runtimes", "OpenMP runtimes that meet in one process", "installed_torch", judged(openmp)),
    Check("numpy-abi", "torch and the numpy that is installed, tried together", "installed_torch", judged(numpy_abi)),
)
