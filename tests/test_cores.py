"""`_in_target/cores.py`: the cores that control groups grant, and what a busy thread gets."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mounting import forked
from project_tree import plant

from envtool.target import IN_TARGET

if TYPE_CHECKING:
    from types import ModuleType

V1 = "cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu,cpuacct 0 0\n"
V2 = "cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n"


@pytest.fixture(scope="module")
def cores() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cores", IN_TARGET / "cores.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("files", "granted"),
    [
        ({}, None),
        ({"proc/self/cgroup": "0::/a/b\n", "proc/self/mounts": V2}, None),
        ({"proc/self/cgroup": "0::/\n", "proc/self/mounts": V2, "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "proc/self/mounts": V2,
                "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
                "sys/fs/cgroup/a/cpu.max": "50000 100000\n",
                "sys/fs/cgroup/cpu.max": "400000 100000\n",
            },
            0.5,
        ),
        (
            {
                "proc/self/cgroup": "5:memory:/x\n4:cpu,cpuacct:/job\n0::/\n",
                "proc/self/mounts": V1,
                "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            2.0,
        ),
    ],
)
def test_what_the_control_groups_grant(
    files: dict[str, str], granted: float | None, cores: ModuleType, tmp_path: Path
) -> None:
    plant(tmp_path, files)
    assert cores.granted(str(tmp_path)) == granted


@pytest.mark.skipif(os.name == "nt", reason="control groups are Linux's")
def test_a_real_group(cores: ModuleType) -> None:
    group = Path(f"/sys/fs/cgroup/cpu/envtool-test-{os.getpid()}")
    try:
        group.mkdir()
        (group / "cpu.cfs_quota_us").write_text("50000")
    except OSError as error:
        pytest.skip(f"no control group of version 1 can be made: {error}")
    try:
        enter = lambda: (group / "cgroup.procs").write_text("0")  # noqa: E731 - goes into another process
        assert forked(enter, cores.granted) == 0.5
        assert forked(enter, cores.share) < 0.75  # of a core, with half of one granted
    finally:
        group.rmdir()


def test_no_thread_gets_more_than_a_core(cores: ModuleType) -> None:
    assert 0 < cores.share() <= 1.05  # two clocks, read one after the other
