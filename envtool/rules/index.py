"""What was asked for: its name, its version, its metadata, and whether it can be had together with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.rules import wheels
from envtool.rules.choice import FROM_VERSIONS, PIN, PINNED
from envtool.rules.rule import Cause, Rule, Stage

if TYPE_CHECKING:
    import re

    from envtool.rules.log import Log


NAME_NOT_FOUND = Cause(
    id="name-not-found",
    what="the index has no project of that name: a typo, the name of an import, the name of a file",
    recognise="`(from versions: none)` from an index that answers, for a project that publishes no wheels alone; the hint about `requirements.txt`",
    title="No project {package} was found on the index.",
    why="The name that is imported and the name that is installed differ for many projects: cv2 is opencv-python, PIL is pillow, sklearn is scikit-learn.",
    fix=(
        "envtool freeze  # names the project that each import of your code comes from",
        "{pip} -r {requirements_file}  # where that is the file of the requirements",
        "python -m pip index versions {package}  # what the index has of it",
    ),
    neighbours=(
        ("network-unreachable", "connection errors stand above the last line"),
        ("no-wheel-for-python", "the project is there, with wheels for other Pythons alone"),
        ("index-auth", "a private index hides the project from strangers"),
        ("platform-unsupported", "the project is there for another system"),
    ),
    source="pip, uv, poetry and conda on a project that the index does not have",
)
VERSION_NOT_FOUND = Cause(
    id="version-not-found",
    what="the project is there, and never had the version, or no longer has it",
    recognise="a list of versions without the pin; `Ignored the following yanked versions`; uv's `there is no version of`",
    title="There is no version{wanted} of {package} to be had.",
    why="The version was never published, was removed, or was yanked: a yanked one is taken only by an exact ==.",
    fix=(
        "python -m pip index versions {package}  # what there is",
        "{pip} {package}  # the newest; or change the pin",
    ),
    neighbours=(
        ("no-wheel-for-python", "the list starts above the pin: older wheels do not fit this Python"),
        ("requires-python-mismatch", "the version stands in the `Ignored` line"),
        ("torch-local-version-index", "the pin ends in +cu118 or +cpu"),
        ("resolver-conflict", "the version is there, and another requirement forbids it"),
    ),
    source="PEP 592, yanked files; pip, uv and poetry on a version that the index does not have",
)
OBSOLETE_PACKAGE = Cause(
    id="obsolete-package",
    what="a placeholder or a deprecated project, which fails on purpose",
    recognise="`The 'sklearn' PyPI package is deprecated`, `placeholder project`, a setup script that names the replacement",
    title="{package} is a project that is given up, and its setup script fails on purpose.",
    why="Its author left it there to send people to the right name.",
    fix=(
        "{pip} {replacement}  # the name that the message gives",
        "# where another package asks for it, tell its authors: the requirement is out of date",
    ),
    neighbours=(("name-not-found", "there is no such project at all"),),
    source="the setup scripts of sklearn, tensorflow-gpu, azure, pytorch and nvidia-pyindex",
)
RESOLVER_CONFLICT = Cause(
    id="resolver-conflict",
    what="no set of versions satisfies all requirements, or the search for one is too deep",
    recognise="`ResolutionImpossible`, `conflicting dependencies`, `resolution-too-deep`, `version solving failed`, `UnsatisfiableError`",
    title="The requirements contradict one another: no set of versions satisfies them all.",
    why="Two requirements, asked for or brought along, allow no common version of a third; or so many combinations are open that the search was given up.",
    fix=(
        "uv pip compile requirements.txt  # tells the chain of requirements that contradict",
        "# loosen the pins that the conflict names; give lower bounds where the search is too deep",
        "{pip} {package} -c constraints.txt  # hold the versions that must stay",
    ),
    neighbours=(
        ("not-a-failure", "the notice after an install that other packages disagree"),
        ("requires-python-mismatch", "what excludes the version is the Python"),
        ("version-not-found", "the version does not exist"),
    ),
    source="pip documentation, dependency resolution; messages of uv, poetry, pipenv, conda",
)
BAD_METADATA = Cause(
    id="bad-metadata",
    what="a version, a specifier or metadata that newer tools refuse as invalid",
    recognise="`has invalid metadata`, `InvalidVersion`, `.* suffix can only be used`",
    title="{package} was published with metadata that newer tools refuse.",
    why="pip 24.1 and setuptools 66 keep to PEP 440 and PEP 508, which older ones did not; old releases are left behind.",
    fix=(
        "{install_newest}  # a release with valid metadata",
        "python -m pip install 'pip<24.1'  # only until then, in an environment of its own",
    ),
    neighbours=(
        ("version-not-found", "pip's last lines, after it left the version out"),
        ("invalid-requirement", "it is your own requirement that is malformed"),
    ),
    source="PEP 440, PEP 508; pip 24.1 changelog",
)
INVALID_REQUIREMENT = Cause(
    id="invalid-requirement",
    what="a requirement, constraint or option is malformed, or the file that was named is not there",
    recognise="`Invalid requirement`, `Could not open requirements file`, `= is not a valid operator`, `no such option`",
    title="What was asked for cannot be read: {line}",
    why="A line is not a requirement (a single =, a conda export, a path from another machine), an option is mistyped, or the file is elsewhere or in another encoding.",
    fix=(
        "# write NAME==VERSION, one a line, in a UTF-8 file; a conda export belongs to: conda env create -f environment.yml",
        "ls; pwd  # is the file here",
        "{pip} -r requirements.txt",
    ),
    neighbours=(
        ("name-not-found", "the requirement is well formed, and no such project exists"),
        ("bad-metadata", "the malformed requirement is a package's own"),
    ),
    source="PEP 508; pip documentation, requirements file format",
)


def _is_of_setup_script(log: Log, _match: re.Match[str]) -> bool:
    return log.run.build_failed


def _is_pips_own_reading(log: Log, _match: re.Match[str]) -> bool:
    return log.says("req_file.py", "auto_decode")


def _a_folder_was_named(log: Log, _match: re.Match[str]) -> bool:
    """A wrong one: not a repository or an archive, which would be wrong itself."""
    return not log.says("git+", "running command git", "collecting http")


def _is_not_of_the_request(log: Log, _match: re.Match[str]) -> bool:
    return not log.says("couldn't parse requirement", "failed to parse:", "invalid requirement:")


def _is_not_of_a_build(log: Log, _match: re.Match[str]) -> bool:
    return not log.says("metadata generation failed", "egg_info", "subprocess-exited-with-error")


def _uninterrupted(log: Log, _match: re.Match[str]) -> bool:
    return not log.says("retrying (retry", "newconnectionerror")


RULES = (
    Rule(
        BAD_METADATA,
        Stage.CHOICE,
        (
            r"Requested (?P<package>[\w.-]{1,99})\S{0,60} from [^\n]{1,600} has invalid metadata",
            r"Ignoring version \S{1,40} of (?P<package>[\w.-]{1,99}) since it has invalid metadata",
            r"has invalid metadata",
            r"InvalidVersion:",
            r"Invalid version: '",
            r"'(?:install_requires|setup_requires|tests_require)' must be a string or (?:list|iterable)",
            r"'extras_require' must be a dictionary whose values are",
            r"has inconsistent (?:version|name|Name|Version)",
            r"metadata (?:version|name) `[^`\n]{1,99}` does not match given",
            r"Couldn't parse metadata",
            r"Failed to parse (?:the )?(?:version|metadata entry)",
            r"invalid-installed-package",
            r"has an invalid requirement",
            r"InvalidSpecifier:",
            r"Metadata-Version|metadata version '\S{1,10}' is not supported",
            r"Could not parse version constraint",
            r"not a valid (?:PEP ?440 version|PEP ?508)",
            r"InvalidRequirement:",
            r"produced metadata for project name",
        ),
        over=(
            "version-not-found",
            "requires-python-mismatch",
            "resolver-conflict",
            "name-not-found",
            "broken-source-package",
        ),
    ),
    Rule(
        BAD_METADATA,
        Stage.CHOICE,
        (r"no such comparison operator", r"(?:\.\* suffix|Local version label) can only be used"),
        _is_not_of_the_request,
    ),
    Rule(
        OBSOLETE_PACKAGE,
        Stage.CHOICE,
        (
            r"The '(?P<package>[\w.-]{1,60})' PyPI package is deprecated, use '(?P<replacement>[\w.-]{1,60})'",
            r"\"?(?P<package>[\w.-]{1,60})\"? package has been removed! (?:Please|You should) install \"?(?P<replacement>[\w-]{1,60})",
            r"You tried to install \"(?P<package>\w{1,40})\"\. The package named for \w{1,40} is \"(?P<replacement>[\w-]{1,40})\"",
            r"only a placeholder",
            r"placeholder (?:project|package)",
            r"'?(?P<package>[\w.-]{1,60})'? meta-?package is deprecated",
            r"(?:package|project|module|library|distribution) (?:\S{1,60} )?(?:is|has been|was) (?:now )?(?:deprecated|renamed|moved|superseded|discontinued|obsolete|retired)[^\n]{0,80}(?:instead|use|install|to)\b[^\n]{0,40}?['\"`]?(?P<replacement>[\w-]{3,60})?",
            r"does not currently provide packages for PyPI",
            r"very old release of Beautiful Soup",
            r"[Pp]lease (?:install|use|pip install) ['\"`]?(?P<replacement>[\w-]{2,60})['\"`]? instead",
            r"has been renamed to ['\"`]?(?P<replacement>[\w-]{2,60})",
            r"is (?:deprecated|no longer maintained|abandoned)[^\n]{0,60}(?:use|install) ['\"`](?P<replacement>[\w-]{2,60})",
        ),
        _is_of_setup_script,
        over=("broken-source-package",),
    ),
    Rule(
        INVALID_REQUIREMENT,
        Stage.CHOICE,
        (
            r"Invalid requirement:",
            r"Could not open requirements file:",
            r"Invalid requirement\b",
            r"= is not a valid operator",
            r"no such option:",
            r"You must give at least one requirement",
            r"Unnamed requirements are not allowed",
            r"Constraints are only allowed",
            r"is not a valid editable requirement",
            r"should (?:either )?be (?:either )?a path to a local project",
            r"Couldn't parse requirement",
            r"error: Failed to parse:",
            r"File not found:",
            r"[Ee]xpected package name",
            r"Expected one of `@`",
            r"Requirement '[^'\n]{1,200}' looks like a filename, but the file does not exist",
            r"Invalid wheel filename",
            r"is not a valid wheel filename",
            r"Directory '[^'\n]{1,300}' is not installable",
            r"No such file or directory: '(?:[A-Z]:)?[/\\][^'\n]{0,200}(?:feedstock_root|croot|conda-bld|build_artifacts|_h_env|work)[^'\n]{0,200}'",
            r"Could not install packages due to an (?:OSError|EnvironmentError): \[Errno 2\] No such file or directory: '[^'\n]{1,300}\.(?:whl|tar\.gz|zip|txt)'",
            r"The Poetry configuration is invalid",
            r"Poetry could not find a pyproject\.toml",
            r"unrecognized arguments:",
            r"Unsupported requirement",
            r"option --?\S{1,40}: invalid",
            r"\S{1,40} option requires (?:1|an) argument",
            r"unknown command \"[^\"\n]{1,60}\"",
            r"lock file [^\n]{0,40}(?:out of date|not up to date|not consistent)",
            r"pyproject\.toml changed significantly since poetry\.lock",
            r"is not a valid (?:URL|operator|requirement|VCS URL)",
            r"Unsupported URL|Invalid URL '[^'\n]{0,200}'",
            r"File path '[^'\n]{0,300}' does not exist",
            r"failed to read from file `[^`\n]{1,300}\.(?:txt|in|toml)`: No such file",
            r"unexpected argument '--[\w-]{1,40}' found",
            r"No `pyproject\.toml` found in|could not find a pyproject\.toml file",
            r"Distribution not found at:",
        ),
    ),
    Rule(INVALID_REQUIREMENT, Stage.CHOICE, (r"UnicodeDecodeError:",), _is_pips_own_reading),
    Rule(INVALID_REQUIREMENT, Stage.CHOICE, (r"does not appear to be a Python project: neither",), _a_folder_was_named),
    Rule(
        VERSION_NOT_FOUND,
        Stage.CHOICE,
        (
            r"nothing provides requested (?P<package>[\w.-]{1,99}) (?P<wanted>=?\d[\w.=*-]{0,60})",
            r"[└├]─ (?P<package>[\w.-]{1,99}) (?P<wanted>=?\d[\w.=*-]{0,60})[^\n]{0,60} does not exist \(perhaps a typo",
            r"(?:not available from current channels|ResolvePackageNotFound): - (?P<package>[\w.-]{1,99})(?P<wanted>={1,2}\d[\w.=*-]{0,60})",
        ),
        _uninterrupted,
        over=("name-not-found",),
    ),
    Rule(
        NAME_NOT_FOUND,
        Stage.CHOICE,
        (
            rf"Could not find a version that matches {PIN}[^\n]{{0,80}}\n[^\n]{{0,120}}No versions found",
            r"package literally named [\"'](?P<package>[\w./-]{1,100})",
            rf"Because {PIN} was not found in the (?:package registry|provided package locations)",
            rf"\b{PIN} was not found in the (?:package registry|provided package locations)",
            rf"Could not find a matching version of package {PIN}(?![\w.-]|\s?\()",
            rf"\b{PIN} \(\*\) which doesn't match any versions",
            r"PackagesNotFoundError",
            r"packages are not available from current channels",
            rf"No (?:project|package)s? (?:named|called) ['\"`]?{PIN}['\"`]? (?:was |were )?found",
            rf"Could not find any downloads that satisfy the requirement {PIN}",
            r"nothing provides requested (?P<package>[\w.-]{1,99})",
            r"[└├]─ (?P<package>[\w.-]{1,99})(?: [=*]{1,3} ?\*?)? does not exist \(perhaps a typo",
            rf"Package '?{PIN}'? (?:does not exist|not found on|is not available)",
        ),
        _uninterrupted,
        over=("resolver-conflict",),
    ),
    Rule(
        VERSION_NOT_FOUND,
        Stage.CHOICE,
        (
            rf"\b{PIN}(?P<wanted>==\S{{1,40}}) was yanked",
            rf"there is no version of {PIN}(?P<wanted>(?:==|===)\S{{1,60}})",
            rf"\b{PIN} \((?P<wanted>[^)\n]{{1,60}})\) which doesn't match any versions",
            rf"Could not find a matching version of package {PIN} \((?P<wanted>[^)\n]{{1,60}})\)",
        ),
        over=("resolver-conflict",),
    ),
    Rule(
        VERSION_NOT_FOUND,
        Stage.CHOICE,
        (
            rf"only {PIN}(?P<wanted>[<>=]\S{{1,40}}) is available and",
            rf"only the following versions of {PIN} are available",
        ),
        confidence="likely",
        over=("resolver-conflict",),
    ),
    Rule(
        VERSION_NOT_FOUND,
        Stage.CHOICE,
        (PINNED,),
        wheels.was_never_built,
        over=("torch-local-version-index", "name-not-found"),
    ),
    Rule(
        VERSION_NOT_FOUND,
        Stage.ANSWER,
        (FROM_VERSIONS,),
        wheels.every_version_was_left_out,
        confidence="likely",
        over=("name-not-found",),
    ),
    Rule(NAME_NOT_FOUND, Stage.ANSWER, (FROM_VERSIONS,), wheels.nothing_is_listed, confidence="likely"),
    Rule(
        VERSION_NOT_FOUND,
        Stage.ANSWER,
        (FROM_VERSIONS,),
        wheels.something_is_listed,
        confidence="likely",
        over=("name-not-found",),
    ),
    Rule(VERSION_NOT_FOUND, Stage.ANSWER, (PINNED,), wheels.no_list_is_shown, confidence="possible"),
    Rule(
        RESOLVER_CONFLICT,
        Stage.ANSWER,
        (
            r"ResolutionImpossible",
            r"conflicting dependencies",
            r"resolution-too-deep",
            r"ResolutionTooDeep",
            r"Dependency resolution exceeded maximum depth",
            r"No solution found when resolving",
            r"version solving failed",
            r"SolverProblemError",
            r"UnsatisfiableError",
            r"LibMambaUnsatisfiableError",
            r"Found conflicts!",
            r"Double requirement given: (?P<package>[\w.-]{1,99})",
            r"contain conflicting URLs for package `(?P<package>[\w.-]{1,99})",
            r"Could not find a version that matches",
            r"incompatible versions in the resolved dependencies",
            r"VersionConflict",
            r"we can conclude that",
            r"DependencyConflict",
            r"Could not solve for environment specs",
        ),
    ),
    Rule(
        RESOLVER_CONFLICT,
        Stage.ANSWER,
        (r"ResolutionFailure", r"Locking [Ff]ailed"),
        _is_not_of_a_build,
        confidence="likely",
    ),
    Rule(
        NAME_NOT_FOUND,
        Stage.ANSWER,
        (r"No matching distribution found for (?P<package>[A-Za-z0-9][\w.-]{0,99})",),
        _uninterrupted,
        confidence="likely",
    ),
    Rule(VERSION_NOT_FOUND, Stage.GUESS, (r"Ignored the following yanked versions",), confidence="possible"),
    Rule(
        RESOLVER_CONFLICT,
        Stage.GUESS,
        (r"pip is looking at multiple versions of (?P<package>[\w.-]{1,99})", r"This could take a while"),
        confidence="possible",
        title="The resolver tried many versions of {package} and did not come to an end.",
    ),
)
