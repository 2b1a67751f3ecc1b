"""What a build needs of the system: a compiler, headers, libraries, tools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.rules import wheels
from envtool.rules.choice import FAILED_BUILD
from envtool.rules.rule import Cause, Rule, Stage

if TYPE_CHECKING:
    from envtool.rules.log import Log

MISSING_C_COMPILER = Cause(
    id="missing-c-compiler",
    what="no C or C++ compiler that works, on Linux or macOS",
    recognise="`command 'gcc' failed: No such file or directory`, `unable to execute 'gcc'`, `xcrun: error: invalid active developer path`",
    title="{package} has to be compiled, and there is no working C or C++ compiler here.",
    why="No wheel was taken, so the installer builds from source and calls the compiler, which is not installed, not on PATH, or lacks its own headers.",
    fix=("@c-compiler", "{install} --only-binary :all:  # or a version that has a wheel, and needs no compiler"),
    neighbours=(
        ("no-wheel-for-python", "the commoner root: a newer Python than the version has wheels for"),
        ("missing-python-headers", "the compiler runs, and misses Python.h"),
        ("missing-msvc", "the same on Windows"),
    ),
    source="distutils and setuptools, meson, CMake, cc-rs, autoconf: how each says that it found no compiler",
)
MISSING_MSVC = Cause(
    id="missing-msvc",
    what="no usable Microsoft C++ build tools, on Windows",
    recognise="`Microsoft Visual C++ 14.0 or greater is required`, `Unable to find vcvarsall.bat`, meson's `Unknown compiler(s): [['icl'], ['cl'] ...`",
    title="{package} has to be compiled, and Microsoft's C++ build tools are not installed.",
    why="The installer found no wheel for this Python on Windows and took the source. Most packages have wheels, for other versions or another Python.",
    fix=(
        "{install} --only-binary :all:  # first: does any version have a wheel for this Python",
        "py -3.12 -m venv .venv && .venv\\Scripts\\python -m pip install {package}  # or a Python that it has wheels for",
        "@msvc",
    ),
    neighbours=(
        ("no-wheel-for-python", "the commoner root: then another Python, not a compiler"),
        ("cuda-version-mismatch", "the compiler is there, and nvcc refuses its version"),
    ),
    source="setuptools msvc.py; meson; CMake's Visual Studio generators; rustc's msvc linker",
)
MISSING_PYTHON_HEADERS = Cause(
    id="missing-python-headers",
    what="the C headers of the interpreter itself are not installed",
    recognise="`fatal error: Python.h: No such file or directory`",
    title="The C headers of {python}, Python.h among them, are not installed.",
    why="Distributions keep the headers of Python in a package of their own, one for each Python version; it has to be that of the interpreter that runs pip.",
    fix=("@python-headers",),
    neighbours=(
        ("missing-system-library", "another header than Python's own"),
        ("python-api-removed", "longintrepr.h is a header that newer Pythons do not have at all"),
    ),
    source="CPython, Extending and Embedding; packages python3-dev and python3-devel",
)
MISSING_SYSTEM_LIBRARY = Cause(
    id="missing-system-library",
    what="a C library, its header or its config tool is not installed",
    recognise="`fatal error: foo.h`, `cannot find -lfoo`, `pg_config executable not found`, `Package foo was not found`, `Could NOT find Foo`",
    title="{package} needs the system library {name}, and its development files are not installed.",
    why="The source compiles against a library that pip does not install. Linux distributions keep headers in packages whose names end in -dev or -devel.",
    fix=("@{name}",),
    neighbours=(
        ("missing-build-tool", "pkg-config itself is missing"),
        ("missing-python-headers", "Python.h"),
        ("cuda-home-missing", "cuda_runtime.h and its kin"),
        ("undeclared-build-dep", "numpy/arrayobject.h: a header of a Python package"),
    ),
    source="GCC, Clang, MSVC and their linkers; pkg-config; CMake find_package; meson dependency()",
)
MISSING_BUILD_TOOL = Cause(
    id="missing-build-tool",
    what="a tool of the build is missing or broken: cmake, ninja, pkg-config, swig, a Fortran compiler",
    recognise="`CMake must be installed`, `pkg-config: not found`, `No such file or directory: 'swig'`, `from cmake import cmake`",
    title="The build of {package} needs {name}, which is not installed or does not start.",
    why="The tool is a program of the system, not a Python package that the build could ask for; or the copy that pip installed is broken outside its environment.",
    fix=("@{name}",),
    neighbours=(
        ("missing-system-library", "the tool runs and does not find a library"),
        ("undeclared-build-dep", "a Python module is missing"),
        ("missing-rust", "cargo or rustc"),
    ),
    source="CMake, meson, scikit-build, distutils, make: how each names a program that it lacks",
)
_UNIX_COMPILER = r"(?:[\w.+/\\-]{0,120}[/\\-])?(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|icc|cc1plus)(?:-\d{1,3}(?:\.\d)?)?"
_STANDARD_HEADERS = re.compile(
    r"std(?:io|lib|int|def)|c?(?:string|limits|math|ctype|errno|assert)|unistd|iostream|vector|cstd(?:int|lib|io)|memory|"
    r"algorithm|functional|typeinfo|exception"
)
_WINDOWS_SDK = re.compile(
    r"(?:io|basetsd|corecrt|crtdbg|excpt|windows|winsock2)\.h|rc\.exe|(?:kernel32|user32|advapi32|uuid|(?:lib)?ucrtd?|msvcrtd?|msvcprt|libcmtd?|vcruntime)\.lib",
    re.IGNORECASE,
)
_NOT_A_LIBRARY = re.compile(
    r"Python\.h$|patchlevel\.h$|pyconfig\.h$|longintrepr\.h$|^numpy/|arrayobject\.h$|^cu(?:da|blas|sparse|rand|fft|solver)\w*(?:_\w+)?\.h$"
    r"|nvrtc\.h$|^thrust/|^cub/|^torch/|^ATen/|^c10/|^pybind11/|^nanobind/|^Python$|^python\d?[\d.]*-dev(?:el)?$|^python(?:\d[\d.]*)?(?:-\d[\d.]*)?(?:-embed)?$|^Python[23]$|^PythonLibs$|^PythonInterp$|^Torch$"
    r"|^CUDA\w*$|^pybind11$|^Cython$|^NumPy$|^PkgConfig$|^nanobind$|^cmake$|^frameobject\.h$|^Git$|^Threads$|^Doxygen$|^scikit|^mkl_?$|^msvc|^code\.h$|^OpenMP",
    re.IGNORECASE,
)
_TOOLS = (
    r"(?:[\w./]{0,80}/)?(?P<name>cmake3?|ninja|ninja-build|meson|pkg-config|pkgconf|swig|gfortran|flang|make|gmake|nmake|autoconf|autoreconf|automake|aclocal|libtool|libtoolize"
    r"|bison|flex|yacc|nasm|yasm|protoc|bazel|bazelisk|patchelf|go|node|npm|yarn|qmake|llvm-config|ant|mvn|javac|java|m4|patch|perl|ar|ld|ranlib|xgettext|msgfmt|help2man|f2py|cython_tool|unzip|wget|curl)(?:\.exe)?"
)


def _on_windows(log: Log, _match: re.Match[str]) -> bool:
    return log.run.system == "Windows"


def _has_a_build_program(log: Log) -> bool:
    """CMake also has no compiler where it lacks the tool that it would drive it with."""
    return not log.says("unable to find a build program")


def _on_windows_with_a_build_program(log: Log, match: re.Match[str]) -> bool:
    return _on_windows(log, match) and _has_a_build_program(log)


def _off_windows(log: Log, match: re.Match[str]) -> bool:
    return not _on_windows(log, match) and _has_a_build_program(log)


def _is_a_library(log: Log, match: re.Match[str]) -> bool:
    """A header, library or module that no other cause knows better, and that is not one of the package's own files."""
    name = match["name"]
    stem = name.rpartition("/")[2].partition(".")[0]
    own = "/" in name and (log.run.package or "").replace("-", "_").lower() == name.partition("/")[0].lower()
    return not (_NOT_A_LIBRARY.search(name) or _WINDOWS_SDK.fullmatch(name) or _STANDARD_HEADERS.fullmatch(stem) or own)


def _is_a_standard_header(_log: Log, match: re.Match[str]) -> bool:
    return _STANDARD_HEADERS.fullmatch(match["name"].rpartition("/")[2].partition(".")[0]) is not None


def _is_of_the_windows_sdk(log: Log, match: re.Match[str]) -> bool:
    return _WINDOWS_SDK.fullmatch(match["name"]) is not None or (
        _on_windows(log, match) and _is_a_standard_header(log, match)
    )


def _is_a_library_of_python(_log: Log, match: re.Match[str]) -> bool:
    return re.fullmatch(r"python\d[\d.]{0,4}(?:\.lib)?", match["name"]) is not None


_HEADER = r"(?P<name>[\w.+/-]{1,120}\.h(?:pp|xx|h)?)"
_HEADERS = (
    rf"fatal error: ['\"<]?{_HEADER}[>'\"]?:? (?:No such file|file not found)",
    rf"fatal error: '{_HEADER}' file not found",
    rf"fatal error C1083: [^\n'\"]{{0,80}}['\"]{_HEADER}['\"]",
    rf"^[^\n]{{1,300}}:\d{{1,7}}:\d{{1,5}}:[^\n]{{1,40}}[:：] ?{_HEADER} ?[:：]",  # GCC in any language
    rf"error: {_HEADER}: No such file or directory",
    rf"Cannot open include file: '{_HEADER}'",
    rf"\b{_HEADER} (?:header )?(?:was )?not found",
)
_LIBRARIES_OF_MSVC = (r"LNK1(?:104|181): [^\n'\"]{1,60}'(?P<name>[\w.+-]{1,60}\.lib)'",)
_TEST_FAILS = (r"Unsupported compiler -- at least C\+\+1\d support is needed",)
_CMAKE_FINDS_NONE = (
    r"The CMAKE_C(?:XX)?_COMPILER: \S{1,300} is not a full path",
    r"No CMAKE_C(?:XX)?_COMPILER could be found",
    r"CMAKE_C(?:XX)?_COMPILER not set, after EnableLanguage",
)

RULES = (
    Rule(
        MISSING_PYTHON_HEADERS,
        Stage.BUILD,
        (
            r"\b(?:Python|pyconfig)\.h ?['\"]?[:：] ?[^\W\d]",
            r"'(?:Python|pyconfig)\.h' file not found",
            r"C1083: [^\n]{0,80}['\"](?:Python|pyconfig)\.h['\"]",
            r"\b(?:Python|pyconfig|patchlevel)\.h (?:header )?(?:was )?(?:not found|is missing)",
            r"Could NOT find Python\d? \(missing: [^)\n]{0,120}(?:Python\d?_INCLUDE_DIRS|Python\d?_LIBRARIES|Development)",
            r"Could NOT find PythonLibs",
            r"Python dependency not found",
            r"You need to install Python development",
            r"install (?:the )?python[\d.]{0,5}-dev(?:el)?\b",
            r"library that provides \"Python\.h\"",
            r"Python (?:C )?headers (?:are |were )?(?:missing|not found)",
            r"(?:find|locate) (?:the )?Python'?s? (?:C )?(?:headers?|include (?:dir|path|folder))",
        ),
    ),
    Rule(
        MISSING_PYTHON_HEADERS,
        Stage.BUILD,
        (r"cannot find -l(?P<name>python[\d.]{1,5})", r"LNK1104: [^\n'\"]{1,60}'(?P<name>python\d{1,4}\.lib)'"),
        _is_a_library_of_python,
    ),
    Rule(
        MISSING_MSVC,
        Stage.BUILD,
        (
            r"Microsoft Visual C\+\+ \d{1,2}\.\d[^\n]{0,30} is required",
            r"Microsoft Visual C\+\+ Build Tools",
            r"Unable to find vcvarsall\.bat",
            r"Unknown compiler\(s\): \[\['icl'",
            r"Unknown compiler\(s\): \[\['cl'",
            r"Could not find [^\n]{0,120}vswhere\.exe",
            r"vswhere[^\n]{0,80}(?:not found|No such file|cannot find|error)",
            r"could not find any instance of Visual Studio",
            r"Running 'nmake' '-\?' failed",
            r"program corresponding to \"NMake Makefiles\"",
            r"linker `link\.exe` not found",
            r"msvc targets depend on the msvc linker",
            r"Error checking compiler version for cl",
            r"command '(?:[^'\n]{0,200}\\)?cl(?:\.exe)?' failed: (?:No such file|None)",
            r"(?:\[Errno 2\]|\[WinError 2\])[^\n]{0,80}'cl(?:\.exe)?'",
            r"LNK1158: [^\n]{0,40}'rc\.exe'",
            r"'cl(?:\.exe)?' is not recognized",
            r"where cl[^\n]{0,60} returned non-zero exit status 1",
            r"Microsoft Visual Studio (?:is )?not found",
            r"No Visual Studio (?:installation )?(?:was )?found",
        ),
        over=("missing-c-compiler", "missing-build-tool"),
    ),
    Rule(MISSING_MSVC, Stage.BUILD, _CMAKE_FINDS_NONE, _on_windows_with_a_build_program),
    Rule(
        MISSING_MSVC,
        Stage.BUILD,
        (rf"C1083: [^\n'\"]{{0,80}}['\"]{_HEADER}['\"]", *_LIBRARIES_OF_MSVC),
        _is_of_the_windows_sdk,
    ),
    Rule(
        MISSING_C_COMPILER,
        Stage.BUILD,
        (
            rf"unable to execute '?{_UNIX_COMPILER}'?: No such file",
            rf"command '?{_UNIX_COMPILER}'? failed: No such file",
            rf"No such file or directory: '{_UNIX_COMPILER}'",
            rf"\b{_UNIX_COMPILER}: (?:command )?not found",
            rf"make(?:\[\d\])?: {_UNIX_COMPILER}: (?:Command not found|No such file)",
            rf"command '?{_UNIX_COMPILER}'? failed with exit (?:status|code) 127\b",
            r"xcrun: error: (?:(?:invalid )?active developer path|unable to find utility)",
            r"xcode-select: (?:note|error): [^\n]{0,20}(?:no developer tools|no developer directory|tool)",
            r"agree(?:d)? to the Xcode (?:and Apple SDKs )?license",
            r"Unknown compiler\(s\): \[\['(?:cc|gcc|c\+\+|g\+\+|clang)'",
            *_CMAKE_FINDS_NONE,
            r"(?:is not a full path to|could not be found in the PATH)[^\n]{0,80}compiler",
            r"no acceptable C compiler found",
            r"C(?:\+\+)? compiler cannot create executables",
            r"linker `cc` not found",
            r"(?:failed to find tool|Failed to find tool)[^\n]{0,60}(?:cc|gcc|g\+\+|c\+\+|clang)\b",
            r"is `(?:cc|gcc|c\+\+|g\+\+|clang)` (?:not )?installed",
            r"error trying to exec 'cc1(?:plus)?'",
            r"cannot execute '?cc1(?:plus)?'?",
            r"cannot find (?:Scrt1|crt1|crti)\.o",
            r"Broken toolchain: cannot link a simple C",
            r"No working (?:C|C\+\+)? ?compiler (?:was )?found",
            r"Could not find (?:a |any )?(?:suitable |working )?C(?:\+\+)? compiler",
        ),
        _off_windows,
    ),
    Rule(MISSING_C_COMPILER, Stage.BUILD, _HEADERS, _is_a_standard_header),
    Rule(MISSING_C_COMPILER, Stage.BUILD, _TEST_FAILS, _off_windows, confidence="likely"),
    Rule(MISSING_MSVC, Stage.BUILD, _TEST_FAILS, _on_windows, confidence="likely"),
    Rule(
        MISSING_BUILD_TOOL,
        Stage.BUILD,
        (
            rf"unable to execute '?{_TOOLS}'?: No such file",
            rf"command '?{_TOOLS}'? failed: (?:No such file|None)",
            rf"(?:No such file or directory|cannot find the file specified|找不到指定的文件。?): '{_TOOLS}'",
            rf"(?:^|[\s/:]){_TOOLS}: (?:command )?not found",
            rf"['\"`]{_TOOLS}['\"`] (?:is |was )?not found",
            rf"make(?:\[\d\])?: {_TOOLS}: (?:Command not found|No such file)",
            rf"'{_TOOLS}' is not recognized",
            rf"(?:check_call|check_output|run|call|Popen|spawn)\(\[?['\"]{_TOOLS}['\"][^\n]{{0,200}}\n(?:[^\n]{{0,200}}\n){{0,7}}?[^\n]{{0,40}}(?:\[WinError 2\]|\[Errno 2\])",
            r"(?P<name>CMake) must be installed",
            r"from (?P<name>cmake) import cmake",
            r"No module named '?(?P<name>cmake|ninja)'?$",
            r"Problem with the (?P<name>CMake) installation",
            r"Cannot find (?P<name>cmake|swig|ninja|make)\b",
            r"(?P<name>CMake) \d[\d.]{1,8} or higher is required",
            r"(?:Could not|Couldn't) (?:find|detect) (?P<name>ninja|cmake|swig|protoc|bazel|nasm|pkg-config)\b",
            r"(?P<name>Ninja) is required to",
            r"Could not detect (?P<name>Ninja)",
            r"unable to find a build program corresponding to \"(?:Unix Makefiles|(?P<name>Ninja))\"",
            r"The (?P<name>pkg-config) (?:script|command|utility)[^\n]{0,40} could not be (?:found|executed)",
            r"(?P<name>pkg-config) (?:is |was )?(?:not found|required|not installed|missing)",
            r"Could not run `[^`\n]{0,200}(?P<name>pkg-config)[^\n]{0,300}could not be found",
            r"Did not find (?P<name>pkg-config) by name",
            r"(?P<name>Pkg-config) [^\n]{0,60}(?:NOT FOUND|not found)",
            r"no (?P<name>Fortran) compiler (?:was )?found",
            r"Unknown compiler\(s\): \[\['(?P<name>gfortran|flang)",
            r"No CMAKE_(?P<name>Fortran)_COMPILER could be found",
            r"Could not find `(?P<name>protoc)`",
            r"Could not find (?:the )?(?P<name>protoc)\b",
            r"JAVA_HOME is not set|Unable to find (?P<name>javac)",
            r"(?P<name>qmake) (?:executable )?(?:could )?not (?:be )?found",
            r"specify a working qmake|sipbuild[^\n]{0,60}(?P<name>qmake)",
            r"(?P<name>swig) (?:is |was )?(?:not found|not installed|required)",
            r"requires (?P<name>swig|cmake|ninja|nasm|protoc|bazel)\b[^\n]{0,40}(?:install|to be installed|not)",
            r"(?P<name>bison|flex|autoconf|automake|libtool|patchelf|swig|nasm|cmake)\b[^\n]{0,20} not (?:found|installed)",
        ),
    ),
    Rule(
        MISSING_SYSTEM_LIBRARY,
        Stage.BUILD,
        (
            r"(?P<name>pg_config)(?: executable)? not found",
            r"(?P<name>mysql_config|mariadb_config)(?:: command)? not found",
            r"Can not find valid pkg-config name",
            r"configure: error: [^\n]{0,40}(?:cannot|could not|unable to|couldn't|can't) find (?:the )?(?P<name>lib(?!tool)\w{1,40})",
            r"configure: error: (?:the )?(?P<name>lib(?!tool)\w{1,40})[^\n]{0,40} (?:not found|(?:is )?required|(?:is )?missing)",
            r"configure: error: Package requirements \((?P<name>[\w.+-]{1,60})",
            r"(?P<name>xmlsec1) is not installed",
            r"You need to install (?P<name>postgresql)-server-dev",
            r"(?:Did not find|Could not find|Cannot find|No such file or directory:) '?(?P<name>[\w.-]{2,40}-config)\b",
            r"\b(?P<name>[a-z][\w.]{1,30}-config): (?:command )?not found",
            r"Could not run (?P<name>[\w-]{2,30}-config)\b",
            r"Unable to run [\"']?(?P<name>[\w-]{2,30}-config)",
            r"(?:find|locate|run|execute|executing) [`'\"]?(?P<name>gdal-config|llvm-config|krb5-config|curl-config|xslt-config|xml2-config|sdl2?-config|geos-config|freetype-config|net-snmp-config)",
            r"(?P<name>llvm-config|krb5-config|gdal-config) failed",
            r"headers or library files could not be found for (?P<name>\w{2,30})",
            r"RequiredDependencyException: (?P<name>\w{2,30})",
            r"make sure the (?P<name>libxml2) and libxslt development packages",
            r"Could not find directory of (?P<name>OpenSSL) installation",
            r"Could not find (?P<name>openssl) via pkg-config",
            r"Unable to find (?P<name>libclang)",
            r"(?P<name>OpenBLAS|BLAS|LAPACK)(?:/LAPACK)? libraries (?:not )?(?:found|are not)",
            r"No (?P<name>BLAS)/LAPACK libraries found",
            r"[Nn]o (?P<name>lapack/blas|lapack|blas) resources found",
            r"Unable to load dependency (?P<name>HDF5)",
            r"could not find a local (?P<name>HDF5) installation",
            r"(?P<name>geos_c|GEOS)(?: C)? library (?:was )?not found",
            r"GDAL API version must be specified|(?P<name>GDAL) (?:headers|library|development)[^\n]{0,40}not found",
            r"(?P<name>portaudio|libsndfile|libusb|libmagic|snappy|leveldb|rocksdb|libvirt|libffi|libcurl|libpcap|enchant|libpq|openssl|hdf5|netcdf|proj|freetype|libpng|zlib|eigen3?)\b[^\n]{0,20} (?:library )?(?:was |is )?(?:not (?:found|installed)|missing)",
        ),
    ),
    Rule(
        MISSING_SYSTEM_LIBRARY,
        Stage.BUILD,
        (
            *_HEADERS,
            r"cannot find -l(?P<name>[\w.+-]{1,60})",
            r"library not found for -l(?P<name>[\w.+-]{1,60})",
            r"ld: library '(?P<name>[\w.+-]{1,60})' not found",
            *_LIBRARIES_OF_MSVC,
            r"Package '?(?P<name>[\w.+-]{1,60})'?,? (?:was not found in the pkg-config|required by '[^'\n]{1,80}', not found)",
            r"No package '(?P<name>[\w.+-]{1,60})' found",
            r"The system library `(?P<name>[\w.+-]{1,60})` required by crate",
            r"shared library for `(?P<name>[\w.+-]{1,60})`",
            rf"library that provides \"{_HEADER}\"",
            r"Dependency \"?(?P<name>[\w.+-]{1,60})\"? not found",
            r"Could NOT find (?P<name>[\w.+-]{2,60})(?: \(missing|,| )",
            r"Could not find a package configuration file provided by \"(?P<name>[\w.+-]{2,60})\"",
            r"pkg-config[^\n]{0,200} (?:--\S{1,20} ){0,4}'?(?P<name>[a-z][\w.+-]{1,60})'?[^\n]{0,40} returned non-zero exit status 1\b",
            r"error while loading shared libraries: (?P<name>lib[\w.+-]{1,60}\.so[\d.]{0,12})",
            r"(?P<name>lib(?!python|cuda|cudart|cudnn|cublas|nv|torch|c10|cusparse|cufft|curand|nccl)[\w.+-]{1,60}\.so[\d.]{0,12}): cannot open shared object file",
            r"(?:Please|You (?:need|must|have) to|must) install (?:the )?(?P<name>lib[\w.+-]{2,40}|[\w.+-]{2,40}-dev(?:el)?)\b",
        ),
        _is_a_library,
    ),
    Rule(
        MISSING_SYSTEM_LIBRARY,
        Stage.ANSWER,
        FAILED_BUILD,
        wheels.links_to_a_library,
        confidence="likely",
        title="{package} links to a library of the system, and its build failed: its development files are most likely missing.",
    ),
)
