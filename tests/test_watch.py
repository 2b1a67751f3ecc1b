"""The watch: disks, memory and the kernel's words, really filled, taken and ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mounting import mounted

from envtool.surroundings.cgroup import VERSIONS
from envtool.usage import Disk, Room, Sample, Usage
from envtool.watch import Watch, disks, kernel, memory
from envtool.watch.samples import MOST, Samples

if TYPE_CHECKING:
    from collections.abc import Mapping

MB = 2**20
HOLDS = "import sys; held = bytearray(int(sys.argv[1])); print('ready', flush=True); sys.stdin.readline()"
CHILD_HOLDS = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDS!r}, sys.argv[1]])"
FILLS_AND_CLEANS = """
import os, sys
place = os.path.join(sys.argv[1], "filler")
try:
    with open(place, "wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 20))
except OSError:
    print("full", flush=True)
sys.stdin.readline()
os.remove(place)
"""
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="/proc")


def watched(code: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Usage:
    """A program that says when it has what it takes, and is told to end once that was looked at."""
    argv = [sys.executable, "-c", code, *arguments]
    watch = Watch(argv, environment or {}, lambda: 42)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        with watch.beside(process.pid):
            process.stdout.readline()
            looks = len(watch._samples.taken()) + 2
            while len(watch._samples.taken()) < looks:
                watch._ended.wait(0.05)
            process.stdin.close()
            process.wait()
    return watch.usage(process.returncode)


class TestMemory:
    @linux_only
    @pytest.mark.parametrize("code", [HOLDS, CHILD_HOLDS])
    def test_of_the_program_and_of_what_it_started(self, code: str) -> None:
        used = watched(code, str(200 * MB)).memory
        assert used
        assert 200 * MB < used.peak_bytes < 300 * MB
        assert used.least_available_bytes < used.limit_bytes

    def test_the_limit_of_a_control_group_is_below_the_machine(self, tmp_path: Path) -> None:
        files = VERSIONS["cgroup2"]
        for name, text in (
            (files.limit, str(512 * MB)),
            (files.used, str(100 * MB)),
            ("memory.stat", "inactive_file 0"),
        ):
            (tmp_path / name).write_text(text)
        limit = memory._of_group((tmp_path, files))
        assert limit
        assert (limit.bytes, limit.available()) == (512 * MB, 412 * MB)
        (tmp_path / files.used).write_text(str(500 * MB))
        assert limit.available() == 12 * MB

    @linux_only
    def test_the_limit_of_the_shell(self) -> None:
        code = "from envtool.watch.memory import _address_space; print(_address_space())"
        argv = ["sh", "-c", f'ulimit -v 4000000; exec "{sys.executable}" -c "{code}"']
        assert subprocess.check_output(argv, text=True, cwd=Path(__file__).parent.parent) == f"{4000000 * 1024}\n"
        assert memory._address_space() is None


class TestDisks:
    def test_one_that_is_full_for_a_moment(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "small", "size=8m") as small:
            seen = watched(FILLS_AND_CLEANS, str(small), environment={"TMPDIR": str(small)})
            [disk] = [disk for disk in seen.disks if disk.mount == str(small)]
            assert disk.holds == ("temporary files", str(small))
            assert (disk.size.bytes, disk.at_start.bytes, disk.least.bytes) == (8 * MB, 8 * MB, 0)
            assert 0 < disk.least_bytes_at_s <= seen.seconds
            assert os.statvfs(small).f_bfree == os.statvfs(small).f_blocks
            place = seen.disks.index(disk)
            assert min(sample.free_bytes[place] for sample in seen.samples) == 0

    def test_one_that_runs_out_of_inodes(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "small", "size=8m,nr_inodes=20") as small:
            looks = disks.Disks([("temporary files", small)])
            made = 0
            try:
                while True:
                    (small / str(made)).touch()
                    made += 1
            except OSError:
                looks.look(1.5)
            [disk] = looks.seen()
            assert (disk.size.inodes, disk.least.inodes, disk.least_inodes_at_s) == (20, 0, 1.5)
            assert disk.least.bytes == 8 * MB

    def test_folders_of_one_disk_are_one(self, tmp_path: Path) -> None:
        [disk] = disks.Disks([("a", tmp_path), ("b", tmp_path / "yet/to/be/made"), ("a", tmp_path)]).seen()
        assert disk.holds == ("a", "b")

    def test_one_that_nobody_can_write_to_is_left_out(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "image", "size=1m,ro") as image:
            assert disks.Disks([("a", image)]).seen() == ()

    def test_the_folders_of_a_command(self, tmp_path: Path) -> None:
        program = tmp_path / "env/bin/pip"
        program.parent.mkdir(parents=True)
        program.touch(mode=0o755)
        target, words = tmp_path / "target", {"TMPDIR": str(tmp_path), "HOME": "/home/x", "PIP_CACHE_DIR": "/cache"}
        target.mkdir()
        folders = dict(disks.folders_of([str(program), "install", f"--target={target}", "six"], words))
        assert folders["temporary files"] == tmp_path
        assert folders["environment"] == tmp_path / "env"
        assert folders["pip's cache"] == Path("/cache")
        assert folders["uv's cache"] == Path("/home/x/.cache/uv")
        assert folders[str(target)] == target
        assert folders["home"] == Path("/home/x")


class TestKernel:
    def test_its_count_of_a_group_goes_before_that_of_the_machine(self, tmp_path: Path) -> None:
        (tmp_path / "memory.events").write_text("low 0\noom 3\noom_kill 2\noom_group_kill 0\n")
        assert kernel.kills(((tmp_path, VERSIONS["cgroup2"]),)) == 2

    @linux_only
    def test_its_count_of_the_machine(self, tmp_path: Path) -> None:
        [line] = [line for line in Path("/proc/vmstat").read_text().splitlines() if line.startswith("oom_kill ")]
        assert kernel.kills(((tmp_path, VERSIONS["cgroup2"]),)) == int(line.split()[1])

    @linux_only
    def test_its_messages_from_now_on(self) -> None:
        before, messages = kernel.Messages(), kernel.Messages()
        said = "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,task_memcg=/a/b,task=cc1plus,pid=4242,uid=0"
        try:
            kernel.MESSAGES.write_text(f"<6>{said}\n")
        except OSError:
            pytest.skip("this user may not write to the kernel's messages")
        assert kernel.Ended("/a/b", "cc1plus", 4242) in messages.close()
        assert before.close()
        assert messages.close() == ()

    @linux_only
    @pytest.mark.parametrize(("group", "counted"), [("/a", 1), ("/a/b", 1), ("/ab", 0), ("/", 0), ("/c", 0)], ids=str)
    def test_whom_it_ended_elsewhere_is_not_counted(
        self, group: str, counted: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looks = memory.MemoryLooks()
        looks._group = "/a/"
        monkeypatch.setattr(looks._messages, "close", lambda: (kernel.Ended(group, "cc1plus", 4242),))
        assert looks.end().oom_kills == counted
        assert looks.end().ended == ("cc1plus (4242)",) * counted


class TestSamples:
    def test_however_long_it_takes_they_stay_few_and_lose_no_extreme(self) -> None:
        samples = Samples()
        for moment in range(3 * MOST + 1):
            taken, left = (999, 1) if moment == MOST + 7 else (10, 500)
            samples.add(Sample(float(moment), moment, taken, left, (left, 77)))
        kept = samples.taken()
        assert MOST // 2 < len(kept) < MOST
        assert (kept[0].at_s, kept[-1].at_s) == (3.0, 3.0 * MOST)
        assert max(sample.memory_bytes for sample in kept) == 999
        assert min(sample.free_bytes for sample in kept) == (1, 77)

    def test_none(self) -> None:
        assert Samples().taken() == ()


def test_a_command_that_ends_at_once_is_seen_all_the_same() -> None:
    watch = Watch(["true"], {}, lambda: 42)
    with watch.beside(os.getpid()):
        pass
    seen = watch.usage(0)
    assert [sample.printed_bytes for sample in seen.samples] == [42] * len(seen.samples) != []
    assert all(isinstance(disk, Disk) and disk.size > Room(0, 0) for disk in seen.disks)
