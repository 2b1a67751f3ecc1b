"""How long `envtool doctor --log` takes for logs of three lengths, and the most memory it holds."""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import environment

MEGABYTE = 1_000_000
MOST_S, MOST_MB = 5.0, 150.0  # for a hundred megabytes
NOISE = (
    "Collecting numpy<2,>=1.20 (from pandas->-r requirements.txt (line {}))",
    "  Downloading package_{}-1.26.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl (18.3 MB)",
    "gcc -pthread -Wall -Werror=format-security -fPIC -I/usr/include/python3.11 -c src/part_{}.c -o build/part.o",
    "src/part.c:{}:12: warning: unused variable 'x' [-Wunused-variable]",
    "      copying package/tests/io/test_{}.py -> build/lib.linux-x86_64-3.11/package/tests/io",
    "Requirement already satisfied: six>=1.5 in /usr/lib/python3/dist-packages (from dateutil) (1.16.{})",
    "\x1b[32m  Downloading {}\x1b[0m\r  5 %\r 10 %\r100 %",
)
ROOT_CAUSE = "OSError: [Errno 28] No space left on device\n"
LAST = "ERROR: Failed to build 'demo' when getting requirements to build wheel\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench_doctor.py", description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[25, 50, 100])
    options = parser.parse_args()
    environment.prepare()
    print(f"{'MB':>6}{'seconds':>10}{'s per 100 MB':>14}{'peak MB':>10}  cause")
    with tempfile.TemporaryDirectory() as folder:
        for megabytes in options.megabytes:
            log = Path(folder, "install.log")
            write(log, megabytes * MEGABYTE)
            seconds, peak, said = measure(log)
            print(f"{megabytes:6}{seconds:10.2f}{100 * seconds / megabytes:14.2f}{peak:10.0f}  {said}")


def write(log: Path, size: int) -> None:
    """Noise, with the root cause in the middle of it."""
    lots = random.Random(size)
    written, middle = 0, False
    with log.open("w", encoding="utf-8") as file:
        while written < size:
            written += file.write(lots.choice(NOISE).format(lots.randrange(10**6)) + "\n")
            if not middle and written > size / 2:
                middle = True
                written += file.write(ROOT_CAUSE)
        file.write(LAST)


def measure(log: Path) -> "tuple[float, float, str]":
    """Seconds, most memory in megabytes, and the first line of the answer."""
    argv = [environment.PYTHON, "-m", "envtool", "doctor", "--log", str(log)]
    start = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    said = process.communicate()[0].partition("\n")[0]
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / MEGABYTE, said


if os.name == "posix":
    environment.run(main)
else:
    sys.exit("scripts/bench_doctor.py measures memory by getrusage, which Windows lacks")
