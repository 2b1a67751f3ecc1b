"""The checks of disks and memory: each sees its fault, made for it, and an ordinary place without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import whereabouts
from loopback import bare_environment
from mounting import as_nobody, forked, mounted, remount
from whereabouts import COMMAND, PLANNED

import envtool
from envtool.checkup import CHECKS
from envtool.checkup.shortage import Need, shortages
from envtool.conditions.room import Disk, Memory, MemoryLimit, Place, Room, SharedMemory
from envtool.facts import Package
from envtool.surroundings import room

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envtool.checkup.check import Verdict
    from envtool.conditions import Here, Planned

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the faults are made as Unix makes them")


def judge(check: str, at: Here, seen: Room | None = None) -> Verdict:
    return CHECKS[check].judge(whereabouts.conditions(at, room=seen or room.look(at)))


def planned(download_mib: int | None, installed_mib: int | None) -> Planned:
    return PLANNED._replace(download_mib=download_mib, installed_mib=installed_mib)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 100 MB, and on it a folder for each use."""
    with mounted(tmp_path / "disk", "size=100m") as point:
        yield point


class TestDiskSpace:
    def test_folders_of_one_disk_share_its_room(self, small: Path) -> None:
        at = whereabouts.here(small, "pip", planned=planned(45, 60), PIP_NO_CACHE_DIR="1")
        [disk] = room.disks(at.target, at.executable, at.environment, at.root)
        assert (disk.mount, disk.uses) == (str(small), ("environment", "temporary files", "home"))
        short = judge("disk-space", at)
        assert short.status == "error"
        assert short.seen.startswith(f"{small} (environment, temporary files, home) has 105 MB free")
        assert "the install needs about 110 MB" in short.seen
        assert short.do[0] == "envtool doctor --fix"
        assert judge("disk-space", at._replace(planned=planned(40, 40))).status == "warning"  # nearly full as it is

    def test_a_small_temporary_folder_is_the_one_that_lacks(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "tmp", "size=20m"):
            at = whereabouts.here(tmp_path, "pip", planned=planned(21, 60), PIP_NO_CACHE_DIR="1")
            short = judge("disk-space", at)
        assert short.status == "error"
        assert short.seen.startswith(f"{tmp_path}/tmp (temporary files) has 21 MB free")
        assert f"mkdir -p ~/tmp && TMPDIR=~/tmp {COMMAND} --no-cache-dir" in short.do

    def test_a_home_without_room_is_no_way_out(self, small: Path) -> None:
        at = whereabouts.here(small, "pip", planned=planned(60, 60), PIP_NO_CACHE_DIR="1")
        assert judge("disk-space", at).do == ("envtool doctor --fix",)

    def test_with_its_cache_pip_writes_a_download_twice(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "tmp", "size=50m"):
            at = whereabouts.here(tmp_path, "pip", planned=planned(30, 60), PIP_CACHE_DIR=str(tmp_path / "cache"))
            warned = judge("disk-space", at)
            without = judge("disk-space", at._replace(environment={**at.environment, "PIP_NO_CACHE_DIR": "1"}))
        assert warned.status == "warning"
        assert warned.seen.startswith(
            f"{tmp_path}/tmp (temporary files) has 52 MB free, and the install needs about 63 MB"
        )
        assert warned.do[0] == f"{COMMAND} --no-cache-dir"
        assert without.seen.startswith("nearly full")

    def test_pip_goes_on_without_room_for_its_cache_alone(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "cache", "size=20m") as cache:
            at = whereabouts.here(tmp_path, "pip", planned=planned(30, 60), PIP_CACHE_DIR=str(cache))
            assert judge("disk-space", at).seen == f"nearly full: {cache} (pip's cache) has 21 MB free"

    @pytest.mark.parametrize(
        ("uses", "need", "taken"),
        [
            (("environment", "temporary files", "pip's cache", "home"), Need(100, 400), 500),
            (("environment", "temporary files", "pip's cache", "home"), Need(100, 400, is_cached=True), 600),
            (("environment",), Need(100, 400, is_cached=True), 400),
            (("temporary files",), Need(100, 400), 100),
            (("temporary files",), Need(100, 400, is_cached=True), 200),
            (("temporary files",), Need(3640, 7000, is_cached=True), 4498),  # the largest of the wheels has 858
            (("temporary files", "pip's cache"), Need(100, 400, is_cached=True), 300),
            (("pip's cache", "home"), Need(100, 400, is_cached=True), 0),
            (("environment", "uv's cache"), Need(100, 400, by_uv=True), 400),
            (("uv's cache",), Need(100, 400, by_uv=True), 400),
            (("temporary files",), Need(100, 400, by_uv=True), 0),
        ],
    )
    def test_what_lies_where_while_it_installs(self, uses: tuple[str, ...], need: Need, taken: int) -> None:
        def disk(free_mib: int) -> Disk:
            return Disk(free_mib, None, tuple(place(use, f"/{use}") for use in uses))

        assert shortages((disk(taken),), need) == ()
        assert [short.need_mib for short in shortages((disk(max(0, taken - 1)),), need)] == ([taken] if taken else [])

    def test_uv_needs_its_cache_and_no_temporary_folder(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "tmp", "size=20m"):
            at = whereabouts.here(tmp_path, planned=planned(21, 60))
            assert judge("disk-space", at).status == "warning"  # nearly full
            room_there = room.look(at)
        cache = Disk(50, None, (place("uv's cache", "/cache", mount="/cache"),))
        short = judge("disk-space", at, room_there._replace(disks=(cache, *room_there.disks)))
        assert (short.status, short.seen.split(" has ")[0]) == ("error", "/cache (uv's cache)")

    def test_room_enough(self, tmp_path: Path) -> None:
        fits = judge("disk-space", whereabouts.here(tmp_path, "pip", planned=planned(1, 2)))
        assert fits.status == "ok"
        assert "needs about 1 MB for the download and 2 MB installed" in fits.seen

    def test_torch_that_is_there_takes_nothing_more(self, tmp_path: Path) -> None:
        at = whereabouts.here(tmp_path, "pip", planned=planned(10**9, 10**9))
        assert judge("disk-space", at).status == "error"
        for version, status in (("2.13.0+cpu", "ok"), ("2.6.0", "warning")):  # the other one goes on working
            there = at.target._replace(packages=(Package("torch", version),))
            assert judge("disk-space", at._replace(target=there)).status == status

    def test_what_is_not_known(self, tmp_path: Path) -> None:
        at = whereabouts.here(tmp_path, "pip", planned=planned(None, None))
        assert judge("disk-space", at).status == "unknown"
        assert judge("disk-space", at._replace(planned=None)).status == "ok"

    def test_end_to_end(self, small: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", small / "env"], check=True, timeout=60)
        ran = doctor("disk-space", "--python", str(small / "env"), "--json")
        [check] = json.loads(ran.stdout)["checks"]
        assert (ran.returncode, check["id"], check["status"]) == (1, "disk-space", "error")
        assert check["message"].startswith(f"{small} (environment")


def doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "envtool", "doctor", *arguments],
        env=bare_environment(PYTHONPATH=str(Path(envtool.__file__).parent.parent), **environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )


class TestInodes:
    def test_an_environment_without_inodes_fails(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "site", "nr_inodes=60"):
            at = whereabouts.here(tmp_path)
            few = judge("inodes", at)
            assert judge("inodes", at._replace(planned=None)).status == "warning"
        assert few.status == "error"
        assert few.seen.startswith(f"{tmp_path}/site (environment) has room for 59 more files")
        assert few.do[0] == f"df -i {tmp_path}/site"

    def test_few_for_temporary_files(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "tmp", "nr_inodes=60"):
            assert judge("inodes", whereabouts.here(tmp_path)).status == "warning"

    def test_enough_or_without_number(self, tmp_path: Path) -> None:
        assert judge("inodes", whereabouts.here(tmp_path)).status == "ok"
        with mounted(tmp_path / "site", "nr_inodes=0"):
            plenty = judge("inodes", whereabouts.here(tmp_path))
        assert plenty.status == "ok"
        assert f"{tmp_path}/site has room for any number more files" in plenty.seen


class TestTemporaryFolder:
    def test_one_that_is_not_there(self, tmp_path: Path) -> None:
        at = whereabouts.here(tmp_path, TMPDIR=str(tmp_path / "gone"))
        found = judge("temporary-folder", at)
        assert found.status == "warning"
        assert f"TMPDIR names {tmp_path}/gone" in found.seen
        assert found.do[0] == f"mkdir -p {tmp_path}/gone"
        (tmp_path / "gone").mkdir()
        assert judge("temporary-folder", at).status == "ok"


class TestNoexec:
    def test_a_temporary_folder(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "tmp", "noexec"):
            found = judge("noexec", whereabouts.here(tmp_path))
            remount(tmp_path / "tmp", "exec")
            assert judge("noexec", whereabouts.here(tmp_path)).status == "ok"
            assert not list((tmp_path / "tmp").iterdir())
        assert found.status == "warning"
        assert found.seen.startswith(
            f"{tmp_path}/tmp (temporary files, on {tmp_path}/tmp): a program that was put there"
        )
        assert found.do == ("mkdir -p ~/tmp", "export TMPDIR=~/tmp")

    def test_an_environment(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "site", "noexec"):
            found = judge("noexec", whereabouts.here(tmp_path))
        assert found.status == "error"
        assert "cannot load torch's libraries" in found.seen

    def test_a_home_for_compiled_kernels(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "home", "noexec"):
            assert judge("noexec", whereabouts.here(tmp_path)).status == "warning"

    def test_the_trial_counts_more_than_the_option(self, tmp_path: Path) -> None:
        at = whereabouts.here(tmp_path)
        for runs, option, status in (
            (True, "noexec", "ok"),
            (None, "noexec", "warning"),
            (False, "noexec", "warning"),
            (False, "exec", "warning"),
            (None, "exec", "ok"),
        ):
            tried = place("temporary files", "/tmp", options=("rw", option), runs_programs=runs)
            assert judge("noexec", at, with_disks(Disk(1, None, (tried,)))).status == status


class TestReadOnly:
    @pytest.mark.parametrize(("name", "status"), [("site", "error"), ("tmp", "error"), ("home", "warning")])
    def test_a_mount(self, tmp_path: Path, name: str, status: str) -> None:
        with mounted(tmp_path / name, "size=1m") as point:
            assert judge("read-only", whereabouts.here(tmp_path)).status == "ok"
            remount(point, "ro")
            at = whereabouts.here(tmp_path)
            found = judge("read-only", at)
            assert judge("writable", at).status == "ok"  # one fault, one finding
        assert found.status == status
        assert f"lies on {point}, which is read-only" in found.seen

    def test_a_folder_that_has_yet_to_be_made_there(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "disk", "ro") as point:
            at = whereabouts.here(tmp_path, "pip", PIP_CACHE_DIR=str(point / "pip" / "cache"))
            found = judge("read-only", at)
        assert (found.status, f"{point}/pip/cache (pip's cache)" in found.seen) == ("warning", True)

    def test_of_a_bind_mount_the_nearest_mount_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "site").mkdir()
        with mounted(tmp_path / "site", "bind,ro", str(tmp_path / "site"), "none") as point:
            found = judge("read-only", whereabouts.here(tmp_path))
        assert (found.status, f"lies on {point}" in found.seen) == ("error", True)


class TestWritable:
    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        """One that every user can reach."""
        import tempfile  # noqa: PLC0415

        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
            Path(made).chmod(0o755)
            yield Path(made)

    def test_another_user(self, folder: Path) -> None:
        at = whereabouts.here(folder)
        for name, mode in (("site", 0o555), ("tmp", 0o777), ("home", 0o777)):
            (folder / name).chmod(mode)
        found = as_nobody(lambda: judge("writable", at))
        assert found.status == "error"
        assert found.seen == f"this user may not write to {folder}/site (environment)"
        assert found.do == (
            "python -m venv ~/venv  # an environment of your own",
            f"ls -ld {folder}/site  # whose it is",
        )
        (folder / "site").chmod(0o777)
        assert as_nobody(lambda: judge("writable", at)).status == "ok"

    def test_outside_of_a_venv_pip_installs_for_the_user(self, tmp_path: Path) -> None:
        at = whereabouts.here(tmp_path, "pip")
        at = at._replace(target=at.target._replace(is_venv=False))
        denied = with_disks(Disk(1, None, (place("environment", "/usr/lib/python3", is_writable=False),)))
        found = judge("writable", at, denied)
        assert found.status == "warning"
        assert found.seen.endswith("/usr/lib/python3 (environment); pip installs for this user alone, into ~/.local")

    def test_pip_does_without_a_cache_and_uv_does_not(self, folder: Path) -> None:
        """An administrator's pip or uv left it behind."""
        cache = folder / "cache"
        cache.mkdir(mode=0o555)
        for name in ("site", "tmp", "home"):
            (folder / name).mkdir(mode=0o777)
            (folder / name).chmod(0o777)
        for use, packages, status in (("pip's cache", ("pip",), "warning"), ("uv's cache", (), "error")):
            at = whereabouts.here(folder, *packages)
            denied = as_nobody(lambda: place("x", str(cache), is_writable=os.access(cache, os.W_OK)))
            seen = with_disks(Disk(1, None, (denied._replace(use=use),)))
            assert judge("writable", at, seen).status == status


class TestQuota:
    def test_a_mount_that_counts(self, tmp_path: Path) -> None:
        image = tmp_path / "image"
        image.touch()
        os.truncate(image, 20 << 20)
        made = subprocess.run(["mkfs.ext4", "-q", image], capture_output=True, check=False, timeout=60)
        assert made.returncode == 0
        with mounted(tmp_path / "site", "loop,usrquota", str(image), "ext4") as point:
            found = judge("quota", whereabouts.here(tmp_path))
        assert found == (
            "unknown",
            f"{point} (ext4) may count what each user stores, and how much is left was not asked",
            ("quota -s",),
        )

    def test_none(self, tmp_path: Path) -> None:
        assert judge("quota", whereabouts.here(tmp_path)).status == "ok"

    @pytest.mark.parametrize(
        ("kind", "options", "status"),
        [
            ("nfs4", ("rw",), "unknown"),
            ("lustre", ("rw",), "unknown"),
            ("xfs", ("rw", "noquota"), "ok"),
            ("xfs", ("rw", "prjquota"), "unknown"),
            ("ext4", ("usrjquota=aquota.user",), "unknown"),
            (None, (), "unknown"),
        ],
    )
    def test_as_a_mount_says(self, tmp_path: Path, kind: str | None, options: tuple[str, ...], status: str) -> None:
        seen = with_disks(Disk(1, None, (place("home", "/home", kind=kind, options=options),)))
        assert judge("quota", whereabouts.here(tmp_path), seen).status == status


def place(
    use: str,
    folder: str,
    *,
    mount: str = "/",
    kind: str | None = "ext4",
    options: tuple[str, ...] = ("rw",),
    is_writable: bool = True,
    runs_programs: bool | None = None,
) -> Place:
    return Place(use, folder, mount, kind, options, True, is_writable, runs_programs)


GB = 954  # MiB
MEMORY = Memory(total_mib=32 * GB, available_mib=30 * GB, swap_mib=0, limit=None, cores=8)


def with_disks(*disks: Disk) -> Room:
    return Room(disks, MEMORY, SharedMemory(9000, 9000, is_writable=True), None)


def with_memory(memory: Memory) -> Room:
    return with_disks()._replace(memory=memory)


class TestMemory:
    @pytest.mark.parametrize(
        ("memory", "status", "jobs"),
        [
            (MEMORY, "ok", None),
            (MEMORY._replace(cores=64), "note", "export MAX_JOBS=18"),
            (MEMORY._replace(available_mib=4000), "note", "export MAX_JOBS=2"),
            (MEMORY._replace(available_mib=1000), "warning", "export MAX_JOBS=1"),
            (MEMORY._replace(limit=MemoryLimit("/sys/fs/cgroup/memory.max", 4096, 3200)), "note", "export MAX_JOBS=2"),
        ],
    )
    def test_as_many_compilers_as_fit(self, tmp_path: Path, memory: Memory, status: str, jobs: str | None) -> None:
        found = judge("memory", whereabouts.here(tmp_path), with_memory(memory))
        assert (found.status, found.do[0].split("  #")[0] if found.do else None) == (status, jobs)

    def test_max_jobs_is_heeded(self, tmp_path: Path) -> None:
        at = whereabouts.here(tmp_path, MAX_JOBS="2")
        assert judge("memory", at, with_memory(MEMORY._replace(available_mib=4000))).status == "ok"
        found = judge("memory", at, with_memory(MEMORY._replace(available_mib=2000)))
        assert (found.status, found.seen.endswith("MAX_JOBS=2 starts 2")) == ("note", True)

    def test_the_words_name_the_limit(self, tmp_path: Path) -> None:
        limited = MEMORY._replace(limit=MemoryLimit("/sys/fs/cgroup/memory.max", 4096, 3200), swap_mib=100)
        found = judge("memory", whereabouts.here(tmp_path), with_memory(limited))
        assert found.seen.startswith(
            "/sys/fs/cgroup/memory.max allows 4.29 GB memory, 3.36 GB are free, 105 MB of swap"
        )

    def test_this_machine(self, tmp_path: Path) -> None:
        seen = room.look(whereabouts.here(tmp_path)).memory
        assert 0 < seen.available_mib <= seen.total_mib
        assert 0 < seen.cores <= (os.cpu_count() or 1)

    def test_a_control_group_of_version_1(self, tmp_path: Path) -> None:
        """The outer group is the tighter one."""
        with control_group("envtool-test") as (outer, inner):
            (outer / "memory.limit_in_bytes").write_text(str(1000 << 20))
            (inner / "memory.limit_in_bytes").write_text(str(5000 << 20))
            enter = lambda: (inner / "cgroup.procs").write_text("0")  # noqa: E731 - goes into another process
            at = whereabouts.here(tmp_path)
            found = forked(enter, lambda: judge("memory", at))
        assert found.status == "warning"
        assert found.seen.startswith(f"{outer}/memory.limit_in_bytes allows 1.05 GB memory")


class control_group:  # noqa: N801 - used as a function
    """A group of version 1, and one inside it; skips where none can be made."""

    def __init__(self, name: str) -> None:
        self.outer = Path("/sys/fs/cgroup/memory") / f"{name}-{os.getpid()}"
        self.inner = self.outer / "inner"

    def __enter__(self) -> tuple[Path, Path]:
        try:
            self.outer.mkdir()
            self.inner.mkdir()
        except OSError as error:
            pytest.skip(f"no control group of version 1 can be made: {error}")
        return self.outer, self.inner

    def __exit__(self, *_: object) -> None:
        self.inner.rmdir()
        self.outer.rmdir()
