"""Installs that fail, or do not, for one known cause each."""

from log_runs import builds, choice, compilers, damage, network, room, successes, system
from log_runs.registry import RUNS, Run

__all__ = ["RUNS", "Run", "builds", "choice", "compilers", "damage", "network", "room", "successes", "system"]
