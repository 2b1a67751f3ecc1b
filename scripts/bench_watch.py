"""What it costs a command to be run by `envtool doctor --`: its time, our memory, and the speed of what it prints."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import environment

MEGABYTE = 1_000_000
MOST_COST, MOST_MB, LEAST_SPEED = 0.03, 40.0, 0.80
ANSWERS = """
def answer(**values):
    own = open(f"/proc/{os.getppid()}/status").read()
    values["parent_kib"] = int(own.partition("VmHWM:")[2].split()[0])
    json.dump(values, open(sys.argv[1], "w"))
"""
BUILDS = f"""
import compileall, json, os, subprocess, sys, tempfile, time
{ANSWERS}
start = time.perf_counter()
with tempfile.TemporaryDirectory() as folder:
    for library in ("json", "email", "asyncio", "unittest") * int(sys.argv[2]):
        code = f"import py_compile, sys; from pathlib import Path; [py_compile.compile(str(file), sys.argv[1]) for file in sorted(Path(sys.argv[2]).rglob('*.py'))]"
        subprocess.run([sys.executable, "-c", code, os.path.join(folder, "out.pyc"), os.path.join(os.path.dirname(os.__file__), library)], check=True)
        print("compiled", library, flush=True)
answer(seconds=time.perf_counter() - start)
"""
PRINTS = f"""
import json, os, sys, time
{ANSWERS}
lines = (b"x" * 99 + b"\\n") * 2621
start = time.perf_counter()
for _ in range(int(sys.argv[2]) * 1_000_000 // len(lines)):
    sys.stdout.buffer.write(lines)
sys.stdout.buffer.flush()
answer(seconds=time.perf_counter() - start)
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench_watch.py", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--libraries", type=int, default=6, help="how often a few libraries are compiled, in each round"
    )
    parser.add_argument("--megabytes", type=int, default=1000)
    options = parser.parse_args()
    environment.prepare()
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer.json")
        building = [sys.executable, "-c", BUILDS, str(answer), str(options.libraries)]
        printing = [sys.executable, "-c", PRINTS, str(answer), str(options.megabytes)]
        alone, watched, memory = in_turn(options.rounds, building, [], answer)
        report("compiling", "alone", alone, watched)
        print(
            f"  cost {watched[1] / alone[1] - 1:.1%} of its time (at most {MOST_COST:.0%}), {memory:.0f} MB (at most {MOST_MB:.0f})"
        )
        piped, watched, memory = in_turn(options.rounds, printing, ["cat"], answer)
        report(f"printing {options.megabytes} MB", "into cat", piped, watched)
        print(f"  speed {piped[1] / watched[1]:.2f} of cat's (at least {LEAST_SPEED}), {memory:.0f} MB")


Spread = tuple[float, float, float]


def in_turn(rounds: int, command: "list[str]", peer: "list[str]", answer: Path) -> "tuple[Spread, Spread, float]":
    """Least, median and most seconds of the command by itself or before the peer, those under doctor, and doctor's MB."""
    doctor = [environment.PYTHON, "-m", "envtool", "doctor", "--", *command]
    alone, watched, memory = [], [], 0.0
    for _ in range(rounds):
        alone.append(ask(command, peer, answer)["seconds"])
        seen = ask(doctor, [], answer)
        watched.append(seen["seconds"])
        memory = max(memory, seen["parent_kib"] * 1024 / MEGABYTE)
    return spread(alone), spread(watched), memory


def ask(command: "list[str]", peer: "list[str]", answer: Path) -> "dict[str, float]":
    """What the command says of itself when it has ended."""
    if peer:
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            subprocess.run(peer, stdin=process.stdout, stdout=subprocess.DEVNULL, check=True)
    else:
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    values: dict[str, float] = json.loads(answer.read_text())
    return values


def spread(seconds: "list[float]") -> Spread:
    return min(seconds), statistics.median(seconds), max(seconds)


def report(what: str, peer: str, alone: Spread, watched: Spread) -> None:
    print(f"{what}: {'min':>20}{'median':>8}{'max':>8}  seconds")
    for name, times in ((peer, alone), ("under envtool doctor --", watched)):
        print(f"  {name:28}" + "".join(f"{time:8.2f}" for time in times))


if sys.platform == "linux":
    environment.run(main)
else:
    sys.exit(f"{os.path.basename(sys.argv[0])} reads /proc, which only Linux has")  # noqa: PTH119 - a name as typed
