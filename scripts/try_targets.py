"""Run `envtool smoke-test` against environments made for it, one after another, and print what each came to.

    python3 scripts/try_targets.py 3.8-oldest foreign-torchvision

Each is made anew and removed; with CUDA some download up to 3 GB. The exit code is how many ended otherwise than they should.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import environment
import pythons

PROGRAMS = "Scripts" if os.name == "nt" else "bin"
WIDEST = 150  # characters of a reason


class Target(NamedTuple):
    python: str
    installs: "tuple[tuple[str, ...], ...]"  # arguments of pip install, a turn each
    status: int  # that smoke-test should end with
    why: str


TARGETS = {
    "3.8-oldest": Target(
        "3.8", (("torch==1.4.0", "numpy"),), 1, "its bfloat16 products miss the limit, and the models need torch 1.13"
    ),
    "3.8-models": Target("3.8", (("torch==1.13.1",),), 0, "the oldest torch that the models run on"),
    "3.6": Target(
        "3.6", (("torch==1.10.2", "typing-extensions==4.1.1", "dataclasses", "numpy"),), 3, "the models need Python 3.8"
    ),
    "3.11": Target("3.11", (("torch==2.13.0",),), 0, "an ordinary one"),
    "3.13-current": Target("3.13", (("torch",),), 0, "the newest of both"),
    "3.13-alone": Target(
        "3.13", (("--no-deps", "torch", "typing-extensions"),), 3, "torch without the libraries that it loads"
    ),
    "foreign-torchvision": Target(
        "3.11", (("torch==2.13.0",), ("--no-deps", "torchvision==0.19.1")), 1, "a torchvision of another torch"
    ),
    "without": Target("3.12", (), 3, "no torch at all"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/try_targets.py", description=__doc__.partition("\n")[0])
    parser.add_argument("target", nargs="*", default=list(TARGETS), help=f"of {', '.join(TARGETS)} (default: all)")
    options = parser.parse_args()
    unknown = [name for name in options.target if name not in TARGETS]
    if unknown:
        parser.error(f"{unknown[0]} is no target here: {', '.join(TARGETS)} are")
    environment.prepare()
    wrong = 0
    for name in options.target:
        target = TARGETS[name]
        status, lines = outcome(target)
        wrong += status != target.status
        print(f"{name:20} exit {status}, wanted {target.status}: {target.why}", *lines, sep="\n    ", flush=True)
    sys.exit(wrong)


def outcome(target: Target) -> "tuple[int | None, list[str]]":
    """How smoke-test ended, and what it said; None where there was nothing to try."""
    python = pythons.interpreter(target.python)
    if python is None:
        return None, [f"no Python {target.python} in {pythons.PYENV} or on PATH"]
    with tempfile.TemporaryDirectory(prefix="try_targets_") as folder:
        subprocess.check_call([python, "-m", "venv", folder])
        theirs = str(Path(folder, PROGRAMS, "python"))
        for install in target.installs:
            if subprocess.call([theirs, "-m", "pip", "install", "--quiet", "--no-cache-dir", *install]) != 0:
                return None, [f"pip could not install {' '.join(install)}"]
        asked = ["-m", "envtool", "smoke-test", "--device", "cpu", "--quick", "--json", "--python", theirs]
        ran = subprocess.run([environment.PYTHON, *asked], capture_output=True, check=False)
    return ran.returncode, list(said(json.loads(ran.stdout))) + ran.stderr.decode().splitlines()


def said(report: "dict[str, Any]") -> "list[str]":
    """What was tried, and each way not to pass once."""
    items = [*report["ladder"], *report["models"]]
    passed = sum(item["outcome"] == "passed" for item in items)
    others: dict[str, list[str]] = {}
    for item in items:
        if item["outcome"] != "passed":
            others.setdefault(f"{item['outcome']}: {item['why']}"[:WIDEST], []).append(item["name"])
    lines = [f"{', '.join(names)} {why}" for why, names in others.items()]
    return [f"torch {report['torch']}: {passed} of {len(items)} passed in {report['seconds']:.0f} s", *lines]


environment.run(main)
