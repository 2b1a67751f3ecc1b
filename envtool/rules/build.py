"""What stands in the way of a build: modules that it lacks, tools that moved on, source that is out of date or broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.rules.rule import Cause, Rule, Stage

if TYPE_CHECKING:
    from envtool.rules.log import Log

UNDECLARED_BUILD_DEP = Cause(
    id="undeclared-build-dep",
    what="a module that the build needs is not declared, or isolation is off and it is not installed",
    recognise="`No module named 'numpy'` (Cython, setuptools, wheel, cffi ...) below setup.py; `invalid command 'bdist_wheel'`",
    title="The build of {package} needs {name}, which it does not declare and does not find.",
    why="A build runs in an environment of its own that holds only what pyproject.toml declares; with isolation switched off it sees the environment, which may lack setuptools or wheel.",
    fix=(
        "{pip} setuptools wheel {name}",
        "{install} --no-build-isolation  # the build then sees what is installed",
        "# in a project of your own: name it under [build-system] requires in pyproject.toml",
    ),
    neighbours=(
        ("build-needs-torch", "the module is torch"),
        ("pkg-resources-removed", "the module is pkg_resources"),
        ("distutils-removed", "the module is distutils"),
        ("broken-python-env", "the module belongs to Python or pip itself"),
        ("tmp-noexec", "it was installed, into a folder where it may not run"),
    ),
    source="PEP 517 and PEP 518; pip documentation, build isolation",
)
PKG_RESOURCES_REMOVED = Cause(
    id="pkg-resources-removed",
    what="the source imports pkg_resources, which setuptools 82 and later no longer have",
    recognise="`No module named 'pkg_resources'` under pip-build-env",
    title="{package} imports pkg_resources, which the newest setuptools no longer has.",
    why="The build environment takes the newest setuptools unless it is held back. There is no project pkg_resources to install.",
    fix=(
        "{install_newest}  # a release that no longer needs it",
        "echo 'setuptools<81' > build-constraints.txt",
        "PIP_CONSTRAINT=build-constraints.txt {install}  # reaches the build environment; uv: --build-constraints",
    ),
    neighbours=(
        ("undeclared-build-dep", "another module"),
        ("build-backend-too-new", "setuptools is there, and a command of it is gone"),
        ("no-wheel-for-python", "the source was taken only because no wheel fits this Python"),
    ),
    source="setuptools changelog, 82.0; pip documentation, constraints",
)
BUILD_BACKEND_TOO_NEW = Cause(
    id="build-backend-too-new",
    what="the newest setuptools, Cython, numpy or CMake dropped something that an old source uses",
    recognise="`use_2to3 is invalid`, `AttributeError: cython_sources`, `setuptools.command.test`, errors over license or dash-separated keys",
    title="{package} was written for older build tools: the newest {tool_name} dropped what it uses.",
    why="The build environment takes the newest release of each tool unless the source holds it back, and this one does not.",
    fix=(
        "{install_newest}  # a release made for the newer tools",
        "printf 'setuptools<58\\ncython<3\\n' > build-constraints.txt",
        "PIP_CONSTRAINT=build-constraints.txt {install}  # reaches the build environment; uv: --build-constraints",
    ),
    neighbours=(
        ("pkg-resources-removed", "it is pkg_resources that is gone"),
        ("python-api-removed", "it is Python that moved on, not the tools"),
        ("broken-source-package", "no version of the tools would take it"),
    ),
    source="changelogs of setuptools 58, 66, 72, 78, Cython 3.0, numpy 1.26, CMake 4.0",
)
DISTUTILS_REMOVED = Cause(
    id="distutils-removed",
    what="the build needs distutils, which Python 3.12 and later do not have",
    recognise="`No module named 'distutils'`, in pip 26 under backend-unavailable",
    title="{package} builds with distutils, which {python} does not have.",
    why="PEP 632 took distutils out of Python 3.12; an old setuptools or setup script still imports it.",
    fix=(
        "{install_newest}  # a version with wheels for this Python",
        "uv venv --python 3.11 && uv pip install {requirement}  # or a Python that has it",
    ),
    neighbours=(
        ("python-api-removed", "another module or attribute of Python that is gone"),
        ("undeclared-build-dep", "a module that was never Python's"),
        ("no-wheel-for-python", "the source was taken only because no wheel fits"),
    ),
    source="PEP 632; Python 3.12, what's new",
)
PYTHON_API_REMOVED = Cause(
    id="python-api-removed",
    what="the source uses a part of Python, or of its C interface, that this Python no longer has",
    recognise="`pkgutil.ImpImporter`, `longintrepr.h`, `ob_digit`, `_PyLong_AsByteArray`, `SafeConfigParser`, `Missing parentheses in call to 'print'`",
    title="{package} is older than {python}: it uses a part of Python that is gone.",
    why="Each Python drops what was deprecated for years. C sources made by an old Cython reach into Python's insides, which change with every version.",
    fix=(
        "{install_newest}  # a release made for this Python",
        "uv venv --python {other_python} && uv pip install {requirement}  # or a Python of its time",
    ),
    neighbours=(
        ("distutils-removed", "the module is distutils"),
        ("pip-too-old", "the traceback is pip's own"),
        ("missing-python-headers", "Python.h itself is missing; longintrepr.h cannot be installed"),
        ("missing-system-library", "a header of another library"),
    ),
    source="What's new in Python 3.8 to 3.14, removed; Cython changelog",
)
BROKEN_SOURCE_PACKAGE = Cause(
    id="broken-source-package",
    what="the source of the package is itself wrong: a file is missing, its configuration is invalid",
    recognise="a missing requirements.txt or README below setup.py, `Multiple top-level packages discovered in a flat-layout`, an invalid pyproject.toml",
    title="The source of {package} is broken: it cannot be built anywhere as it is.",
    why="The archive lacks a file that its setup script reads, or its configuration is invalid. It worked in its author's checkout.",
    fix=(
        "{install_newest}  # another release",
        "# report it to the project, with the line above",
        "# in a project of your own: name the packages ([tool.setuptools] packages) and the files (MANIFEST.in)",
    ),
    neighbours=(
        ("encoding-error", "the file is there, and is read in the wrong encoding"),
        ("build-backend-too-new", "an older tool would take it"),
        ("invalid-requirement", "the missing file was named on the command line"),
    ),
    source="setuptools documentation, package discovery; PEP 621; hatchling, flit, poetry-core",
)

GONE_MODULES = (  # since Python 3.0, 3.9, 3.10, 3.12, 3.13
    "ConfigParser|urllib2|__builtin__|HTMLParser|c?StringIO|cPickle|commands|Queue|Tkinter|urlparse|httplib|cookielib|"
    "exceptions|md5|sets|sha|anydbm|copy_reg|thread|xmlrpclib|dummy_threading|_bootlocale|macpath|binhex|"
    "formatter|parser|symbol|asynchat|asyncore|imp|smtpd|aifc|audioop|cgi|cgitb|chunk|crypt|imghdr|lib2to3|mailcap|msilib|"
    "nis|nntplib|ossaudiodev|pipes|sndhdr|spwd|sunau|telnetlib|uu|xdrlib"
)
_KNOWN_BETTER = re.compile(  # modules that other causes speak of
    rf"{GONE_MODULES}|ensurepip|venv|encodings|_ctypes|zlib|_bz2|_lzma|_sqlite3|_socket|_ssl|_struct|_posixsubprocess|"
    r"_hashlib|readline|_?tkinter|_uuid|_elementtree|pyexpat|distutils|pkg_resources|torch|setuptools_rust|fcntl|termios|"
    r"pwd|grp|resource|_?winreg|msvcrt|_curses|cmake|ninja"
)

_TOOL_FRAME = r"(?:site-packages|dist-packages|overlay)\S{0,120}[/\\](?:setuptools|_?distutils|Cython|wheel|hatchling|mesonpy)[/\\]"


def _builds(log: Log, _match: re.Match[str]) -> bool:
    return log.run.build_failed or log.says(
        "setup.py",
        "build backend",
        "cythonize",
        "running build",
        "backend-unavailable",
        "backendunavailable",
        "backendunavailable",
    )


def _is_undeclared(log: Log, match: re.Match[str]) -> bool:
    """A module of some project, that the build asks for, and not one that another cause knows better."""
    module = match["name"].partition(".")[0]
    return _builds(log, match) and not _KNOWN_BETTER.fullmatch(module)


def _before_python_312(log: Log, _match: re.Match[str]) -> bool:
    return log.run.python is not None and log.run.python < (3, 12)


def _since_python_312(log: Log, match: re.Match[str]) -> bool:
    return not _before_python_312(log, match)


def _is_read_by_its_setup_script(log: Log, match: re.Match[str]) -> bool:
    """A file of the package's own, named without the folder that the installer was asked for."""
    return _builds(log, match) and not re.match(r"(?:/usr|/opt|/etc|/bin|/lib|[A-Z]:\\Program)", match["name"])


RULES = (
    Rule(
        PKG_RESOURCES_REMOVED,
        Stage.BUILD,
        (r"No module named '?pkg_resources'?(?![\w.])",),
    ),
    Rule(
        DISTUTILS_REMOVED,
        Stage.CHOICE,
        (r"No module named '?distutils(?:'|\.(?!msvccompiler)|$)",),
        _since_python_312,
        over=("undeclared-build-dep",),
    ),
    Rule(
        BUILD_BACKEND_TOO_NEW,
        Stage.CHOICE,
        (
            r"(?P<option>use_2to3) is invalid",
            r"AttributeError: cython_sources",
            r"has no attribute 'cython_sources'",
            r"No module named '?setuptools\.(?:command\.test|extern|_distutils\.msvccompiler|py31compat|lib2to3_ex|py33compat|_deprecation)",
            r"No module named '?(?:distutils|numpy\.distutils|setuptools)\.msvccompiler",
            r"No module named '?numpy\.distutils",
            r"cannot import name '(?:Feature|test|packaging|Require|build_py_2to3|py31compat|Library|convert_path)' from '(?:setuptools|pkg_resources|distutils)",
            r"PEP517_BUILD_BACKEND",
            r"No module named '?(?:pip\.(?:req|download|_internal\.req|_internal\.download)|req$|distribute_setup|ez_setup)",
            r"cannot import name '?(?:parse_requirements|PipSession)'? from 'pip",
            r"Invalid dash-separated key",
            r"dash-separated '[\w-]{1,40}'[^\n]{0,60}(?:not be supported|not supported)",
            r"License classifiers have been superseded",
            r"`?project\.license`? must be",
            r"'license' must be|license-files?'? (?:must|is not)",
            r"InvalidConfigError",
            r"undeclared name not builtin: \w{1,40}",
            r"Compatibility with CMake < \d\.\d{1,2} has been removed",
            r"Policy CMP\d{4} may not be set to OLD",
            r"invalid command '(?:test|upload|bdist_wininst|upload_docs|develop|rotate)'",
            r"canonicalize_version\(\) got an unexpected keyword",
            r"CCompiler_spawn\(\) got an unexpected keyword",
            r"got an unexpected keyword argument 'strip_trailing_zero'",
            r"Cannot assign type '[^'\n]{1,200}' to '[^\n]{1,400}(?:noexcept|Exception values are incompatible)",
            r"Exception values are incompatible",
            r"(?:setuptools|Cython|cython|numpy) version (?:must be|is too new|should be) [^\n]{0,40}",
            r"module 'setuptools(?:\.\w{1,30})?' has no attribute '\w{1,40}'",
            r"module 'pkg_resources' has no attribute",
            r"module 'Cython(?:\.\w{1,40})?' has no attribute",
            r"'Distribution' object has no attribute",
            r"'build_ext' object has no attribute",
            r"(?:'|has no attribute ')convert_2to3_doctests",
            r"Cython\.Compiler\.Errors\.CompileError",
            r"test_suite is invalid|tests_require is invalid|dist must be a Distribution instance",
        ),
        over=("undeclared-build-dep", "broken-source-package", "bad-metadata"),
    ),
    Rule(
        PYTHON_API_REMOVED,
        Stage.CHOICE,
        (
            r"module 'pkgutil' has no attribute 'ImpImporter'",
            r"longintrepr\.h",
            r"(?:no member named '|has no member named ')(?:ob_digit|curexc_type|exc_type|exc_value|tp_print|use_tracing|frame|recursion_depth|wstr|f_code|f_localsplus|co_code|ob_shash|hash|recursion_limit)'",
            r"no member named '\w{1,40}' in 'struct _(?:ts|is|frame|typeobject|longobject|object)'",
            r"'Py(?:ThreadState|InterpreterState|FrameObject|CodeObject|TypeObject|LongObject|ASCIIObject|UnicodeObject|Object)\W[^\n]{0,80}has no member named",
            r"C2039: '(?:ob_digit|curexc_type|exc_type|tp_print|use_tracing|frame|wstr|ob_shash)'",
            r"(?:too few|too many) arguments (?:to|for|in)[^\n]{0,30}'?_?Py\w{2,60}",
            r"C2198: '_?Py\w{2,60}'",
            r"incomplete type(?:def)? '(?:PyFrameObject|struct _frame|PyThreadState|struct _ts|PyInterpreterState)",
            r"lvalue required as left operand[^\n]{0,40}\n[^\n]{0,200}Py_(?:TYPE|SIZE|REFCNT)",
            r"expression is not assignable[^\n]{0,20}\n[^\n]{0,200}Py_(?:TYPE|SIZE|REFCNT)",
            r"(?:undeclared|implicit declaration|undefined symbol|was not declared|use of undeclared identifier|undefined reference to|identifier not found)[^\n]{0,60}'?_?Py(?:Unicode_(?:AS_|Get|From|Encode|GET_)\w{0,40}|Eval_\w{1,40}|Object_As\w{1,40}|CFunction_Call|Gen_\w{1,40}|Code_New\w{0,20}|List_Extend|Dict_\w{0,60}|Frame_\w{0,40}|Interpreter\w{0,40}|ThreadState\w{0,40}|CObject_\w{1,40}|Int_\w{1,40}|String_\w{1,40}|Class_\w{0,40}|Bytes_\w{0,40}|Module_\w{0,40}|InitModule\w{0,10}|Cached\w{0,30}|Float_\w{1,30}|Thread_\w{1,30}|Err_\w{0,30}|Trashcan\w{0,30}|_UNICODE\w{0,30})",
            r"'_?Py(?:Unicode_\w{1,40}|Eval_\w{1,40}|CFunction_\w{1,30}|Object_As\w{1,30}|Int_\w{1,30}|String_\w{1,30}|CObject_\w{1,30})'[^\n]{0,20} (?:undeclared|was not declared)",
            r"Py_UNICODE[^\n]{0,40}(?:undeclared|unknown type|was not declared)",
            r"unknown type name '(?:Py_UNICODE|PyCFunctionFast|_PyCFunctionFast)'",
            r"module 'configparser' has no attribute 'SafeConfigParser'",
            r"has no attribute 'readfp'",
            r"module 'ast' has no attribute",
            r"module 'inspect' has no attribute '(?:getargspec|formatargspec)'",
            r"module 'collections' has no attribute",
            r"cannot import name '\w{1,40}' from 'collections'",
            r"cannot import name '(?:gcd|SafeConfigParser|getargspec|formatargspec|coroutine|soft_unicode_std|unescape|cgi|escape|Mapping|Iterable|Callable|MutableMapping)' from '(?:fractions|configparser|inspect|asyncio|html|cgi|collections|typing|importlib|ast)",
            r"cannot import name '?(?:izip|imap|ifilter|izip_longest|maketrans|ClassType|StringTypes?|ListType|quote|unquote|urlencode|urlopen|urlretrieve)'? from '(?:itertools|string|types|urllib)",
            r"module 'platform' has no attribute '(?:linux_distribution|dist|popen)'",
            r"module '(?:time|os|string|sys|types|locale|gettext|asyncio|importlib|imp|math|cgi|base64|random|threading|unittest|typing|tarfile|zipimport|ssl|pipes|itertools|operator|urllib|array|fractions|plistlib|html|xml\.etree\.\w{1,20}|logging|shutil)' has no attribute '\w{1,40}'",
            r"'HTMLParser' object has no attribute 'unescape'",
            r"'\w{1,40}' object has no attribute '(?:isAlive|decode|tostring|fromstring|getchildren|has_key|iteritems|itervalues|decodestring|encodestring|assertItemsEqual)'",
            r"invalid mode: '(?:rU|U|Ur|rUb)'",
            rf"No module named '?(?:{GONE_MODULES})'?(?![\w.])",
            r"Missing parentheses in call to '(?:print|exec)'",
            r"multiple exception types must be parenthesized",
            r"(?:^\s{0,80}except [\w.]{1,60}, \w{1,40}:|\basync\b)[^\n]{0,120}\n\s{0,120}\^{1,20}\s{0,9}SyntaxError: invalid syntax",
            r"NameError: (?:global )?name '(?:unicode|xrange|execfile|raw_input|reduce|basestring|file|long|unichr|cmp|apply|reload)' is not defined",
            r"leading zeros in decimal integer literals are not permitted",
            r"Did you mean print\(",
            r"'find_module'|has no attribute '(?:find_module|load_module|find_loader)'",
            r"_PyLong_AsByteArray",
        ),
        over=("undeclared-build-dep", "missing-system-library", "missing-python-headers", "distutils-removed"),
    ),
    Rule(
        UNDECLARED_BUILD_DEP,
        Stage.BUILD,
        (
            r"No module named '?(?P<name>[A-Za-z_][\w.]{0,80})",
            r"Cannot import (?:build backend )?'(?P<name>[\w.]{1,60})(?::\w{1,40})?'",
            r"Backend '(?P<name>[\w.]{1,60})(?::[\w.]{1,40})?' is not available",
        ),
        _is_undeclared,
        confidence="likely",
    ),
    Rule(
        UNDECLARED_BUILD_DEP,
        Stage.BUILD,
        (
            r"invalid command 'bdist_(?P<name>wheel)'",
            r"build dependencies for [^\n]{1,300} are missing: '(?P<name>[\w.-]{1,60})",
            r"since (?P<name>setuptools) is not available in the build environment",
            r"Unknown compiler\(s\): \[\['(?P<name>cython)",
            r"import (?P<name>numpy|pybind11)\b[^\n]{0,300} failed with status",
            r"(?P<name>Cython)(?: \S{1,20})? does(?: not|n't) appear to be installed",
            r"(?P<name>numpy)/(?:arrayobject|npy_\w{1,30}|ndarray\w{1,30}|ufuncobject)\.h",
            r"(?P<name>pybind11|nanobind)/\w{1,40}\.h['\">]{0,2}:? (?:No such|file not)",
            r"(?:[Pp]lease|must|need to|You need|have to) (?:first )?(?:pip )?install (?:the )?['\"`]?(?P<name>[Cc]ython|numpy|setuptools|wheel|cffi|pybind11|scikit-build|packaging|scipy|mpi4py|pkgconfig)\b",
            r"(?<![\w.-])(?P<name>[Cc]ython|numpy|NumPy|pybind11|cffi|wheel)\b(?!-)[^\n]{0,20} (?:is |must be )?(?:required(?! to install)|not (?:found|installed|available))",
            r"(?:requires|needs) (?P<name>[Cc]ython|numpy|pybind11)\b(?! ?[\[(<>=~!;,]| \d)",
            r"unable to execute '?(?P<name>cython)'?",
            r"\b(?P<name>cython): (?:command )?not found",
            r"command '?(?P<name>cython)\d?'? failed",
            r"Missing (?:build )?dependencies:\s{1,20}(?P<name>[\w.-]{1,60})",
            r"Could NOT find (?P<name>pybind11|Cython|NumPy|nanobind)\b",
            r"configuration file provided by \"(?P<name>pybind11|nanobind)\"",
            r"Could not find suitable distribution for Requirement\.parse\('(?P<name>[\w.-]{1,60})",
            r"DistributionNotFound: The '(?P<name>[\w.-]{1,60})",
            r"the '(?P<name>wheel)' package is not installed",
        ),
    ),
    Rule(
        BROKEN_SOURCE_PACKAGE,
        Stage.BUILD,
        (
            r"Multiple top-level (?:packages|modules) discovered",
            r"invalid pyproject\.toml config",
            r"configuration error: `",
            r"Failed to parse metadata from built wheel",
            r"Metadata field \w{1,30} not found",
            r"package directory '(?P<name>[^'\n]{1,200})' does not exist",
            r"error: (?:file|package) '(?P<name>[^'\n]{1,200})' does not exist",
            r"Readme file does not exist",
            r"Unable to determine which files to ship",
            r"unable to detect version for",
            r"Unable to (?:find|determine|get) (?:the )?(?:package )?version(?: string)?",
            r"does not contain any element",
            r"No file/folder found for (?:package|module)",
            r"Expected a Python module (?:with an|at|with)\b",
            r"can't copy '(?P<name>[^'\n]{1,200})': doesn't exist",
            r"Field `project[\w.]{0,40}`[^\n]{0,60}(?:must|required)|of field `project[\w.]{0,40}` (?:is|must)",
            r"does not appear to be a Python project",
            r"TOML parse error|TOMLDecodeError|TOMLKitError",
            r"Neither 'setup\.py' nor 'pyproject\.toml' found",
            r"neither (?:a )?'?setup\.py'? nor (?:a )?'?pyproject\.toml'? (?:is |are )?(?:found|present)",
            r"(?:gcc|g\+\+|cc|clang|clang\+\+|cc1|cc1plus)(?:-\d{1,2})?: (?:fatal )?error: (?P<name>[\w./+-]{1,200}\.(?:c|cc|cpp|cxx|m|mm|pyx)): No such file",
            r"clang: error: no such file or directory: '(?P<name>[\w./+-]{1,200}\.(?:c|cc|cpp|cxx))'",
            r"does not (?:contain|appear to contain) (?:a )?CMakeLists\.txt",
            r"contain a build file meson\.build",
            r"No rule to make target '(?P<name>[^'\n]{1,200})'",
            r"error in [\w.-]{1,99} setup command: ",
            r"KeyError: '(?:__version__|version|name|project|tool)'",
            r"'(?P<name>[\w./-]{1,200}\.(?:pyx|pxd|pyi))' (?:doesn't|does not) (?:exist|match any files)",
            r"pyproject\.toml[^\n]{0,80}(?:is not valid|is invalid|does not contain|missing)",
            r"project\.(?:name|version|dynamic)\b[^\n]{0,60}(?:must|missing|required|not)",
            r"No files were found to|not a valid (?:Python )?package name",
            r"(?:VERSION|version\.txt|README\S{0,8}|CHANGELOG\S{0,8}|requirements\S{0,20}\.txt)[^\n]{0,20} (?:not found|does not exist)",
            r"submodule[^\n]{0,60}(?:not (?:found|initialized|checked out)|missing|empty)",
            r"directory '[^'\n]{0,200}' is not installable\. File 'setup\.py' not found",
            r"has no metadata|missing (?:the )?METADATA|METADATA file[^\n]{0,20} not found",
        ),
    ),
    Rule(
        BROKEN_SOURCE_PACKAGE,
        Stage.ANSWER,
        (
            r"(?:FileNotFoundError|IOError|OSError|EnvironmentError)[^\n]{0,20}\[Errno 2\] No such file or directory: ['\"](?P<name>[^'\"\n]{1,300})['\"]",
        ),
        _is_read_by_its_setup_script,
        confidence="likely",
    ),
    Rule(
        BUILD_BACKEND_TOO_NEW,
        Stage.GUESS,
        (
            _TOOL_FRAME
            + r"[^\n]{0,200}\n(?:[^\n]{0,200}\n){1,2}?\s{0,40}(?:AttributeError|TypeError|ImportError|KeyError): [^\n]{1,200}",
        ),
        _builds,
        confidence="possible",
        title="A build tool that {package} uses ends in an error of its own: it may be too new for this source.",
    ),
    Rule(
        BROKEN_SOURCE_PACKAGE,
        Stage.GUESS,
        (
            r"^\s{0,40}(?:SyntaxError|NameError|IndentationError|TabError): [^\n]{1,200}",
            r"^\s{0,40}(?:AttributeError|TypeError|KeyError|ValueError|IndexError|AssertionError|ImportError): [^\n]{1,200}",
        ),
        _builds,
        confidence="possible",
        title="The setup script of {package} ends in an error of its own.",
    ),
)
