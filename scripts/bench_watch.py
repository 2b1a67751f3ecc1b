"""What it costs a command to be run by `envtool doctor --`: its time, doctor's memory, and the speed of its output.

Each command runs by itself (one that prints: into cat) and under doctor in turn, and times itself, so that neither start
counts; a ratio is that of two runs which follow each other.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import environment

if TYPE_CHECKING:
    from collections.abc import Iterable

MEGABYTE = 1_000_000
MOST_COST, MOST_MB, LEAST_SPEED = 0.03, 40.0, 0.80
TIMED = """
import json, os, sys, time

def cpu_s(pid):
    times = open(f"/proc/{{pid}}/stat").read().rpartition(")")[2].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")

before, start = cpu_s(os.getppid()), time.perf_counter()
{work}
sys.stdout.flush()
seconds, spent = time.perf_counter() - start, cpu_s(os.getppid()) - before
most_kib = int(open(f"/proc/{{os.getppid()}}/status").read().partition("VmHWM:")[2].split()[0])
json.dump([seconds, spent, most_kib * 1024], open(sys.argv[1], "w"))
"""
COMPILES = """
import subprocess
from pathlib import Path
one = "import py_compile, sys; [py_compile.compile(file, sys.argv[1]) for file in sys.argv[2:]]"
for library in ("json", "email", "asyncio", "unittest") * int(sys.argv[2]):
    files = sorted(map(str, Path(os.__file__).parent.joinpath(library).rglob("*.py")))
    subprocess.run([sys.executable, "-c", one, sys.argv[1] + "c", *files], check=True)
    print("compiled", library, flush=True)
"""
PRINTS_LINES = """
line = "x" * 99
for _ in range(int(sys.argv[2]) * 10_000):
    print(line)
"""
PRINTS_BLOCKS = """
lines = (b"x" * 99 + b"\\n") * 2621
for _ in range(int(sys.argv[2]) * 1_000_000 // len(lines)):
    sys.stdout.buffer.write(lines)
"""


class Timed(NamedTuple):
    seconds: float
    parent_cpu_s: float  # of what started it
    parent_bytes: float  # that it held at most


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench_watch.py", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--libraries", type=int, default=6, help="how often four libraries are compiled in each run")
    parser.add_argument("--megabytes", type=int, default=1000, help="what is printed in each run")
    options = parser.parse_args()
    environment.prepare()
    print(f"{'':34}{'min':>8}{'median':>8}{'max':>8}")
    alone, watched = in_turn(options.rounds, COMPILES, options.libraries, [])
    show(
        "time under doctor, to that alone",
        (ours.seconds / own.seconds for own, ours in zip(alone, watched, strict=True)),
    )
    show("doctor's CPU time, to that time", (ours.parent_cpu_s / ours.seconds for ours in watched))
    show("MB that doctor holds at most", (ours.parent_bytes / MEGABYTE for ours in watched))
    print(f"  bars: cost at most {MOST_COST:.0%}, {MOST_MB:.0f} MB\n")
    for how, work in (("lines", PRINTS_LINES), ("blocks", PRINTS_BLOCKS)):
        alone, watched = in_turn(options.rounds, work, options.megabytes, ["cat"])
        show(
            f"{options.megabytes} MB in {how}: speed, to cat's",
            (a.seconds / w.seconds for a, w in zip(alone, watched, strict=True)),
        )
        show("MB that doctor holds at most", (ours.parent_bytes / MEGABYTE for ours in watched))
    print(f"  bars: speed at least {LEAST_SPEED}, {MOST_MB:.0f} MB")


def in_turn(rounds: int, work: str, amount: int, peer: "list[str]") -> "tuple[list[Timed], list[Timed]]":
    """The work by itself, or before the peer; and under doctor."""
    alone, watched = [], []
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer")
        command = [sys.executable, "-c", TIMED.format(work=work), str(answer), str(amount)]
        doctor = [environment.PYTHON, "-m", "envtool", "doctor", "--", *command]
        for _ in range(rounds):
            alone.append(run(command, peer, answer))
            watched.append(run(doctor, [], answer))
    return alone, watched


def run(command: "list[str]", peer: "list[str]", answer: Path) -> Timed:
    """What the command says of itself when it has ended."""
    if peer:
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            subprocess.run(peer, stdin=process.stdout, stdout=subprocess.DEVNULL, check=True)
    else:
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return Timed(*json.loads(answer.read_text()))


def show(what: str, values: "Iterable[float]") -> None:
    measured = list(values)
    spread = (min(measured), statistics.median(measured), max(measured))
    print(f"{what:34}" + "".join(f"{value:8.2f}" for value in spread))


if sys.platform == "linux":
    environment.run(main)
else:
    sys.exit("scripts/bench_watch.py reads /proc, which only Linux has")
