"""Run the checks of one model or all, and print a table: python -m reference_models inn --device cpu."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from typing import TYPE_CHECKING

import torch

from reference_models import names
from reference_models.contract import FULL, QUICK, USUAL

if TYPE_CHECKING:
    from reference_models.contract import Budget, Check


def main() -> None:
    options = _options()
    budget = (QUICK if options.quick else FULL if options.full else USUAL)._replace(seed=options.seed)
    failed = [name for name in options.model or names() if not _passes(name, torch.device(options.device), budget)]
    if failed:
        print(f"failed: {', '.join(failed)}")
    sys.exit(1 if failed else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m reference_models", description=__doc__.partition(":")[0])
    parser.add_argument("model", nargs="*", help=f"of {', '.join(names())}; all by default")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="leave the trainings out")
    size.add_argument("--full", action="store_true", help="train ten times as long")
    options = parser.parse_args()
    unknown = [name for name in options.model if name not in names()]
    if unknown:
        parser.error(f"{unknown[0]} is no model here: {', '.join(names())} are")
    return options


def _passes(name: str, device: torch.device, budget: Budget) -> bool:
    model = importlib.import_module(f"reference_models.{name}")
    print(f"{name} on {device}, seed {budget.seed}")
    began, passed = time.perf_counter(), True
    for check in model.checks(device, budget):
        print(_row(check), flush=True)
        passed = passed and check.passed
    print(f"{name} {'passed' if passed else 'failed'} in {time.perf_counter() - began:.1f} s\n")
    return passed


def _row(check: Check) -> str:
    verdict = "report" if check.limit is None else "passed" if check.passed else "FAILED"
    limit = "" if check.limit is None else f"{'<=' if check.better == 'lower' else '>='} {check.limit:.4g}"
    return f"  {verdict}  {check.name:<58} {check.measured:>10.3g} {limit:<10} {check.unit}"


if __name__ == "__main__":
    main()
