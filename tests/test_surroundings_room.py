"""What Linux tells of mounts, control groups and memory, in trees of files as it writes them; and /dev/shm, mounted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import whereabouts
from mounting import mounted

from envtool.checkup import CHECKS
from envtool.surroundings import cgroup, room
from envtool.surroundings.mounts import Mount, mount_of, mounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envtool.conditions import Conditions

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Linux alone is looked at so")
V1 = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"
V1_CPU = "34 31 0:31 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu"
V2 = "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate"
BOUNDLESS = "9223372036854771712"


def tree(root: Path, files: Mapping[str, object]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{text}\n")
    return root


class TestControlGroups:
    def test_version_2_with_the_tightest_around(self, tmp_path: Path) -> None:
        root = tree(
            tmp_path,
            {
                "proc/self/mountinfo": V2,
                "proc/self/cgroup": "0::/user.slice/job",
                "sys/fs/cgroup/user.slice/job/memory.max": "max",
                "sys/fs/cgroup/user.slice/memory.max": 4096 << 20,
                "sys/fs/cgroup/user.slice/memory.current": 1096 << 20,
                "sys/fs/cgroup/user.slice/memory.stat": f"anon 5\ninactive_file {96 << 20}",
                "sys/fs/cgroup/memory.max": 9000 << 20,
            },
        )
        limit = cgroup.tightest(root)
        assert limit == (str(root / "sys/fs/cgroup/user.slice/memory.max"), 4096, 3096)

    def test_version_1_has_files_of_other_names(self, tmp_path: Path) -> None:
        root = tree(
            tmp_path,
            {
                "proc/self/mountinfo": f"{V1_CPU}\n{V1}",
                "proc/self/cgroup": "5:cpu:/elsewhere\n4:memory:/job\n0::/",
                "sys/fs/cgroup/memory/job/memory.limit_in_bytes": 512 << 20,
                "sys/fs/cgroup/memory/job/memory.usage_in_bytes": 500 << 20,
                "sys/fs/cgroup/memory/job/memory.stat": f"inactive_file 1\ntotal_inactive_file {100 << 20}",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": BOUNDLESS,
            },
        )
        limit = cgroup.tightest(root)
        assert limit is not None
        assert (limit.limit_mib, limit.free_mib) == (512, 112)

    def test_a_container_sees_its_own_group_as_the_top(self, tmp_path: Path) -> None:
        """Docker without a namespace: the path in /proc/self/cgroup is the host's, and the mount shows a part of it."""
        root = tree(
            tmp_path,
            {
                "proc/self/mountinfo": V1.replace(" / ", " /docker/0a1b ", 1),
                "proc/self/cgroup": "4:memory:/docker/0a1b",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": 64 << 20,
            },
        )
        limit = cgroup.tightest(root)
        assert limit is not None
        assert (limit.limit_mib, limit.free_mib) == (64, 64)

    def test_a_group_inside_the_container(self, tmp_path: Path) -> None:
        root = tree(
            tmp_path,
            {
                "proc/self/mountinfo": V2.replace(" / ", " /docker/0a1b ", 1),
                "proc/self/cgroup": "0::/docker/0a1b/job",
                "sys/fs/cgroup/job/memory.max": 64 << 20,
            },
        )
        limit = cgroup.tightest(root)
        assert limit is not None
        assert limit.limit_mib == 64

    def test_a_path_that_the_mount_does_not_show(self, tmp_path: Path) -> None:
        files = {
            "proc/self/mountinfo": V2,
            "proc/self/cgroup": "0::/../..",
            "sys/fs/cgroup/memory.max": 64 << 20,
        }
        limit = cgroup.tightest(tree(tmp_path, files))
        assert limit is not None
        assert limit.limit_mib == 64

    @pytest.mark.parametrize("group", ["", "0::/", "4:memory:/"])
    def test_no_limit(self, tmp_path: Path, group: str) -> None:
        files = {
            "proc/self/mountinfo": f"{V1}\n{V2}",
            "proc/self/cgroup": group,
            "sys/fs/cgroup/memory.max": "max",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": BOUNDLESS,
        }
        assert cgroup.tightest(tree(tmp_path, files)) is None

    def test_no_linux(self, tmp_path: Path) -> None:
        assert cgroup.tightest(tmp_path) is None


class TestMounts:
    def test_what_a_line_says(self, tmp_path: Path) -> None:
        line = r"36 35 98:0 /top /mnt/my\040disk rw,noexec master:1 shared:2 - ext4 /dev/root rw,errors=continue"
        [mount] = mounts(tree(tmp_path, {"proc/self/mountinfo": line}))
        assert mount == Mount("/mnt/my disk", "/top", "ext4", ("rw", "noexec", "rw", "errors=continue"))

    def test_the_nearest_and_the_latest_counts(self) -> None:
        first, inner, other, over = (
            Mount(point, "/", kind, ()) for point, kind in (("/", "a"), ("/data", "b"), ("/dat", "c"), ("/data", "d"))
        )
        among = (first, inner, other, over)
        assert mount_of(Path("/data/x"), among) == over
        assert mount_of(Path("/database"), among) == first
        assert mount_of(Path("/data/x"), ()) is None


class TestMemory:
    def test_linux_own_numbers(self, tmp_path: Path) -> None:
        told = "MemTotal:        2097152 kB\nMemFree: 1 kB\nMemAvailable:    1048576 kB\nSwapFree:         524288 kB"
        at = whereabouts.here(tmp_path, root=tree(tmp_path / "root", {"proc/meminfo": told}))
        seen = room.look(at).memory
        assert (seen.total_mib, seen.available_mib, seen.swap_mib, seen.limit) == (2048, 1024, 512, None)

    def test_as_other_systems_tell(self, tmp_path: Path) -> None:
        here = room.look(whereabouts.here(tmp_path)).memory
        elsewhere = room.look(whereabouts.here(tmp_path, root=tmp_path)).memory
        assert abs(elsewhere.total_mib - here.total_mib) <= 1


class TestSharedMemory:
    @pytest.mark.parametrize(
        ("size", "status", "said"),
        [
            ("64m", "note", "67 MB of 67 MB are free in /dev/shm, little for the workers"),
            ("2g", "ok", "2.15 GB of 2.15 GB are free in /dev/shm"),
        ],
    )
    def test_of_a_size(self, tmp_path: Path, size: str, status: str, said: str) -> None:
        with mounted(tmp_path / "dev/shm", f"size={size}"):
            found = CHECKS["shared-memory"].judge(seen_in(tmp_path))
        assert (found.status, found.seen.startswith(said)) == (status, True)
        assert bool(found.do) == (status == "note")

    def test_what_is_left_there(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "dev/shm", "size=1100m") as shared:
            with (shared / "left").open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, 100 << 20)
            found = CHECKS["shared-memory"].judge(seen_in(tmp_path))
        assert (found.status, found.do) == ("note", ("ls -l /dev/shm",))

    def test_none(self, tmp_path: Path) -> None:
        seen = seen_in(tmp_path)
        assert CHECKS["shared-memory"].judge(seen).status == "warning"
        mac = seen.here.machine._replace(os=seen.here.machine.os._replace(system="Darwin"))
        assert CHECKS["shared-memory"].judge(seen._replace(here=seen.here._replace(machine=mac))).status == "ok"


def seen_in(root: Path) -> Conditions:
    at = whereabouts.here(root, root=root)
    return whereabouts.conditions(at, room=room.look(at))
