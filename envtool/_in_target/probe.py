"""What this interpreter is and what is installed in it: `python probe.py OUT.json`, read by `facts.parse_target`.

Stand-alone. Python 3.6 grammar, and nothing that 2.7 cannot parse, hence the types in comments: an interpreter that is
too old names itself and says no more. What would cost time at each start (json, re, platform, subprocess) is imported
where it is needed, if at all.
"""

import os
import sys

STDLIB = os.path.dirname(os.__file__)
OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
PATH = [entry for entry in sys.path if os.path.abspath(entry) != OWN_FOLDER]  # as other programs of this target see it
OLDEST = (3, 6)
STAGES = {"alpha": "a", "beta": "b", "candidate": "rc"}
ARCH_ON_WINDOWS = {"win-amd64": "AMD64", "win-arm64": "ARM64", "win32": "x86"}
# What PEP 610 bars from a URL: user and password, unless the user is git or they are names of environment variables.
CREDENTIALS = r"(?<=://)(?!(?:git|\$\{[\w-]+\}(?::\$\{[\w-]+\})?)@)[^/?#]*@"

sys.path[:] = [STDLIB] + PATH  # noqa: RUF005 - 2.7; a json.py on PYTHONPATH is not what this file imports

import sysconfig  # noqa: E402 - after the path is safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable  # noqa: F401 - for type comments


def main(also=None):
    # type: (Callable[[str, str, dict[str, object]], dict[str, object]] | None) -> None
    """`also` says more of a distribution: from the folder on the path, that of its metadata, and what is known of it."""
    for module in ("json", "re"):  # a start-up file may have imported the user's own of these names
        sys.modules.pop(module, None)
    answer = {"python": python()}  # type: dict[str, object]
    if sys.version_info >= OLDEST:
        is_venv = sys.prefix != sys.base_prefix or hasattr(sys, "real_prefix")  # the latter: virtualenv before 20
        marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
        answer.update(
            arch=arch(),
            libc=libc(),
            platform=sysconfig.get_platform(),
            prefix=sys.prefix,
            is_venv=is_venv,
            externally_managed=not is_venv and os.path.isfile(marker),  # PEP 668
            site_packages=sysconfig.get_path("platlib"),  # where torch goes: its wheels are for a platform
            packages=packages(PATH, also),
        )
    with open(sys.argv[1], "wb") as out:
        text = as_json(answer)
        out.write(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))


def python():
    # type: () -> dict[str, object]
    return {
        "implementation": sys.implementation.name if hasattr(sys, "implementation") else "cpython",
        "version": version(sys.version_info),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "executable": sys.executable or None,
    }


def version(info):
    # type: (tuple[int, int, int, str, int]) -> str
    """As PEP 440 has it: 3.13.0, 3.15.0a3, 3.14.0rc1."""
    major, minor, micro, stage, serial = info
    text = "%d.%d.%d" % (major, minor, micro)
    return text if stage == "final" else "%s%s%d" % (text, STAGES[stage], serial)


def arch():
    # type: () -> str
    """The machine that wheels for this interpreter are made for, which a 64-bit kernel may hide."""
    if os.name == "nt":
        return ARCH_ON_WINDOWS.get(sysconfig.get_platform(), sysconfig.get_platform())
    machine = os.uname()[4]
    if sys.maxsize > 2**32:
        return machine
    return {"x86_64": "i686", "aarch64": "armv7l", "armv8l": "armv7l"}.get(machine, machine)


def libc():
    # type: () -> dict[str, str] | None
    """None off Linux, and where it is neither glibc nor musl."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        name, number = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
    except (OSError, ValueError):
        name, number = musl()
    return {"name": name, "version": leading_numbers(number)} if name else None


def musl():
    # type: () -> tuple[str, str]
    """Its name and version; version 0 where Python is linked statically, the name "" where this is not musl."""
    loader = musl_loader(sys.executable)
    if loader:
        return "musl", musl_version(loader)
    built_for = [sysconfig.get_config_var(name) or "" for name in ("HOST_GNU_TYPE", "MULTIARCH")]
    return ("musl" if any("musl" in system for system in built_for) else ""), "0"


def musl_loader(executable):
    # type: (str) -> str | None
    """The loader that an ELF file names near its beginning: /lib/ld-musl-x86_64.so.1."""
    try:
        with open(executable, "rb") as elf:
            head = elf.read(65536)
    except OSError:
        return None
    at = head.find(b"/ld-musl-")
    return os.fsdecode(head[head.rfind(b"\0", 0, at) + 1 : head.find(b"\0", at)]) if at >= 0 else None


def musl_version(loader):
    # type: (str) -> str
    """The loader, run without arguments, says on stderr what it is: "Version 1.2.4" in the second line."""
    import subprocess  # noqa: PLC0415 - on musl only

    try:
        said = subprocess.Popen([loader], stderr=subprocess.PIPE).communicate()[1]
    except OSError:
        return "0"
    lines = said.decode("ascii", "replace").splitlines()
    return "".join(line[len("Version ") :] for line in lines if line.startswith("Version "))


def leading_numbers(text):
    # type: (str) -> str
    """The version without what distributions put behind it: 1.2.4 of "1.2.4_git20230717"."""
    end = next((at for at, character in enumerate(text) if character not in "0123456789."), len(text))
    return text[:end].strip(".") or "0"


def packages(path, also):
    # type: (list[str], Callable[[str, str, dict[str, object]], dict[str, object]] | None) -> list[dict[str, object]]
    """Each distribution once, as the first folder on the path has it; broken metadata is passed over."""
    found = {}  # type: dict[str, dict[str, object]]
    projects = {}  # type: dict[str, str]
    for folder in path:
        try:
            names = sorted(os.listdir(folder))
        except OSError:  # an archive, or a folder that is not there
            continue
        projects.update(developed_from(folder, names))
        project = projects.get(os.path.realpath(folder))
        for file in filter(None, [metadata_file(folder, name) for name in names]):
            head = name_and_version(file)
            if head and normalised(head[0]) not in found:
                package = {"name": head[0], "version": head[1]}  # type: dict[str, object]
                package.update({"origin": project, "editable": True} if project else {})
                package.update(installed_from(os.path.dirname(file)))
                package.update(also(folder, os.path.dirname(file), package) if also else {})
                found[normalised(head[0])] = package
    return list(found.values())


def developed_from(folder, names):
    # type: (str, list[str]) -> dict[str, str]
    """By source folder, the projects that `setup.py develop` has linked to from here."""
    projects = {}
    for name in names:
        if name.endswith(".egg-link"):
            try:
                with open(os.path.join(folder, name), "rb") as link:
                    source, upwards = [os.fsdecode(line.strip()) for line in link]
                    projects[os.path.realpath(source)] = os.path.normpath(os.path.join(source, upwards))
            except (OSError, ValueError):
                continue
    return projects


def metadata_file(folder, name):
    # type: (str, str) -> str | None
    """Where an entry of a folder on the path keeps its headers; None for anything but an installed distribution."""
    entry = os.path.join(folder, name)
    if name.startswith("~"):  # what pip leaves of a removal that was cut short
        return None
    if name.endswith(".dist-info"):
        return os.path.join(entry, "METADATA")
    if name == "EGG-INFO" or (name.endswith(".egg-info") and os.path.isdir(entry)):
        return os.path.join(entry, "PKG-INFO")
    return entry if name.endswith(".egg-info") else None


def name_and_version(path):
    # type: (str) -> tuple[str, str] | None
    headers = {}  # type: dict[bytes, bytes]
    try:
        with open(path, "rb") as lines:
            for line in lines:
                key, _, value = line.partition(b":")
                headers.setdefault(key.lower(), value.strip())
                if not line.strip() or (b"name" in headers and b"version" in headers):
                    break
        name, number = headers.get(b"name", b"").decode("utf-8"), headers.get(b"version", b"").decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return (name, number) if name and number else None


def normalised(name):
    # type: (str) -> str
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part)


def installed_from(info):
    # type: (str) -> dict[str, object]
    """Origin, revision and editable, from a distribution's direct_url.json (PEP 610); nothing where it has none."""
    try:
        with open(os.path.join(info, "direct_url.json"), "rb") as record:
            content = record.read()
    except OSError:
        return {}
    import json  # noqa: PLC0415 - few distributions come this way
    import re  # noqa: PLC0415 - likewise; json has it already

    try:
        direct = json.loads(content.decode("utf-8"))
        origin, revision = direct["url"], direct.get("vcs_info", {}).get("commit_id") or ""
        subdirectory = direct.get("subdirectory") or ""
        (origin + revision + subdirectory).encode("utf-8")  # all are text, and may be written
        editable = direct.get("dir_info", {}).get("editable") is True
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}
    return {
        "origin": re.sub(CREDENTIALS, "", origin),
        "revision": revision or None,
        "subdirectory": subdirectory or None,
        "editable": editable,
    }


def as_json(value):
    # type: (object) -> str
    """By hand, for the json module would take as long as all the rest."""
    if isinstance(value, dict):
        return "{" + ", ".join(as_json(key) + ": " + as_json(value[key]) for key in value) + "}"
    if isinstance(value, list):
        return "[" + ",\n".join(as_json(item) for item in value) + "]"
    if isinstance(value, str):
        return '"' + "".join(c if c >= " " and c not in '"\\' else "\\u%04x" % ord(c) for c in value) + '"'
    return "null" if value is None else "true" if value else "false"


if __name__ == "__main__":
    main()
