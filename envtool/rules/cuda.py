"""torch and CUDA: builds that need them, and toolkits that disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.rules import wheels
from envtool.rules.choice import FROM_VERSIONS, PINNED
from envtool.rules.rule import Cause, Rule, Stage

if TYPE_CHECKING:
    import re

    from envtool.rules.log import Log

BUILD_NEEDS_TORCH = Cause(
    id="build-needs-torch",
    what="the source imports torch while it is built, and the build environment has none",
    recognise="`No module named 'torch'` below setup.py of flash-attn, xformers, detectron2, apex, pytorch3d ...",
    title="{package} imports torch to build itself, and the isolated build environment has no torch.",
    why="A build sees only what its pyproject.toml declares, and torch is rarely declared, for it has to be the very build that is installed.",
    fix=(
        "{remedy}",
        "{pip} setuptools wheel packaging ninja",
        "MAX_JOBS=4 {install} --no-build-isolation  # uv: [tool.uv] extra-build-dependencies",
        "# or a wheel that its project publishes for this torch, this CUDA and this Python",
    ),
    neighbours=(
        ("undeclared-build-dep", "another module than torch"),
        ("cuda-home-missing", "the next hurdle: no nvcc"),
    ),
    source="PEP 517 isolation; installation notes of flash-attn, xformers, pytorch3d",
)
CUDA_HOME_MISSING = Cause(
    id="cuda-home-missing",
    what="the CUDA toolkit, nvcc, is not found by the build",
    recognise="`CUDA_HOME environment variable is not set`, `nvcc was not found`, `cuda_runtime.h: No such file`, `bare_metal_version`",
    title="{package} compiles CUDA code, and no CUDA toolkit (nvcc) was found.",
    why="The driver and the torch wheel bring what runs CUDA programs, not what compiles them: that is the toolkit, which is installed apart.",
    fix=(
        "python -c 'import torch; print(torch.version.cuda)'  # the toolkit has to be of this version",
        "conda install -c nvidia cuda-toolkit={cuda}  # or NVIDIA's installer for the system",
        "[Unix] export CUDA_HOME=/usr/local/cuda PATH=/usr/local/cuda/bin:$PATH  # then install again",
        "# better, where there is one: a wheel that its project publishes for this torch and CUDA",
    ),
    neighbours=(
        ("cuda-version-mismatch", "a toolkit is there, of another version"),
        ("build-needs-torch", "torch itself is missing"),
        ("missing-system-library", "a header that is not CUDA's"),
    ),
    source="torch.utils.cpp_extension; setup scripts of flash-attn, apex, vllm; CMake FindCUDAToolkit",
)
CUDA_VERSION_MISMATCH = Cause(
    id="cuda-version-mismatch",
    what="CUDA toolkit, torch and host compiler do not belong together",
    recognise="`detected CUDA version (X) mismatches the version that was used to compile PyTorch (Y)`, `unsupported GNU version`, `undefined symbol` of a torch extension",
    title="The CUDA toolkit{toolkit}, torch{built_for} and the host compiler do not belong together.",
    why="An extension is compiled by the toolkit and loaded by torch: both have to be of the same CUDA, and each toolkit takes host compilers up to a version.",
    fix=(
        "{remedy}",
        "# or install the toolkit of the CUDA that torch is built for",
        "nvcc --version; python -c 'import torch; print(torch.version.cuda)'; gcc --version  # what there is",
        "{install} --no-build-isolation  # isolation may have pulled another torch into the build",
        "[Unix] CC=gcc-11 CXX=g++-11 {install} --no-build-isolation  # an older host compiler, where that is what nvcc refuses",
    ),
    neighbours=(
        ("cuda-home-missing", "there is no toolkit"),
        ("missing-msvc", "there is no host compiler"),
    ),
    source="torch.utils.cpp_extension; CUDA host_config.h; NVIDIA's installation guide, host compilers",
)
TORCH_LOCAL_VERSION_INDEX = Cause(
    id="torch-local-version-index",
    what="a torch version with +cu118 or +cpu was asked of an index that has only plain versions",
    recognise="`torch==X+cuNNN` and a list of versions without any +",
    title="{package}{wanted} is on PyTorch's own index, and another one was asked.",
    why="A version with + and a tag is never on the public index: each lies in the folder of its CUDA on download.pytorch.org/whl.",
    fix=(
        "{remedy}",
        "{pip} '{package}{wanted}' --index-url https://download.pytorch.org/whl/{local}",
        "# or leave out the + and what follows: the plain version is on the public index",
    ),
    neighbours=(
        ("no-wheel-for-python", "the list has + versions, or starts above the one asked for"),
        ("platform-unsupported", "macOS: there are no + versions at all"),
        ("version-not-found", "no + in the version"),
    ),
    source="pytorch.org, previous versions; PEP 440, local versions",
)


def _builds(log: Log, _match: re.Match[str]) -> bool:
    return log.run.build_failed or log.says("setup.py", "build backend", "egg_info", "get_requires", "build dependency")


RULES = (
    Rule(
        TORCH_LOCAL_VERSION_INDEX,
        Stage.CHOICE,
        (FROM_VERSIONS,),
        wheels.is_on_another_index,
        over=("version-not-found", "no-wheel-for-python", "name-not-found"),
    ),
    Rule(
        TORCH_LOCAL_VERSION_INDEX,
        Stage.CHOICE,
        (
            r"there is no version of (?P<package>torch\w{0,10})(?P<wanted>==[\d.]{1,12}\+(?P<local>cu\d{2,3}|cpu|rocm[\d.]{1,6}))",
            r"(?P<package>torch\w{0,10}) \((?P<wanted>[\d.]{1,12}\+(?P<local>cu\d{2,3}|cpu|rocm[\d.]{1,6}))\) which doesn't match any versions",
            r"Could not find a matching version of package (?P<package>torch\w{0,10}) \((?P<wanted>[\d.]{1,12}\+(?P<local>cu\d{2,3}|cpu))",
        ),
        over=("version-not-found", "resolver-conflict", "name-not-found"),
    ),
    Rule(
        TORCH_LOCAL_VERSION_INDEX,
        Stage.ANSWER,
        (PINNED,),
        wheels.is_on_another_index,
        confidence="likely",
        over=("version-not-found", "name-not-found"),
    ),
    Rule(
        CUDA_VERSION_MISMATCH,
        Stage.BUILD,
        (
            r"detected CUDA version \((?P<toolkit>[\d.]{1,8})\) mismatches the version[^\n]{0,60}compile PyTorch \((?P<built_for>[\d.]{1,8})\)",
            r"detected CUDA version[^\n]{0,40} mismatches",
            r"unsupported (?:GNU|clang|Microsoft Visual Studio) version",
            r"unsupported Microsoft Visual Studio",
            r"does not match the version used to compile Py[Tt]orch",
            r"CUDA version [\d.]{1,8} does not match the version torch was compiled with (?P<built_for>[\d.]{1,8})",
            r"unable to compile cuda/cpp extensions",
            r"Unsupported gpu architecture",
            r"nvcc fatal : Value '\w{1,20}' is not defined for option 'gpu-architecture'",
            r"C\+\+1[47] or later compatible compiler is required to use PyTorch",
            r"You need C\+\+1[47] to compile PyTorch",
            r"only supported on CUDA (?P<toolkit>[\d.]{1,6}) and above",
            r"requires (?:at least )?CUDA (?:version )?(?:>=? ?)?[\d.]{1,6}(?:\+| or (?:higher|above|newer|later))",
            r"CUDA (?:versions?|toolkit)[^\n]{0,40} mismatch",
            r"no kernel image is available",
            r"parameter packs not expanded with '\.\.\.'",
            r"undefined symbol: _ZN?K?\d?\w{0,10}(?:c10|at|torch|caffe2)\w{0,200}",
            r"libcud(?:art|nn)\S{0,20}\.so\S{0,8}: cannot open shared object file",
            r"libcu(?:blas|sparse|fft|rand)\S{0,20}\.so\S{0,8}: cannot open shared object file",
            r"driver on your system is too old",
            r"CUDA driver version is insufficient",
            r"host compiler[^\n]{0,40}not supported",
            r"version of (?:g\+\+|gcc|clang)[^\n]{0,40} greater than the maximum required version by CUDA",
        ),
        over=("missing-msvc", "missing-c-compiler"),
    ),
    Rule(
        CUDA_HOME_MISSING,
        Stage.BUILD,
        (
            r"CUDA_HOME environment variable is not set",
            r"CUDA_HOME (?:is )?(?:not (?:set|found|defined)|undefined|None|is None)",
            r"(?:find|locate|detect|determine) CUDA_HOME",
            r"CUDA_HOME[^\n]{0,60}(?:NoneType|does not exist)",
            r"NoneType[^\n]{0,60}CUDA_HOME",
            r"nvcc (?:was |is |could )?(?:not (?:found|be found|available|installed|in|on))",
            r"nvcc: (?:command )?not found",
            r"No such file or directory: '[^'\n]{0,200}nvcc(?:\.exe)?'",
            r"command '[^'\n]{0,200}nvcc(?:\.exe)?' failed: No such file",
            r"(?:[Ff]ailed to|[Cc]ould not|[Cc]annot|[Uu]nable to|[Cc]ouldn't) (?:find|locate|detect|run|determine) (?:the )?(?:nvcc|CUDA|cuda toolkit|CUDAToolkit)\b",
            r"'?bare_metal_version'?[^\n]{0,60}(?:not defined|referenced before|not associated)",
            r"name 'bare_metal_version'",
            r"Could NOT find CUDA(?:Toolkit)?\b",
            r"No CMAKE_CUDA_COMPILER could be found",
            r"CMAKE_CUDA_COMPILER[^\n]{0,40}(?:NOTFOUND|not set)",
            r"Failed to find nvcc",
            r"Failed to detect a default CUDA architecture",
            r"CUDA compiler identification is unknown",
            r"CUDA_TOOLKIT_ROOT_DIR not found",
            r"CUDA_ROOT not set",
            r"CUDA (?:path|toolkit|installation|compiler)[^\n]{0,40} (?:could not be|was not|not) (?:detected|found|located)",
            r"\bcu(?:da|blas|sparse|rand|fft|solver)\w{0,20}(?:_v2)?\.h['\">]{0,2}[:：]? ?(?:No such|file not|not found)",
            r"Cannot open include file: 'cuda\w{0,20}\.h'",
            r"no nvcc in",
            r"_get_cuda_arch_flags[^\n]{0,60}\n(?:[^\n]{0,200}\n){0,4}?[^\n]{0,20}IndexError: list index out of range",
            r"_join_cuda_home",
            r"cannot find -lcud(?:art|nn)\b",
            r"CUDA must be available to build",
            r"(?:ROCM_HOME|MUSA_HOME|HIP_HOME|CUDNN_HOME)[^\n]{0,30} (?:is )?not (?:set|found)",
        ),
        over=("missing-build-tool", "missing-system-library", "broken-source-package"),
    ),
    Rule(
        BUILD_NEEDS_TORCH,
        Stage.BUILD,
        (
            r"No module named '?torch(?:\.[\w.]{1,60})?'?(?![\w.])",
            r"depends on `torch`, but doesn't declare it as a build dependency",
            r"(?:[Pp]lease|must|need to|have to) (?:first )?(?:pip )?install (?:PyTorch|torch|pytorch)\b",
            r"(?:torch|PyTorch|pytorch) (?:is |must be )(?:required|not installed|installed (?:before|first))",
            r"(?:requires|needs) (?:PyTorch|torch|pytorch) to (?:be installed|build)",
            r"configuration file provided by \"Torch\"",
            r"\btorch/\w{1,40}\.h['\">]{0,2}:? (?:No such|file not)",
        ),
        _builds,
        over=("undeclared-build-dep",),
    ),
)
