"""Make the logs of tests/logs/ again: real installs, staged so that each ends for one known cause.

python scripts/make_logs.py [ID...]      all logs that a run can make, or those of these causes (`disk-full`, `disk-full/uv`)

Needs Linux, the Pythons that the runs name (pyenv's or PATH's), a registry, and for some runs root: they mount small
file systems. What cannot be staged here (Windows, macOS, CUDA) is written by hand and left alone.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from log_runs import RUNS, Run
from log_runs.scene import CannotPlay, Scene
from log_runs.tools import Tools

SUCCESS = "not-a-failure"
LOGS = Path(__file__).resolve().parent.parent / "tests" / "logs"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", metavar="ID", help="a cause, or cause/name")
    parser.add_argument("--to", type=Path, default=LOGS, metavar="DIR", help="where the logs go")
    options = parser.parse_args(argv)
    chosen = [run for run in RUNS if not options.ids or {run.cause, run.label} & set(options.ids)]
    if not chosen:
        parser.error(f"no run makes {' or '.join(options.ids)}")
    with tempfile.TemporaryDirectory(prefix="make_logs_") as folder:
        tools = Tools(Path(folder) / "tools")
        faults = [
            (run.label, fault)
            for number, run in enumerate(chosen)
            if (fault := remake(run, Path(folder) / str(number), tools, options.to))
        ]
    for label, fault in faults:
        print(f"{label}: {fault}", file=sys.stderr)
    return 1 if faults else 0


def remake(run: Run, root: Path, tools: Tools, logs: Path) -> str | None:
    """Play the run and keep its log; why not, where the log is left as it is."""
    if run.needs_root and os.geteuid() != 0:
        return "left as it is: needs root"
    print(run.label, flush=True)
    scene = Scene(root, tools)
    try:
        run.play(scene)
    except (CannotPlay, OSError, subprocess.SubprocessError) as reason:
        return f"left as it is: {reason}"
    finally:
        scene.strike()
    text = scene.text()
    if (scene.status == 0) != (run.cause == SUCCESS):
        return f"left as it is: it ended with status {scene.status}:\n{text}"
    if run.proof not in text:
        return f"left as it is: its log does not hold {run.proof!r}:\n{text}"
    path = logs / f"{run.label}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((scene.header() + text).encode(scene.encoding))
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
