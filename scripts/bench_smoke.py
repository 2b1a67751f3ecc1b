"""What each stage of `envtool smoke-test` costs on this machine's CPU: the start, each rung, each model, the report."""

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import environment

SIZES = {"quick": ["--quick"], "default": []}
MOST_S = {"quick": 15, "default": 75}


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench_smoke.py", description=__doc__)
    parser.add_argument("--size", choices=SIZES, action="append", help="this one alone (default: both)")
    sizes = parser.parse_args().size or list(SIZES)
    environment.prepare("test")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    print(f"load {load} on {os.cpu_count()} cores before the first run; seconds")
    show({size: measure(SIZES[size]) for size in sizes})
    for size in sizes:
        print(f"{size}: should take at most {MOST_S[size]} s")


def measure(options: "list[str]") -> "dict[str, float]":
    """Seconds by stage, of one run that draws no report and of one that does."""
    with tempfile.TemporaryDirectory() as folder:
        wall, told = run(options)
        wall_drawn, told_drawn = run([*options, "--report", str(Path(folder, "smoke.html"))])
    items = {item["name"]: item["seconds"] or 0.0 for item in (*told["ladder"], *told["models"])}
    processes = told["seconds"] - sum(items.values())
    drawn = (wall_drawn - sum_of(told_drawn)) - (wall - sum_of(told))
    return {
        "envtool itself": wall - told["seconds"],
        "processes": processes,
        **items,
        "all, without a report": wall,
        "the report": drawn,
    }


def sum_of(told: "dict[str, Any]") -> float:
    return sum(item["seconds"] or 0.0 for item in (*told["ladder"], *told["models"]))


def run(options: "list[str]") -> "tuple[float, dict[str, Any]]":
    argv = [
        environment.PYTHON,
        "-m",
        "envtool",
        "smoke-test",
        "--device",
        "cpu",
        "--json",
        "--python",
        environment.PYTHON,
    ]
    began = time.perf_counter()
    ran = subprocess.run([*argv, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began, json.loads(ran.stdout)


def show(measured: "dict[str, dict[str, float]]") -> None:
    stages = list(dict.fromkeys(stage for seconds in measured.values() for stage in seconds))
    print(f"{'stage':24}" + "".join(f"{size:>10}" for size in measured))
    for stage in stages:
        cells = (f"{seconds[stage]:10.2f}" if stage in seconds else f"{'-':>10}" for seconds in measured.values())
        print(f"{stage:24}" + "".join(cells))


environment.run(main)
