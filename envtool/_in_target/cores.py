"""The processor cores that this process may use, and what it really gets of them.

Stand-alone, Python 3.6 grammar.
"""

import os
import time
from typing import Iterator, Optional, Tuple

SPIN_S = 0.2


def allowed() -> int:
    """By the mask of the scheduler, where there is one."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def granted(root: str = "/") -> Optional[float]:
    """Cores' worth of time that the control groups allow, the least of this one's and those around it; None: no limit."""
    limits = [limit for group, version in _groups(root) for limit in [_limit(group, version)] if limit]
    return min(limits) if limits else None


def share() -> float:
    """Of a core, what a thread got that never waited: below 1 where others want the same core."""
    own_time = getattr(time, "thread_time", time.process_time)  # from Python 3.7 on
    began, worked = time.perf_counter(), own_time()
    while time.perf_counter() - began < SPIN_S:
        pass
    return (own_time() - worked) / (time.perf_counter() - began)


def _groups(root: str) -> Iterator[Tuple[str, str]]:
    """Folder and version of each group that this process is in, outwards."""
    own = {}
    for line in _lines(root, "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if not controllers or "cpu" in controllers.split(","):
            own["cgroup" if controllers else "cgroup2"] = path
    for line in _lines(root, "proc/self/mounts"):
        _, point, kind, options = line.split(" ")[:4]
        if kind in own and (kind == "cgroup2" or "cpu" in options.split(",")):
            path = own[kind].strip("/")
            while True:
                yield os.path.join(root, point.strip("/"), path), kind
                if not path:
                    break
                path = os.path.dirname(path)


def _limit(group: str, version: str) -> Optional[float]:
    if version == "cgroup2":
        numbers = " ".join(_lines(group, "cpu.max")).split()
    else:
        numbers = [number for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us") for number in _lines(group, name)]
    if len(numbers) != 2 or not numbers[0].isdigit() or not int(numbers[1]):  # noqa: PLR2004 - "max", "-1": no limit
        return None
    return int(numbers[0]) / int(numbers[1])


def _lines(folder: str, name: str) -> "list[str]":
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []
