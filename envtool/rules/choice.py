"""What was chosen cannot serve here: no wheel for this Python or platform, or an installer that is too old."""

from __future__ import annotations

from envtool.rules import wheels
from envtool.rules.rule import Cause, Rule, Stage

NO_WHEEL_FOR_PYTHON = Cause(
    id="no-wheel-for-python",
    what="the version that was asked for has no wheel for this Python",
    recognise="a `.tar.gz` is chosen of a project that publishes wheels; `(from versions: none)` for a project with wheels alone; a list of versions that starts above the pin",
    title="{package}{version}{wanted} has no wheel for {python}: nothing is found, or its source has to be built and fails.",
    why="Wheels are made for the Pythons that exist when a version comes out. A newer Python finds none, an old version never gets one later, and what the log says last, such as a missing compiler, is but the consequence.",
    fix=(
        "{torch}",
        "{install_newest}  # a newer version, which may have wheels for this Python",
        "uv venv --python {other_python} && uv pip install {requirement}  # or a Python that it has wheels for",
    ),
    neighbours=(
        ("requires-python-mismatch", "the project's own metadata excludes the Python, and pip says so"),
        ("platform-unsupported", "no wheel for this system or processor, whatever the Python"),
        ("missing-msvc", "the compiler is missed only because no wheel fits"),
        ("name-not-found", "`(from versions: none)` for a name that no project has"),
    ),
    source="packaging.python.org: platform compatibility tags; the wheels that projects published, envtool/data/first_wheels.tsv",
)
REQUIRES_PYTHON_MISMATCH = Cause(
    id="requires-python-mismatch",
    what="the project says that it does not run on this Python",
    recognise="`requires a different Python: 3.9.18 not in '>=3.10'`, `Ignored the following versions that require a different python version`",
    title="{package} does not run on {python}{asks_for}.",
    why="A project states which Pythons it supports, and the installer takes no version that excludes the one it installs for.",
    fix=(
        "python -m pip --version  # which Python this pip belongs to",
        "uv venv --python {other_python} && uv pip install {requirement}  # a Python that it supports",
        "{install_newest}  # or a version that supports this Python",
    ),
    neighbours=(
        ("no-wheel-for-python", "the metadata allows the Python, and there is no wheel"),
        ("resolver-conflict", "another requirement excludes the versions that would fit"),
    ),
    source="PEP 345 and PEP 503, Requires-Python; messages of pip, uv and poetry",
)
PLATFORM_UNSUPPORTED = Cause(
    id="platform-unsupported",
    what="the project does not serve this system, processor or libc",
    recognise="`does not support Windows`; `(from versions: none)` or a `.tar.gz` on Alpine, 32-bit ARM or Windows on ARM",
    title="{package} is not published for this platform{platform}.",
    why="Wheels are built for the common platforms. Alpine needs musllinux wheels, a 32-bit Python needs 32-bit ones, and some projects leave a system out altogether.",
    fix=(
        'python -c "import platform, sys; print(platform.platform(), platform.machine(), sys.maxsize > 2**32)"  # what pip looks for',
        "docker run -it python:{other_python}-slim  # glibc in place of Alpine's musl; on Windows: WSL, a 64-bit Python",
        "# in a requirements file, leave it out elsewhere: {package}; sys_platform == 'linux'",
        "{torch}",
    ),
    neighbours=(
        ("no-wheel-for-python", "another Python on the same platform would find a wheel"),
        ("wheel-tag-mismatch", "a wheel file was named, and it is for another platform"),
        ("torch-local-version-index", "the version has +cu118 or +cpu behind it"),
    ),
    source="PEP 600 (manylinux), PEP 656 (musllinux); setup scripts that refuse a system",
)
WHEEL_TAG_MISMATCH = Cause(
    id="wheel-tag-mismatch",
    what="a wheel file that was named is for another Python or platform",
    recognise="`X.whl is not a supported wheel on this platform`",
    title="{wheel} is not for this interpreter: the tags in its name are not among those it takes.",
    why="The name of a wheel ends in Python, ABI and platform; all three have to be among those of the interpreter that runs pip.",
    fix=(
        "python -m pip debug --verbose  # lists the tags this interpreter takes, best first",
        "{pip} {package}  # let pip choose the file",
    ),
    neighbours=(
        ("platform-unsupported", "no file was named, and none fits"),
        ("pip-too-old", "the tag is newer than pip: manylinux_2_28 with pip 19"),
    ),
    source="PEP 425, compatibility tags; pip's and uv's messages",
)
PIP_TOO_OLD = Cause(
    id="pip-too-old",
    what="pip, or its TLS, is too old for the package, the index or the Python",
    recognise="pip 9, 18 or 19 in the log, `No module named 'setuptools_rust'`, `TLSV1_ALERT_PROTOCOL_VERSION`, pip's own traceback over ImpImporter",
    title="pip is too old here{pip_version}: it does not see the wheel, or cannot speak to the index or run on this Python.",
    why="Each kind of wheel needs a pip that knows it: 19.0 for pyproject.toml and manylinux2010, 19.3 for manylinux2014, 20.3 for manylinux_2_28. An older one takes the source and tries to build it.",
    fix=(
        "python -m pip install --upgrade pip",
        "python -m ensurepip --upgrade  # where pip itself does not start any more",
        "{install}",
    ),
    neighbours=(
        ("missing-rust", "pip is new, and there is no wheel"),
        ("undeclared-build-dep", "the same module missing under a new pip"),
        ("ssl-verify", "the certificate is at fault, not the TLS version"),
        ("python-api-removed", "the traceback is the package's, not pip's"),
    ),
    source="pip's changelog; the debug assistance of cryptography's setup script; PEP 513, 571, 599, 600",
)

PIN = r"(?P<package>[A-Za-z0-9][\w.-]{0,99})(?:\[[^\]\n]{0,100}\])?"
_WANTED = rf"\b{PIN}(?P<wanted>[^(\n]{{0,200}}?)"
PINNED = rf"(?:satisfies the requirement|No matching distribution found for) {PIN}(?P<wanted>==\S{{1,60}})"
FROM_VERSIONS = rf"satisfies the requirement {_WANTED} (?:\(from [^()\n]{{0,400}}(?:\([^()\n]{{0,80}}\)[^()\n]{{0,300}})?\) ?)?\(from versions: ?(?P<versions>[^)\n]{{0,9000}})"
_SDIST_CHOSEN = r"(?:Downloading|Using cached|Downloaded) (?:\S{0,300}/)?(?P<package>[A-Za-z0-9][\w.-]{0,99}?)-(?P<version>\d[\w.!+]{0,40}?)\.(?:tar\.gz|tar\.bz2|zip)\b"
_SDIST_BUILT = (
    r"Project name: (?P<package>[\w.-]{1,60}) Project version: (?P<version>\d[\w.]{0,20})",
    r"Failed to (?:build|download and build|fetch wheel:) `?(?P<package>[\w.-]{1,99})==(?P<version>[\w.!]{1,40})",
)
FAILED_BUILD = (
    r"Failed building wheel for (?P<package>[\w.-]{1,99})",
    r"Building wheel for (?P<package>[\w.-]{1,99}) \([\w.]{1,20}\) (?:did not run successfully|\.\.\. error|: finished with status 'error')",
    r"Failed to (?:build|download and build) [`'](?P<package>[\w.-]{1,99})",
    r"Could not build wheels for (?P<package>[\w.-]{1,99})",
    r"failed with error code \d{1,3} in \S{1,200}[/\\](?P<package>[\w.-]{1,99}?)(?:_\w{32})?[/\\]?$",
)
_REFUSES_PYTHON = r"(?:Sorry, |only |requires |needs |supports? )?(?:at least )?[Pp]ython ?(?:version )?(?P<wanted>(?:>=? ?)?\d\.\d{1,2}(?:\.\d{1,2})?\+?)(?: or (?:later|newer|higher|above|greater))"

RULES = (
    Rule(
        PIP_TOO_OLD,
        Stage.MACHINE,
        (
            r"TLSV1_ALERT_PROTOCOL_VERSION",
            r"pip[/\\]_vendor[/\\]pkg_resources[/\\]__init__\.py[^\n]{0,80}\n(?:[^\n]{0,300}\n){0,8}?[^\n]{0,20}module 'pkgutil' has no attribute 'ImpImporter'",
            r"pip-\d[\w.]{0,12}[^\n]{0,40}\.whl[/\\]pip[/\\]_vendor[^\n]{0,200}\n(?:[^\n]{0,300}\n){0,8}?[^\n]{0,20}module 'pkgutil' has no attribute 'ImpImporter'",
            r"[/\\]pip[/\\]_(?:internal|vendor)[/\\](?!pyproject_hooks|pep517)[^\n]{1,200}\n(?:[^\n]{0,300}\n){1,2}?ModuleNotFoundError: No module named '(?:distutils|imp|cgi|pipes)\b",
            r"[/\\]pip[/\\]_(?:internal|vendor)[/\\](?!pyproject_hooks|pep517)[^\n]{1,200}\n(?:[^\n]{0,300}\n){1,2}?(?:ImportError|AttributeError): [^\n]{0,80}'collections'",
            r"egg_info for package from [^\n]{1,300}\.whl",
            r"editable mode currently requires a setup\.py based build",
            r"editable mode currently requires a setuptools-based build",
            r"Invalid environment marker: (?:platform_python_implementation|python_version|implementation_name|sys_platform)",
            r"requires setuptools >= 0\.8",
            r"Wheel-Version \([\d.]{1,8}\) is not compatible with this version of pip",
            r"=DEBUG ASSISTANCE=",
            r"invalid command 'egg_info'",
            r"no such option: --(?:break-system-packages|use-pep517|no-build-isolation|config-settings|dry-run|report|prefer-binary|use-feature|platform|only-binary|group|root-user-action)\b",
            r"Missing build dependencies: (?:setuptools_rust|setuptools-rust)",
        ),
        over=(
            "missing-rust",
            "undeclared-build-dep",
            "distutils-removed",
            "python-api-removed",
            "name-not-found",
            "network-unreachable",
            "ssl-verify",
        ),
    ),
    Rule(
        PIP_TOO_OLD,
        Stage.CHOICE,
        (
            r"No module named '?setuptools_rust",
            r"No module named '?(?:skbuild|scikit_build|cmake|poetry|flit_core|hatchling|mesonpy)",
        ),
        wheels.pip_predates_pyproject,
        over=("missing-rust", "undeclared-build-dep", "missing-build-tool"),
    ),
    Rule(
        PIP_TOO_OLD,
        Stage.CHOICE,
        (
            r"If you are using an outdated pip version, it is possible a prebuilt",
            r"can(?:'t| ?not) find (?:a |the )?Rust compiler",
            r"This package requires Rust",
            r"Failed building wheel for (?P<package>[\w.-]{1,99})",
            r"egg_info[^\n]{0,80} failed with error code 1",
        ),
        wheels.a_newer_pip_finds_a_wheel,
        confidence="likely",
        over=("missing-rust", "missing-c-compiler"),
    ),
    Rule(
        REQUIRES_PYTHON_MISMATCH,
        Stage.CHOICE,
        (
            rf"Package '?{PIN}'? requires a different Python: [\d.]{{1,12}}\S{{0,12}} not in '?(?P<wanted>[^'\n]{{1,80}})",
            rf"\b{PIN} requires Python '?(?P<wanted>[^'\n]{{1,60}}?)'? but the running Python is",
            r"Cannot install on Python version [\d.]{1,10}\S{0,8}; only versions (?P<wanted>\S{1,40}) are supported",
            r"current Python version \([\d.]{1,12}\S{0,8}\) does not satisfy Python(?P<wanted>\S{1,40})",
            r"requested Python version \([^)\n]{1,40}\) does not satisfy Python(?P<wanted>\S{1,40})",
            r"there are no versions of Python that satisfy Python(?P<wanted>\S{1,40})",
            r"incompatible with the project's Python requirement",
            r"(?:Python requirement|supported Python range) \([^)\n]{1,40}\) is not compatible with some of the required packages",
            rf"\b{PIN} requires Python (?P<wanted>\S{{1,40}}),? so it will not be (?:satisfied|installable) for Python",
            r"Python version \([\d.]{1,12}\) is not allowed by the project \((?P<wanted>[^)\n]{1,40})\)",
            r"Python version \S{1,12} is not supported by the project \((?P<wanted>[^)\n]{1,40})\)",
            r"Current Python version [\d.()]{1,14} is not (?:allowed|supported)",
            r"does not work on Python \d\.\d{1,2}\. The minimum supported Python version is (?P<wanted>\d\.\d{1,2})",
            r"Python(?: version)? (?P<wanted>(?:>=? ?|== ?)\d\.\d{1,2}(?:\.\d{1,2})?) ?(?:is )?required",
            rf"(?:Error|error|Exception|exit)[^\n]{{0,80}}{_REFUSES_PYTHON}",
            r"(?:Sorry|only|This (?:package|version|module|library|project|release|program))[^\n]{0,60} (?:requires|needs|supports) (?:at least )?Python ?(?:version )?(?P<wanted>(?:>=? ?)?\d\.\d{1,2})",
            r"(?:RuntimeError|SystemExit|error|ERROR)[^\n]{0,100}Python(?: version)? \d\.\d{1,2}\S{0,6} (?:is not|isn't|is no longer|is not yet) supported",
            r"(?:RuntimeError|SystemExit|error|ERROR)[^\n]{0,100}(?:doesn't|does not|do not|not) (?:support|run on|work (?:with|on)|compatible with|supported on) Python (?:version )?[<>=]{0,2} ?\d(?:\.\d{1,2})?\b",
            r"requires_python|python_requires [^\n]{0,60} not satisfied",
            r"RuntimeError: Python version [^\n]{0,30} required",
            r"This version of \S{1,40} requires Python (?P<wanted>[^\n]{1,30})",
            rf"^\S{{0,30}} ?{PIN} requires Python (?P<wanted>(?:>=|<|~=|==)\S{{1,30}})$",
            r"No interpreter found for (?:Python|executable)",
            r"unsupported Python version",
        ),
        over=("resolver-conflict", "no-wheel-for-python", "version-not-found"),
    ),
    Rule(
        REQUIRES_PYTHON_MISMATCH,
        Stage.CHOICE,
        (
            r"^[^\n]{0,120}(?:\bf['\"]|\w: (?:str|int|bool)\b|\) -> )[^\n]{0,200}\n\s{0,120}\^\s{0,9}SyntaxError: invalid syntax",
        ),
        wheels.python_is_older_than_its_grammar,
        confidence="likely",
    ),
    Rule(
        REQUIRES_PYTHON_MISMATCH,
        Stage.CHOICE,
        (FROM_VERSIONS,),
        wheels.pin_was_ignored_for_its_python,
        over=("version-not-found", "no-wheel-for-python", "name-not-found"),
    ),
    Rule(
        WHEEL_TAG_MISMATCH,
        Stage.CHOICE,
        (r"no wheels (?:are available )?with a matching",),
        wheels.a_file_was_named,
        over=("no-wheel-for-python", "platform-unsupported", "resolver-conflict"),
    ),
    Rule(
        NO_WHEEL_FOR_PYTHON,
        Stage.CHOICE,
        (
            rf"\b{PIN}(?:==(?P<version>[\w.+]{{1,30}}))? (?:has|have|is unusable because) no wheels (?:are available )?with a matching Python",
            r"only found wheels for `(?P<package>[\w.-]{1,99})` \(v(?P<version>[\w.+]{1,30})\) with the following Python",
            r"`(?P<package>[\w.-]{1,99})` \(v(?P<version>[\w.+]{1,30})\) only has wheels with the following Python",
            r"newer than PyO3's maximum supported version",
            r"has no usable wheels[^\n]{0,200}and building from source is disabled",
        ),
        over=("resolver-conflict",),
    ),
    Rule(PLATFORM_UNSUPPORTED, Stage.CHOICE, (FROM_VERSIONS,), wheels.is_for_another_system, over=("name-not-found",)),
    Rule(
        PLATFORM_UNSUPPORTED,
        Stage.CHOICE,
        (FROM_VERSIONS,),
        wheels.is_built_for_other_systems,
        confidence="likely",
        over=("version-not-found", "no-wheel-for-python", "requires-python-mismatch"),
    ),
    Rule(
        PLATFORM_UNSUPPORTED,
        Stage.CHOICE,
        (FROM_VERSIONS, _SDIST_CHOSEN),
        wheels.platform_lacks_wheels,
        confidence="likely",
        over=("no-wheel-for-python", "name-not-found", "version-not-found"),
    ),
    Rule(NO_WHEEL_FOR_PYTHON, Stage.CHOICE, (_SDIST_CHOSEN, *_SDIST_BUILT), wheels.version_predates_python),
    Rule(
        NO_WHEEL_FOR_PYTHON,
        Stage.CHOICE,
        (FROM_VERSIONS,),
        wheels.finds_no_wheel,
        confidence="likely",
        over=("name-not-found", "version-not-found"),
    ),
    Rule(NO_WHEEL_FOR_PYTHON, Stage.BUILD, (_SDIST_CHOSEN,), wheels.source_where_wheels_are, confidence="likely"),
    Rule(
        PLATFORM_UNSUPPORTED,
        Stage.CHOICE,
        (
            r"\b(?P<package>[\w.-]{1,60}) (?:does not|doesn't|do not|cannot|can't) (?:currently )?(?:support|run on|work on|be installed on|be built on) (?:the )?(?P<platform>Windows|win32|macOS|Mac OS X|Linux|Darwin|native Windows)\b",
            r"(?P<platform>Windows|win32|macOS|OS ?X|Darwin|Linux) (?:is |are )?(?:currently )?(?:not|un)[ -]?(?:yet )?supported",
            r"not (?:currently )?(?:supported|available|implemented) (?:on|for) (?:the )?(?:this (?:platform|system|OS|architecture)|(?P<platform>Windows|macOS|OS ?X|Linux|Darwin|win32|musl|ARM|arm64|aarch64)\b)",
            r"only (?:supports?|supported on|available (?:on|for)|works? on|runs? on|be (?:built|installed|used) on|compatible with|for) (?:the )?(?P<platform>Linux|Windows|macOS|OS ?X|Unix|POSIX|x86)",
            r"\brequires (?P<platform>macOS|Mac OS X|Windows|Linux)\b",
            r"[Uu]nsupported (?:platform|operating system|OS|architecture|CPU|system|machine)\b(?! tag)(?!: \d)",
            r"(?:platform|operating system|architecture|machine) '?[\w. -]{1,40}'? (?:is )?(?:not|un)[ -]?supported",
            r"No module named '?(?:fcntl|termios|pwd|grp|resource|_curses|winreg|_winreg|msvcrt)\b",
            r"no wheels? (?:are available )?(?:with a matching platform|for the current platform)",
            r"only has wheels for the following platforms?",
            r"doesn't have a source distribution or wheel for the current platform",
            r"#error [^\n]{0,60}(?:Unsupported|Unknown) (?:platform|architecture|CPU)",
            r"error: [^\n]{0,20}instruction set|unrecognized command[- ]line option '-m(?:sse|avx|fpu|arch|cpu)[^'\n]{0,20}'",
        ),
        over=("missing-c-compiler",),
    ),
    Rule(
        WHEEL_TAG_MISMATCH,
        Stage.CHOICE,
        (
            r"(?P<wheel>[^\s'\"]{1,200}\.whl) is not a supported wheel on this platform",
            r"not a supported wheel on this platform",
            r"A path dependency is incompatible with the current platform",
            r"The wheel is compatible with [^\n]{1,100}, but you're using",
            r"wheel [^\n]{1,200} is (?:not compatible|incompatible) with (?:this|the current) (?:platform|Python)",
            r"Wheel's (?:filename|tags?) [^\n]{1,200} incompatible",
        ),
    ),
    Rule(
        REQUIRES_PYTHON_MISMATCH,
        Stage.ANSWER,
        (r"that require a different python version: [^\n]{1,60}Requires-Python (?P<wanted>[^;\n]{1,60})",),
        wheels.nothing_is_said_of_a_name,
        confidence="likely",
    ),
    Rule(
        REQUIRES_PYTHON_MISMATCH,
        Stage.GUESS,
        (FROM_VERSIONS,),
        wheels.pin_is_newer_than_all,
        confidence="possible",
        title="The versions of {package} that this pip sees end before what is wanted: newer ones may ask for a newer Python.",
    ),
    Rule(
        NO_WHEEL_FOR_PYTHON,
        Stage.ANSWER,
        (r"No matching distribution found for (?P<package>[A-Za-z0-9][\w.-]{0,99})",),
        wheels.has_wheels_alone,
        confidence="likely",
        over=("name-not-found", "version-not-found"),
    ),
    Rule(NO_WHEEL_FOR_PYTHON, Stage.ANSWER, FAILED_BUILD, wheels.publishes_wheels, confidence="likely"),
    Rule(
        NO_WHEEL_FOR_PYTHON,
        Stage.ANSWER,
        (r"Unable to find installation candidates for (?P<package>[\w.-]{1,99}) \((?P<version>[\w.+]{1,30})\)",),
        confidence="likely",
    ),
)
