"""Room on the disks and in the memory: what fails there fails whatever was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.rules.rule import Cause, Rule, Stage, compiled

if TYPE_CHECKING:
    import re

    from envtool.rules.log import Log

DISK_FULL = Cause(
    id="disk-full",
    what="a disk that the installer writes to is full, or over its quota",
    recognise="`[Errno 28]`, `(os error 28)`, `No space left on device`, `Disk quota exceeded`, often far above the last line, inside a build",
    title="The disk is full: the installer, or the build it started, could not write its files.",
    why="An installer writes to the temporary folder, to its cache and to the environment, which may lie on different disks; the smallest of them decides. A large wheel needs room for itself and for what is unpacked of it.",
    fix=(
        "[Unix] df -h / /tmp ~ .  # which disk is full; df -i shows whether it is out of inodes",
        "[Windows] Get-PSDrive -PSProvider FileSystem  # which drive is full",
        "pip cache purge",
        "[Unix] mkdir -p ~/tmp && TMPDIR=~/tmp {install} --no-cache-dir  # a disk that has room, for the temporary files",
        r"[Windows] TEMP=D:\tmp {install} --no-cache-dir  # a drive that has room, for the temporary files",
    ),
    neighbours=(
        ("out-of-memory", "speaks of memory or of a killed process"),
        ("corrupted-artifact", "a download cut short by an earlier full disk stays in the cache"),
        ("tmp-noexec", "the file was written and may not be executed"),
    ),
    source="POSIX errno ENOSPC and EDQUOT, Windows error 112, as Python, the compilers and cargo print them",
)
OUT_OF_MEMORY = Cause(
    id="out-of-memory",
    what="the system refused memory to the installer, the compiler or the build, or killed it",
    recognise="`Killed`, exit code 137 or -9, `MemoryError`, `Cannot allocate memory`, `virtual memory exhausted`, `SIGKILL`",
    title="The memory ran out: a process of the install was refused memory, or was killed for the memory it took.",
    why="Compilers run in parallel, one a core, and some take gigabytes each; a container may be allowed less than the machine has. A wheel of gigabytes is held in memory where it is cached.",
    fix=(
        "MAX_JOBS=1 CMAKE_BUILD_PARALLEL_LEVEL=1 CARGO_BUILD_JOBS=1 {install}  # one compiler at a time",
        "{install} --no-cache-dir  # where a large wheel is being downloaded",
        "[Unix] free -m; ulimit -v; cat /sys/fs/cgroup/memory.max  # what there is, and what this shell and the container may take: raise it, or add swap",
    ),
    neighbours=(
        ("disk-full", "speaks of space on a device"),
        ("python-api-removed", "the compiler ends with errors in the source, not by a signal"),
    ),
    source="Linux OOM killer (signal 9, status 137), errno ENOMEM, messages of GCC, Clang, MSVC, rustc and CPython",
)

LARGE_MB, NEARLY_ALL = 400, 0.9  # of a download that memory may not have held


def _ends_within_a_download(log: Log, match: re.Match[str]) -> bool:
    done, of, unit = float(match["done"]), float(match["of"]), match["unit"].upper()
    size = of * {"GB": 1000, "MB": 1}[unit]
    return not log.text[match.end() :].strip(" \n") and size >= LARGE_MB and done / of >= NEARLY_ALL


def _is_nothing_else(log: Log, _match: re.Match[str]) -> bool:
    """The signal comes with no message of the build that explains it."""
    return not log.says("segmentation fault", "keyboardinterrupt", "timed out")


_FULL = (
    r"\[Errno (?:28|122)\]",
    r"\(os error (?:28|122)\)",
    r"\[WinError 112\]",
    r"No space left on device",
    r"NoSpaceLeftError",
    r"\bENOSPC\b",
    r"Dis[kc] quota exceeded|database or disk is full",
    r"There is not enough space on the disk",
    r"not enough (?:free )?(?:disk )?space (?:on|left|available)",
    *("设备上没有空间", "磁盘空间不足", "kein Speicherplatz mehr verfügbar", "nicht genug Speicherplatz"),
    *("Aucun espace disponible", "Espace insuffisant sur le disque", "デバイスに空き領域がありません"),
    *("ディスクに十分な空き領域がありません", "No queda espacio en el dispositivo", "Espacio en disco insuficiente"),
    *("Não há espaço disponível", "Spazio esaurito sul device"),
)
_NO_MEMORY = (
    r"\[Errno 12\]",
    r"\(os error 12\)",
    r"\[WinError 1455\]",
    r"\bMemoryError\b",
    r"virtual memory exhausted",
    r"Cannot allocate memory",
    r"out of memory allocating \d{1,20} bytes",
    r"memory allocation of \d{1,20} bytes failed",
    r"LLVM ERROR: out of memory",
    r"std::bad_alloc",
    r"compiler is out of heap space",
    r"fatal error C1(?:060|002|076)\b",
    r"Out of memory: Killed process",
    r"Unable to allocate \S{1,20} [KMGT]iB for an array",
    r"无法分配内存",
    r"Nicht genügend Hauptspeicher",
    r"Hauptspeicherzuweisung nicht möglich",
    r"(?:Impossible d'allouer|Ne peut allouer) (?:de la|la) mémoire",
    r"メモリを確保できません",
    r"No se pudo asignar (?:la )?memoria",
)
_COMPILER_KILLED = (
    r"Killed signal terminated program \S{1,40}",
    r"internal compiler error: Killed",
    r"terminated with signal 9 \[Killed\]",
    r"died due to signal 9",
    r"unable to execute command: Killed",
    r"signal: 9,? \(?SIGKILL",
)
_KILLED = (
    r"^\s{0,20}(?:\S{1,60}: line \d{1,6}: \d{1,9} )?Killed(?:\s{2,40}\S[^\n]{0,300})?$|^zsh: killed\b|\bOOMKilled\b",
    r"(?:eta [\d:?-]{1,9}|[MGk]B(?:/s)?|%)\s{0,4}Killed\b",
    r"^\s{0,20}(?:已杀死|Убито|Getötet|強制終了|Processus arrêté)\s{0,4}$",
    r"\b(?:code|status|exited(?: with)?|exit)[ :=(]{1,3}(?:-9|137)\b",
    r"died with <Signals\.SIGKILL: 9>",
)

# What a watch saw, as diagnose.seen words it.
_DISK = r"^seen: (?P<mount>[^\n]{1,400}) \((?P<holds>[^\n]{1,400})\) "
_WAS_FULL = rf"{_DISK}(?:was full|was out of inodes) at "
_HAD_LEAST = rf"{_DISK}had the least room of the disks, "
_KERNEL_ENDED = r"^seen: the kernel ended \d{1,6} process(?:es)? for want of memory"
_ENDED_BY_SIGKILL = r"^seen: the command was ended by SIGKILL"
_RAN_LOW, _WAS_LEFT = "seen: memory ran low", "seen: memory was left"
_LIMITED = r"^seen: ulimit -v allows a process (?P<limit>[\d.]{1,20} \w\w) of address space"

_FREE_ROOM = (
    "[Unix] df -h {mount}; df -i {mount}  # what is left now, of bytes and of inodes",
    "envtool doctor disk-space --fix  # offers what can be freed, with the tools that own it",
    "pip cache purge",
)
_ELSEWHERE = (
    "[Unix] mkdir -p ~/tmp && TMPDIR=~/tmp {install}  # a disk that has room, for the temporary files",
    r"[Windows] TEMP=D:\tmp {install}  # a drive that has room, for the temporary files",
    *_FREE_ROOM[:1],
)
_FULL_TITLE = (
    "{mount} was full while the command ran: the installer, or the build it started, could not write its files."
)
_BROUGHT_ABOUT = ("corrupted-artifact", "broken-python-env", "broken-source-package")


def _says_full(log: Log, _match: re.Match[str]) -> bool:
    return _says(log, _FULL)


def _is_for_temporary_files(_log: Log, match: re.Match[str]) -> bool:
    """And for nothing that has to stay where it is."""
    return "temporary files" in match["holds"] and "environment" not in match["holds"]


def _is_proved_temporary(log: Log, match: re.Match[str]) -> bool:
    return _is_for_temporary_files(log, match) and _says(log, _FULL)


def _had_to_write(log: Log, _match: re.Match[str]) -> bool:
    """An installer that finds nothing to install has not come to write anything."""
    return not log.says("no matching distribution found", "no solution found when resolving")


def _had_to_write_temporary(log: Log, match: re.Match[str]) -> bool:
    return _is_for_temporary_files(log, match) and _had_to_write(log, match)


def _was_refused(log: Log, _match: re.Match[str]) -> bool:
    return _says(log, _NO_MEMORY)


def _was_killed(log: Log, _match: re.Match[str]) -> bool:
    return _says(log, (*_COMPILER_KILLED, *_KILLED, _ENDED_BY_SIGKILL))


def _may_have_run_out(log: Log, _match: re.Match[str]) -> bool:
    return not log.says(_WAS_LEFT)


def _is_unexplained(log: Log, match: re.Match[str]) -> bool:
    return _may_have_run_out(log, match) and _is_nothing_else(log, match)


def _ran_low(log: Log, _match: re.Match[str]) -> bool:
    return log.says(_RAN_LOW)


def _says(log: Log, signs: tuple[str, ...]) -> bool:
    return any(compiled(sign).search(log.text) for sign in signs)


RULES = (
    Rule(
        DISK_FULL,
        Stage.MACHINE,
        (_WAS_FULL,),
        _is_proved_temporary,
        over=_BROUGHT_ABOUT,
        title=_FULL_TITLE,
        fix=_ELSEWHERE,
    ),
    Rule(DISK_FULL, Stage.MACHINE, (_WAS_FULL,), _says_full, over=_BROUGHT_ABOUT, title=_FULL_TITLE, fix=_FREE_ROOM),
    Rule(
        DISK_FULL,
        Stage.MACHINE,
        (r"(?:\[Errno (?:28|122)\]|No space left on device)[^'\"\n]{0,80}: ['\"](?P<path>[^'\"\n]{1,1000})['\"]",),
        over=_BROUGHT_ABOUT,
        title="The disk that {path} lies on is full, or out of inodes.",
    ),
    Rule(
        DISK_FULL,
        Stage.MACHINE,
        (_HAD_LEAST,),
        _says_full,
        over=_BROUGHT_ABOUT,
        title="The disk is full: the installer, or the build it started, could not write its files. {mount} had the least room.",
    ),
    Rule(DISK_FULL, Stage.MACHINE, _FULL, over=_BROUGHT_ABOUT),
    Rule(
        OUT_OF_MEMORY,
        Stage.MACHINE,
        (_LIMITED,),
        _was_refused,
        title="A process of the install was refused memory: ulimit -v allows it {limit} of address space.",
        fix=(
            "ulimit -v unlimited && {install}",
            "ulimit -Hv  # the most that this user may set; above it only root can",
        ),
    ),
    Rule(OUT_OF_MEMORY, Stage.MACHINE, _NO_MEMORY),
    Rule(OUT_OF_MEMORY, Stage.MACHINE, (_KERNEL_ENDED,), _was_killed),
    Rule(OUT_OF_MEMORY, Stage.MACHINE, _COMPILER_KILLED, _may_have_run_out),
    Rule(OUT_OF_MEMORY, Stage.MACHINE, _KILLED, _is_unexplained, confidence="likely"),
    Rule(OUT_OF_MEMORY, Stage.MACHINE, (_ENDED_BY_SIGKILL,), _ran_low, confidence="likely"),
    Rule(
        DISK_FULL,
        Stage.BUILD,
        (_WAS_FULL,),
        _had_to_write_temporary,
        confidence="likely",
        over=_BROUGHT_ABOUT,
        title=_FULL_TITLE,
        fix=_ELSEWHERE,
    ),
    Rule(
        DISK_FULL,
        Stage.BUILD,
        (_WAS_FULL,),
        _had_to_write,
        confidence="likely",
        over=_BROUGHT_ABOUT,
        title=_FULL_TITLE,
        fix=_FREE_ROOM,
    ),
    Rule(OUT_OF_MEMORY, Stage.BUILD, (_KERNEL_ENDED,), confidence="likely"),
    Rule(
        OUT_OF_MEMORY,
        Stage.GUESS,
        (*_COMPILER_KILLED, *_KILLED, _ENDED_BY_SIGKILL),
        _is_nothing_else,
        confidence="possible",
        title="A process was killed, and memory was left when it was looked at: a limit of its own, or whoever sent the signal.",
    ),
    Rule(
        OUT_OF_MEMORY,
        Stage.GUESS,
        (r"(?P<done>\d{1,6}(?:\.\d)?)/(?P<of>\d{1,6}(?:\.\d)?) ?(?P<unit>[GM]B)\b[^\n]{0,60}$",),
        _ends_within_a_download,
        confidence="possible",
        title="The log ends within a large download: the memory may have run out, or the run was stopped.",
    ),
)
