"""How long envtool takes to start, beside Python alone and beside pip: medians over interleaved runs."""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import environment

MACHINE = {
    "schema": 1,
    "os": {"system": "Linux", "distribution": "ubuntu", "version": "22.04"},
    "arch": "x86_64",
    "libc": {"name": "glibc", "version": "2.35"},
    "python": {"implementation": "cpython", "version": "3.12.7"},
    "driver": {"vendor": "nvidia", "version": "550.54.15"},
    "gpus": [{"vendor": "nvidia", "name": "NVIDIA GeForce RTX 4090", "compute_capability": "8.9"}],
}
UNSET = ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "CONDA_PREFIX")  # what would change what is measured


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench_startup.py", description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="runs of each command (default: %(default)s)")
    runs = max(1, parser.parse_args().runs)
    environment.prepare()
    with tempfile.TemporaryDirectory() as folder:
        machine = Path(folder, "machine.json")
        machine.write_text(json.dumps(MACHINE))
        show(measure(commands(machine), runs, folder))


def commands(machine: Path) -> "dict[str, list[str]]":
    python, envtool = environment.PYTHON, str(environment.BIN / "envtool")
    return {
        "python -c pass": [python, "-c", "pass"],
        "envtool --help": [envtool, "--help"],
        "envtool install-torch --machine FILE": [envtool, "install-torch", "--machine", str(machine)],
        "envtool install-torch": [envtool, "install-torch"],
        "pip --version": [python, "-m", "pip", "--version"],
    }


def measure(commands: "dict[str, list[str]]", runs: int, folder: str) -> "dict[str, tuple[float, int]]":
    """Median in milliseconds and last exit status of each; one round goes before, for caches to fill."""
    taken: dict[str, list[float]] = {title: [] for title in commands}
    status = {}
    for _ in range(1 + runs):
        for title, argv in commands.items():
            milliseconds, status[title] = timed(argv, folder)
            taken[title].append(milliseconds)
    return {title: (statistics.median(all_taken[1:]), status[title]) for title, all_taken in taken.items()}


def timed(argv: "list[str]", folder: str) -> "tuple[float, int]":
    env = {name: value for name, value in os.environ.items() if name not in UNSET}
    start = time.perf_counter()
    status = subprocess.call(argv, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - start), status


def show(measured: "dict[str, tuple[float, int]]") -> None:
    alone, _ = measured["python -c pass"]
    print(f"{'command':38}{'median ms':>10}{'ratio':>8}{'exit':>6}")
    for title, (milliseconds, status) in measured.items():
        print(f"{title:38}{milliseconds:10.1f}{milliseconds / alone:8.2f}{status:6}")


environment.run(main)
