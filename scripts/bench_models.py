"""How fast and lean the reference models are beside other implementations: ratios over interleaved rounds, and bars.

Runs in the Python at hand where that has torch, memcnn and the peers of pyproject.toml; else in `.venv`, which it makes,
with a torch for the CPU. The exit code is 1 where a bar does not hold.
"""

import argparse
import importlib
import importlib.util
import os
import platform
import statistics
import sys
from typing import TYPE_CHECKING

import environment

if TYPE_CHECKING:
    from model_rivals.contest import Contest, Outcome, Setting

    from reference_models.contract import Check

MODELS = ("inn", "lora", "kd")
NEEDED = ("torch", "loralib", "peft", "memcnn", "FrEIA")
SILENT = {"KINETO_LOG_LEVEL": "99", "TORCH_CPP_LOG_LEVEL": "ERROR"}  # torch's profiler, which talks of itself
MEBIBYTE = 1 << 20


def main() -> None:
    options = arguments()
    if not all(importlib.util.find_spec(name) for name in NEEDED):
        environment.prepare("test")
        environment.become([environment.PYTHON, *sys.argv])
    os.environ.update(SILENT)
    sys.path.insert(0, str(environment.ROOT))
    sys.exit(0 if bench(options) else 1)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench_models.py", description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of torch on a CPU (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=9, help="each way runs once in each (default: %(default)s)")
    parser.add_argument("--only", choices=MODELS, action="append", help="this model; may be given more than once")
    return parser.parse_args()


def bench(options: argparse.Namespace) -> bool:
    """Whether every bar holds."""
    import torch  # noqa: PLC0415 - may be missing until now
    from model_rivals.contest import Setting, held  # noqa: PLC0415 - imports torch

    torch.set_num_threads(options.threads)
    setting, bars = Setting(torch.device(options.device), options.threads, max(1, options.rounds)), []
    print(f"torch {torch.__version__}, Python {platform.python_version()}, {told(setting)}\n")
    for name in options.only or MODELS:
        model, outcomes = importlib.import_module(f"model_rivals.{name}"), {}
        for contest in model.contests(setting.device):
            outcomes[contest.title] = held(contest, setting)
            show(contest, outcomes[contest.title])
        bars += model.bars(outcomes)
    for bar in bars:
        print(judged(bar))
    return all(bar.passed for bar in bars)


def told(setting: "Setting") -> str:
    where = f"{setting.threads} threads" if setting.threads > 1 else "1 thread"
    return f"{setting.rounds} rounds, {where if setting.device.type == 'cpu' else setting.device}, {setting.seconds}"


def show(contest: "Contest", outcome: "Outcome") -> None:
    """A row for each way: median time, its ratio to the first way's round by round, and the most memory held."""
    first = next(iter(contest.ways))
    print(f"{contest.title}\n{'':24}{'ms':>9}{'min':>8}{'median':>8}{'max':>8}{'peak MiB':>11}{'ratio':>8}")
    for way in contest.ways:
        milliseconds, ratio = 1000 * statistics.median(outcome.seconds[way]), outcome.ratio(way, first)
        times = f"{milliseconds:9.3f}{ratio.least:8.3f}{ratio.median:8.3f}{ratio.most:8.3f}"
        memory = f"{outcome.peaks[way] / MEBIBYTE:11.2f}{outcome.peaks[way] / outcome.peaks[first]:8.2f}"
        print(f"{way:24}{times}{memory}", flush=True)
    print()


def judged(bar: "Check") -> str:
    return f"{'holds' if bar.passed else 'FAILS'}  {bar.name}: {bar.measured:.3f} {bar.unit}, at most {bar.limit:.2f}"


environment.run(main)
