"""Run the checks of the reference models under other Pythons and torches, each in an environment made for it and removed.

    python3 scripts/try_models.py 3.8:1.13.1 3.10:2.0.1

A pair is a Python, of pyenv or on PATH, and a torch, which is installed as it is released: on Linux up to 3 GB with CUDA.
The exit code is the number of pairs that did not pass.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import environment
import pythons

PAIRS = ("3.8:1.13.1", "3.10:2.0.1", "3.11:2.13.0")
PROGRAMS = "Scripts" if os.name == "nt" else "bin"
VERSIONS = "import platform, torch; print('Python', platform.python_version(), 'torch', torch.__version__)"


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/try_models.py", description=__doc__.partition("\n")[0])
    parser.add_argument("pair", nargs="*", default=PAIRS, help=f"PYTHON:TORCH (default: {' '.join(PAIRS)})")
    parser.add_argument("--model", action="append", help="this one alone; may be given more than once")
    parser.add_argument("--quick", action="store_true", help="leave the trainings out")
    options = parser.parse_args()
    checks = ["-m", "reference_models", *(options.model or ()), "--device", "cpu", *["--quick"][: options.quick]]
    said = [(pair, verdict(pair, checks)) for pair in options.pair]
    for pair, words in said:
        print(f"{pair:14}{words}")
    sys.exit(sum(words != "passed" for _, words in said))


def verdict(pair: str, checks: "list[str]") -> str:
    """What the pair comes to, in a few words; the table of the checks is printed as they run."""
    version, _, torch = pair.partition(":")
    python = pythons.interpreter(version)
    if python is None:
        return f"not tried: no Python {version} in {pythons.PYENV} or on PATH"
    with tempfile.TemporaryDirectory(prefix="try_models_") as folder:
        subprocess.check_call([python, "-m", "venv", folder])
        theirs = str(Path(folder, PROGRAMS, "python"))
        if subprocess.call([theirs, "-m", "pip", "install", "--quiet", "--no-cache-dir", f"torch=={torch}"]) != 0:
            return f"not tried: pip found no torch {torch} for it"
        print(f"== {pair}: ", end="", flush=True)
        if subprocess.call([theirs, "-c", VERSIONS]) != 0:
            return "torch cannot be imported"
        status = subprocess.call([theirs, *checks], cwd=str(environment.ROOT))
        return "passed" if status == 0 else "FAILED"


environment.run(main)
