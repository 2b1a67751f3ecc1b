"""The file system and what it allows: what fails there fails whatever was asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.rules.rule import Cause, Rule, Stage

if TYPE_CHECKING:
    from envtool.rules.log import Log

PERMISSION_DENIED = Cause(
    id="permission-denied",
    what="the user may not write where the installer has to",
    recognise="`[Errno 13] Permission denied`, `[WinError 5]` on site-packages, on the source folder or on a cache",
    title="The user may not write to {path}.",
    why="The Python belongs to the system or to another user, or an earlier install as administrator left folders behind that this user does not own.",
    fix=(
        "python -m venv .venv  # an environment of your own, with its own pip",
        ".venv/bin/python -m pip install {package}",
        "[Unix] ls -ld {path}  # what is yours and was left to root by an earlier install: chown it back",
    ),
    neighbours=(
        ("file-in-use", "Windows, and the file is a program or a library that runs"),
        ("read-only-fs", "[Errno 30]: nobody may write there"),
        ("tmp-noexec", "the file that is denied is a program in the temporary folder"),
        ("externally-managed", "pip refuses by a marker, before it writes"),
    ),
    source="POSIX errno EACCES and EPERM, Windows error 5, pip's advice on EnvironmentError",
)
FILE_IN_USE = Cause(
    id="file-in-use",
    what="Windows: a file to be replaced is held open by a program that runs",
    recognise="`[WinError 32]`, or `[WinError 5]` on a .exe, .pyd or .dll; `Text file busy` on Linux",
    title="A running program holds {path} open, so it cannot be replaced.",
    why="Windows locks a program and each library that it has loaded. Python itself, an IDE, Jupyter, or a virus scanner that reads new files holds it.",
    fix=(
        "# close every Python, IDE and notebook that uses this environment, then:",
        "python -m pip install {package}  # not pip.exe, which cannot replace itself",
        "# still locked: let the virus scanner leave out the temporary folder and the environment",
    ),
    neighbours=(("permission-denied", "the folder is not the user's, whatever runs"),),
    source="Windows errors 32 and 5; pip's message on replacing itself",
)
READ_ONLY_FS = Cause(
    id="read-only-fs",
    what="the target lies on a read-only file system",
    recognise="`[Errno 30] Read-only file system`",
    title="{path} lies on a file system that is mounted read-only.",
    why="Images of containers, snaps, flatpaks and notebooks are mounted so, and Linux remounts a disk with errors so.",
    fix=(
        "python -m venv ~/venv && ~/venv/bin/python -m pip install {package}  # a place that can be written",
        "findmnt -T {path}  # which mount it is; dmesg tells whether a fault of the disk made it read-only",
    ),
    neighbours=(("permission-denied", "[Errno 13]: others may write there"),),
    source="POSIX errno EROFS",
)
TMP_NOEXEC = Cause(
    id="tmp-noexec",
    what="the temporary folder forbids the execution of programs",
    recognise="`failed to map segment from shared object`, or `Permission denied` for a tool inside pip-build-env",
    title="The temporary folder is mounted noexec: a program that the build put there may not run.",
    why="The build unpacks its tools into the temporary folder and runs them from there. Hardened systems mount /tmp with noexec.",
    fix=(
        "mkdir -p ~/tmp && TMPDIR=~/tmp {install}",
        "findmnt -no OPTIONS -T /tmp  # shows noexec",
    ),
    neighbours=(
        ("permission-denied", "the file could not be written"),
        ("undeclared-build-dep", "`Cython does not appear to be installed` though it was installed into such a folder"),
        ("missing-build-tool", "the tool is not there at all"),
    ),
    source="mount(8) noexec; glibc's loader; errno EACCES from execve(2)",
)
WINDOWS_LONG_PATH = Cause(
    id="windows-long-path",
    what="Windows: a path is longer than 260 characters",
    recognise="`[Errno 2] No such file` with a very long path, pip's hint on Long Path support, `[WinError 206]`",
    title="A path is longer than the 260 characters that Windows takes unless long paths are switched on.",
    why="The file is reported as missing because it could not be made. The Python of the Microsoft Store lies deep, and so do some packages.",
    fix=(
        r"New-ItemProperty HKLM:\SYSTEM\CurrentControlSet\Control\FileSystem LongPathsEnabled -Value 1 -PropertyType DWORD -Force  # as administrator, then restart",
        r"py -m venv C:\v && C:\v\Scripts\python -m pip install {package}  # or an environment with a short path",
    ),
    neighbours=(
        ("broken-source-package", "the path is short, and the package lacks the file"),
        ("invalid-requirement", "the file that is missing was named on the command line"),
    ),
    source="Microsoft: Maximum Path Length Limitation; pip's hint on long paths",
)
ENCODING_ERROR = Cause(
    id="encoding-error",
    what="the build reads or prints text in the system's encoding, and it is in another",
    recognise="`UnicodeDecodeError: 'gbk'` (cp1252, charmap, ascii, cp949 ...) below setup.py",
    title="The build of {package} reads a file in the encoding of this system, {codec}, and the file is in another.",
    why="Its setup.py opens a file without naming the encoding, so Python takes the locale's. The files of packages are UTF-8.",
    fix=("PYTHONUTF8=1 {install}", "[Unix] LANG=C.UTF-8 LC_ALL=C.UTF-8 {install}  # in a container without a locale"),
    neighbours=(
        ("broken-source-package", "fails in every locale"),
        ("invalid-requirement", "the file that is not UTF-8 is the requirements file"),
    ),
    source="PEP 540, UTF-8 mode; codecs of CPython",
)


LONG_PATH = 220  # characters; Windows takes 260


def _is_library_or_program(_log: Log, match: re.Match[str]) -> bool:
    """A file that Windows locks while it runs."""
    return bool(re.search(r"\.(?:exe|dll|pyd)\b", match[0], re.IGNORECASE))


def _on_windows(log: Log, _match: re.Match[str]) -> bool:
    return log.run.system == "Windows"


def _locked_on_windows(log: Log, match: re.Match[str]) -> bool:
    return _is_library_or_program(log, match) and re.search(r"[A-Za-z]:\\", match[0]) is not None


def _is_long(_log: Log, match: re.Match[str]) -> bool:
    """Near the limit: what the tool appends to the path it names is not seen."""
    return len(match["path"].replace("\\\\", "\\")) >= LONG_PATH or "PythonSoftwareFoundation" in match["path"]


def _is_in_a_build_folder(_log: Log, match: re.Match[str]) -> bool:
    return re.search(r"pip-build-env|[/\\]overlay[/\\]|build-script-build|cargo|[/\\]te?mp[/\\]", match[0]) is not None


def _below_tmp(log: Log, _match: re.Match[str]) -> bool:
    return log.says("/tmp/")  # noqa: S108 - looked for in a log, not written to


def _is_a_bare_tool(log: Log, match: re.Match[str]) -> bool:
    """A program found by its name, as those of a build environment are: it is there and may not be executed."""
    tools = r"meson|ninja|cmake|cython|swig|f2py|patchelf|cargo|rustc|maturin|gcc|g\+\+|cc|python3?"
    return bool(re.fullmatch(tools, match["path"])) and log.run.build_failed


def _is_run_by_a_build(log: Log, match: re.Match[str]) -> bool:
    """A program that a build starts from its own folder, or from PATH, where that of its own tools comes first."""
    return log.run.build_failed and (not match["path"].startswith("/") or _is_in_a_build_folder(log, match))


def _decodes_source(log: Log, _match: re.Match[str]) -> bool:
    """The text is a file of the package, not the requirements file that pip itself reads."""
    return not log.says("req_file.py", "auto_decode")


_PATH = r"(?P<path>[^'\"\n]{1,1000})"
_DENIED = (
    rf"\[Errno (?:13|1)\][^'\"\n]{{1,80}}: ['\"]{_PATH}['\"]",
    rf"\[WinError 5\][^'\"\n]{{1,80}}: ['\"]{_PATH}['\"]",
    r"\[WinError 5\]",
    rf"could not (?:create|delete) '{_PATH}': (?:Permission denied|Operation not permitted)",
    rf"(?:failed to|could not|unable to) (?:create|write|open|remove|rename|copy)[^\n]{{0,200}}[`'\"]{_PATH}[`'\"][^\n]{{0,80}}(?:Permission denied|os error 13|os error 5\))",
    r"\(os error 13\)",
    r"\[Errno 13\]",
    r"NotWritableError",
    r"can't create or remove files in install directory",
    r"Consider using the `--user` option or check the permissions",
    r"Permission denied",
    *("拒绝访问", "权限不够", "Zugriff verweigert", "Keine Berechtigung", "Accès refusé", "Permission non accordée"),
    *("アクセスが拒否されました", "許可がありません", "Acceso denegado", "Permiso denegado"),
)

RULES = (
    Rule(
        TMP_NOEXEC,
        Stage.MACHINE,
        (
            r"failed to map segment from shared object",
            r"could not execute process `[^`\n]{1,400}build-script-build`[^\n]{0,80}\s{1,40}(?:Caused by:\s{1,40})?Permission denied",
        ),
        over=("undeclared-build-dep", "permission-denied", "numpy-abi"),
    ),
    Rule(
        TMP_NOEXEC,
        Stage.MACHINE,
        (rf"\[Errno 13\] Permission denied: '{_PATH}'",),
        _is_a_bare_tool,
        over=("permission-denied", "missing-build-tool"),
    ),
    Rule(
        TMP_NOEXEC,
        Stage.MACHINE,
        (
            r"\[Errno 13\] Permission denied: '(?P<path>[^'\n]{1,400}/bin/[\w.+-]{1,40})'",
            r"/bin/sh: (?:\d{1,3}: )?(?P<path>/\S{1,300}): Permission denied",
        ),
        _is_in_a_build_folder,
        over=("permission-denied",),
    ),
    Rule(TMP_NOEXEC, Stage.MACHINE, (r"\./configure: Permission denied",), _below_tmp, over=("permission-denied",)),
    Rule(
        TMP_NOEXEC,
        Stage.MACHINE,
        (
            rf"(?:child_exception_type|os\.posix_spawn)\([^\n]{{0,80}}\n(?:[^\n]{{0,120}}\n)?[^\n]{{0,40}}\[Errno 13\] Permission denied: '{_PATH}'",
        ),
        _is_run_by_a_build,
        confidence="likely",
        over=("permission-denied",),
    ),
    Rule(
        READ_ONLY_FS,
        Stage.MACHINE,
        (
            rf"\[Errno 30\][^'\"\n]{{0,80}}: ['\"]{_PATH}['\"]",
            rf"could not create '{_PATH}': Read-only file system",
            r"\[Errno 30\]",
            r"\(os error 30\)",
            r"Read-only file system",
            r"只读文件系统",
            r"Dateisystem ist nur lesbar",
            r"Système de fichiers accessible en lecture seul",
            r"読み込み専用ファイルシステム",
            r"Sistema de ficheros de s[oó]lo lectura",
        ),
        over=("permission-denied",),
    ),
    Rule(
        WINDOWS_LONG_PATH,
        Stage.INSTALL,
        (
            r"Windows Long Path support enabled",
            r"\[WinError 206\]",
            r"(?:unable to create file|cannot create directory)[^\n]{1,800}: Filename too long",
            r"Filename too long|exceeds the OS max path limit",
            r"文件名或扩展名太长",
        ),
        over=("broken-source-package", "invalid-requirement", "vcs-fetch-failed"),
    ),
    Rule(
        WINDOWS_LONG_PATH,
        Stage.INSTALL,
        (
            r"(?:\[Errno 2\]|\[WinError 3\]|\[Errno 22\])[^'\"\n]{1,80}: ['\"](?P<path>[A-Za-z]:[\\/][^'\"\n]{1,1000})['\"]",
        ),
        _is_long,
        over=("broken-source-package", "invalid-requirement", "missing-c-compiler"),
    ),
    Rule(
        FILE_IN_USE,
        Stage.INSTALL,
        (
            rf"\[WinError 32\][^'\"\n]{{0,120}}: ['\"]{_PATH}['\"]",
            r"\[WinError 32\]",
            r"\(os error 32\)",
            r"Text file busy",
            r"\[Errno 16\] Device or resource busy",
            r"used by another process",
            r"To modify pip, please run the following command",
            r"另一个程序正在使用此文件",
            r"von einem anderen Prozess verwendet",
            r"utilisé par un autre processus",
            r"別のプロセスが使用中",
            r"siendo utilizado por otro proceso",
        ),
        over=("permission-denied",),
    ),
    Rule(
        FILE_IN_USE,
        Stage.INSTALL,
        (
            rf"\[WinError 5\][^'\"\n]{{1,80}}: ['\"]{_PATH}['\"](?: -> ['\"][^'\"\n]{{1,600}}['\"])?",
            rf"\[Errno 13\][^'\"\n]{{1,80}}: ['\"]{_PATH}['\"]",
            r"failed to rename file from (?P<path>\S{1,400}\.(?:exe|dll|pyd)) to [^\n]{1,400}\(os error 5\)",
            rf"failed to (?:remove|rename|copy|create) file [`'\"]{_PATH}[`'\"][^\n]{{0,200}}\(os error 5\)",
        ),
        _locked_on_windows,
        confidence="likely",
    ),
    Rule(
        PERMISSION_DENIED,
        Stage.INSTALL,
        (rf"\[WinError 2\][^'\"\n]{{1,120}}: ['\"]{_PATH}['\"] -> ['\"][^'\"\n]{{1,600}}\.deleteme['\"]",),
        confidence="likely",
        title="pip could not move {path} aside: the folder is not the user's to change.",
    ),
    Rule(PERMISSION_DENIED, Stage.INSTALL, _DENIED),
    Rule(
        ENCODING_ERROR,
        Stage.BUILD,
        (
            r"UnicodeDecodeError: '(?P<codec>[\w-]{1,30})' codec can't decode",
            r"UnicodeEncodeError: '(?P<codec>[\w-]{1,30})' codec can't encode",
            r"SyntaxError: Non-(?:UTF-8|ASCII)|unknown encoding: cp\d|configured to use ASCII as encoding",
            r"\(unicode error\) '(?P<codec>[\w-]{1,30})' codec can't decode",
        ),
        _decodes_source,
    ),
)
