"""What `probe.py` says, and what can be imported of each distribution: `python modules.py OUT.json`, with probe.py beside.

Python 3.6 grammar. Not in probe.py, which is compiled at each start, for what need not be compiled costs nothing.
"""

import os

import probe  # type: ignore[import-not-found]  # in the same folder when this runs

LONGEST_NAMESPACE = 2048  # bytes: a licence and a line


def modules(folder, info, package):
    # type: (str, str, dict[str, object]) -> dict[str, object]
    """Top-level names, and below a namespace dotted ones."""
    files = recorded(info)
    names = (
        [] if package.get("editable") else names_in(folder, files)
    )  # an editable one records what leads to its source
    names = names or top_level(info) or [name for source in sources(folder, files) for name in names_at(source)]
    return {"modules": sorted(set(names))}


def recorded(info):
    # type: (str) -> list[str]
    """The files that were installed, relative to the folder on the path."""
    lines = lines_of(os.path.join(info, "RECORD"))
    if lines:
        return [line.rsplit(",", 2)[0].strip('"').replace("\\", "/") for line in lines]
    lines = lines_of(os.path.join(info, "installed-files.txt"))  # these are relative to `info`
    return [line.replace("\\", "/")[len("../") :] for line in lines]


def top_level(info):
    # type: (str) -> list[str]
    shared = lines_of(os.path.join(info, "namespace_packages.txt"))
    return [
        name for name in lines_of(os.path.join(info, "top_level.txt")) if name.isidentifier() and name not in shared
    ]


def lines_of(path):
    # type: (str) -> list[str]
    try:
        with open(path, "rb") as file:
            return [line for line in file.read().decode("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        return []


def names_in(folder, files):
    # type: (str, list[str]) -> list[str]
    """The shortest name that belongs to the distribution alone, for each of its modules."""
    from importlib.machinery import all_suffixes  # noqa: PLC0415 - Python 2, which has it not, does not get here

    suffixes = frozenset(all_suffixes())
    inside = [tuple(parts) for parts in (module_parts(file, suffixes) for file in files) if parts]
    packages = {parts[:-1] for parts in inside if parts[-1] == "__init__"}
    whole = {}  # type: dict[tuple[str, ...], bool]
    names = set()
    for parts in inside:
        for depth in range(1, len(parts) + 1):
            above = parts[:depth]
            if above not in whole:
                whole[above] = above in packages and not is_namespace(os.path.join(folder, *above))
            if whole[above] or (depth == len(parts) and parts[-1] != "__init__"):
                names.add(".".join(above))
                break
    return list(names)


def module_parts(file, suffixes):
    # type: (str, frozenset[str]) -> list[str]
    """The dotted name of a file in pieces; none where no import statement can name it."""
    parts = file.split("/")
    parts[-1], dot, suffix = parts[-1].partition(".")
    importable = dot + suffix in suffixes and all(part.isidentifier() for part in parts)
    return parts if importable and "__pycache__" not in parts else []


def is_namespace(package):
    # type: (str) -> bool
    """Whether a package's `__init__.py` does nothing but share its name with other distributions."""
    try:
        with open(os.path.join(package, "__init__.py"), "rb") as source:
            text = source.read(LONGEST_NAMESPACE + 1)
    except OSError:
        return False
    return len(text) <= LONGEST_NAMESPACE and (b"extend_path" in text or b"declare_namespace" in text)


def sources(folder, files):
    # type: (str, list[str]) -> list[str]
    """The folders that a distribution's own .pth files add to the path."""
    lines = [line for file in files if file.endswith(".pth") for line in lines_of(os.path.join(folder, file))]
    return [line for line in lines if os.path.isdir(line)]


def names_at(source):
    # type: (str) -> list[str]
    """The modules and packages in a folder of sources."""
    entries = os.listdir(source)
    packages = [name + "/__init__.py" for name in entries if os.path.isfile(os.path.join(source, name, "__init__.py"))]
    return names_in(source, entries + packages)


if __name__ == "__main__":
    probe.main(modules)
