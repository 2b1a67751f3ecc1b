"""How fast envtool reads a project's imports, beside pipreqs and deptry: medians over interleaved runs, files a second.

The other two are installed into a temporary environment of their own. pipreqs runs with --use-local, for otherwise it
asks the package index about each name, and with the encoding of the sources, for it does not look for it.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
import venv
from pathlib import Path

import environment

OTHERS = ("pipreqs==0.4.13", "deptry")
SCRIPTS = "Scripts" if os.name == "nt" else "bin"


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench_freeze.py", description=__doc__)
    parser.add_argument("tree", type=Path, help="the project to read; nothing is written into it")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command (default: %(default)s)")
    options = parser.parse_args()
    environment.prepare()
    with tempfile.TemporaryDirectory() as folder:
        bench(options.tree.resolve(), max(1, options.runs), Path(folder))


def bench(tree: Path, runs: int, folder: Path) -> None:
    programs = installed(folder / "others")
    nothing = folder / "requirements.txt"  # deptry wants to know what is declared
    nothing.touch()
    commands = {
        "envtool freeze": [str(environment.BIN / "envtool"), "freeze", str(tree)],
        "pipreqs": [str(programs / "pipreqs"), "--print", "--use-local", "--encoding", "utf-8", str(tree)],
        "deptry": [str(programs / "deptry"), ".", "--requirements-files", str(nothing)],
    }
    show(
        measure(commands, runs, tree),
        sum(name.endswith((".py", ".ipynb")) for *_, names in os.walk(tree) for name in names),
    )


def installed(folder: Path) -> Path:
    """The programs of a new environment that holds the others."""
    venv.create(folder, with_pip=True)
    python = folder / SCRIPTS / "python"
    subprocess.check_call([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *OTHERS])
    return folder / SCRIPTS


def measure(commands: "dict[str, list[str]]", runs: int, tree: Path) -> "dict[str, tuple[float, int]]":
    """Median in seconds and last exit status of each; one round goes before, for caches to fill."""
    taken: dict[str, list[float]] = {title: [] for title in commands}
    status = {}
    for _ in range(1 + runs):
        for title, argv in commands.items():
            began = time.perf_counter()
            status[title] = subprocess.call(argv, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            taken[title].append(time.perf_counter() - began)
    return {title: (statistics.median(all_taken[1:]), status[title]) for title, all_taken in taken.items()}


def show(measured: "dict[str, tuple[float, int]]", files: int) -> None:
    pipreqs, _ = measured["pipreqs"]
    print(f"{files} Python files and notebooks, {os.cpu_count()} cores")
    print(f"{'command':16}{'seconds':>9}{'files/s':>9}{'to pipreqs':>12}{'to deptry':>11}{'exit':>6}")
    for title, (seconds, status) in measured.items():
        ratios = f"{pipreqs / seconds:12.2f}{measured['deptry'][0] / seconds:11.2f}"
        print(f"{title:16}{seconds:9.2f}{files / seconds:9.0f}{ratios}{status:6}")


environment.run(main)
