"""What can be freed: found where the tools really keep it, counted as the disk does."""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import whereabouts
from mounting import as_nobody, mounted

from envtool.amount import amount
from envtool.checkup import CHECKS
from envtool.conditions.hoards import Hoard
from envtool.surroundings import hoards
from envtool.surroundings.litter import last_used
from envtool.surroundings.sizes import Bound, taken

if TYPE_CHECKING:
    from envtool.checkup.check import Verdict
    from envtool.conditions import Here

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the folders are those of Unix")
BLOCK = 4096
LARGE = 101 * 10**6
UV = Path(sys.executable).parent / "uv"


def fill(file: Path, size: int) -> Path:
    """Takes room without writing it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        os.posix_fallocate(opened.fileno(), 0, size)
    return file


def judge(check: str, at: Here) -> Verdict:
    return CHECKS[check].judge(whereabouts.conditions(at, hoards=hoards.look(at)))


class TestSizes:
    def test_a_file_of_two_names_counts_once(self, tmp_path: Path) -> None:
        one = fill(tmp_path / "a" / "one", 5 * BLOCK)
        os.link(one, tmp_path / "a" / "two")
        assert taken((str(tmp_path),), Bound()) == (5 * BLOCK, None)

    def test_links_are_not_followed(self, tmp_path: Path) -> None:
        fill(tmp_path / "elsewhere" / "file", 5 * BLOCK)
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "link").symlink_to("../elsewhere")
        (tmp_path / "a" / "file").symlink_to("../elsewhere/file")
        (tmp_path / "a" / "loop").symlink_to("../a")
        assert taken((str(tmp_path / "a"),), Bound()).bytes < BLOCK

    def test_holes_take_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "sparse").touch()
        os.truncate(tmp_path / "sparse", 10**9)
        assert taken((str(tmp_path),), Bound()).bytes < BLOCK

    def test_beyond_a_number_of_files(self, tmp_path: Path) -> None:
        for number in range(20):
            fill(tmp_path / str(number), BLOCK)
        assert taken((str(tmp_path),), Bound(most_entries=20)) == (20 * BLOCK, None)
        assert taken((str(tmp_path),), Bound(most_entries=12)) == (12 * BLOCK, "not looked at beyond 12 files")

    def test_beyond_a_time(self, tmp_path: Path) -> None:
        for number in range(300):
            (tmp_path / str(number)).touch()
        assert taken((str(tmp_path),), Bound(patience_s=0.0)).untold == "not looked at for longer than 0 s"

    def test_what_may_not_be_read(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "open", "mode=755") as folder:
            tmp_path.chmod(0o755)
            fill(folder / "file", BLOCK)
            (folder / "closed").mkdir(mode=0o700)
            opened = os.open(folder, os.O_RDONLY)  # a user who is not root comes no way down to it
            size, untold = as_nobody(lambda: taken((f"/proc/self/fd/{opened}",), Bound()))
            os.close(opened)
        assert size == BLOCK
        assert untold is not None
        assert untold.endswith("closed cannot be read: Permission denied")

    def test_what_is_not_there(self, tmp_path: Path) -> None:
        assert taken((str(tmp_path / "gone"),), Bound()) == (0, None)

    @pytest.mark.parametrize(
        ("size", "words"),
        [
            (0, "0 kB"),
            (999, "1 kB"),
            (430_000, "430 kB"),
            (7_100_000, "7 MB"),
            (1_254_000_000, "1.25 GB"),
            (12_340_000_000, "12.3 GB"),
        ],
    )
    def test_in_words(self, size: int, words: str) -> None:
        assert amount(size) == words


class TestCaches:
    def test_pip_says_where_its_own_is(self, tmp_path: Path) -> None:
        cache = tmp_path / "cache"
        at = whereabouts.here(tmp_path, "pip", PIP_CACHE_DIR=str(cache))
        assert judge("pip-cache", at).status == "ok"
        fill(cache / "http-v2" / "a" / "body", LARGE)
        found = judge("pip-cache", at)
        assert found.status == "note"
        assert found.seen == f"101 MB in {cache}; pip downloads again what it needs"
        assert found.do == (f"{sys.executable} -m pip cache purge",)

    def test_pip_that_keeps_none_or_cannot_tell(self, tmp_path: Path) -> None:
        assert judge("pip-cache", whereabouts.here(tmp_path, "pip", PIP_NO_CACHE_DIR="1")).status == "ok"
        at = whereabouts.here(tmp_path, "pip")._replace(
            executable=script(tmp_path / "python", "echo no such thing >&2; exit 2")
        )
        unknown = judge("pip-cache", at)
        assert (unknown.status, unknown.seen) == ("unknown", f"{tmp_path}/python -m pip cache dir: no such thing")

    def test_a_module_beside_the_project_does_not_mislead_pip(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "pip.py").write_text("raise SystemExit('shadowed')")
        monkeypatch.chdir(tmp_path)
        assert judge("pip-cache", whereabouts.here(tmp_path, "pip", PIP_CACHE_DIR=str(tmp_path))).status == "ok"

    @pytest.mark.skipif(not UV.exists(), reason="uv is not installed beside this interpreter")
    def test_uv(self, tmp_path: Path) -> None:
        cache = tmp_path / "uv"
        at = whereabouts.here(tmp_path, PATH=str(UV.parent), UV_CACHE_DIR=str(cache))
        assert judge("uv-cache", at).status == "ok"
        fill(cache / "archive-v0" / "a", LARGE)
        found = judge("uv-cache", at)
        assert (found.status, found.do) == ("note", (f"{UV} cache prune",))

    def test_conda(self, tmp_path: Path) -> None:
        packages = tmp_path / "conda" / "pkgs"
        told = json.dumps({"pkgs_dirs": [str(packages), str(tmp_path / "not there")]})
        conda = script(tmp_path / "conda" / "bin" / "conda", f"[ \"$*\" = 'info --json' ] && echo '{told}'")
        at = whereabouts.here(tmp_path, PATH=str(Path(conda).parent))
        assert judge("conda-packages", at).status == "ok"
        fill(packages / "a.conda", LARGE)
        found = judge("conda-packages", at)
        assert (found.status, found.do) == ("note", (f"{conda} clean --packages --tarballs -y",))
        script(Path(conda), "echo this is no JSON")
        assert judge("conda-packages", at).status == "unknown"

    @pytest.mark.parametrize(
        ("check", "environment", "folder"),
        [
            ("hub-models", {}, "home/.cache/huggingface/hub"),
            ("hub-models", {"HF_HOME": "h"}, "h/hub"),
            ("hub-models", {"HF_HUB_CACHE": "h", "HF_HOME": "other"}, "h"),
            ("hub-models", {"XDG_CACHE_HOME": "x"}, "x/huggingface/hub"),
            ("torch-hub", {}, "home/.cache/torch/hub"),
            ("torch-hub", {"TORCH_HOME": "t"}, "t/hub"),
            ("kernel-caches", {}, "home/.triton/cache"),
            ("kernel-caches", {"TRITON_CACHE_DIR": "t"}, "t"),
            ("kernel-caches", {"TORCHINDUCTOR_CACHE_DIR": "t"}, "t"),
            ("kernel-caches", {}, "home/.cache/torch_extensions"),
        ],
    )
    def test_of_those_who_have_no_safe_command(
        self, tmp_path: Path, check: str, environment: dict[str, str], folder: str
    ) -> None:
        at = whereabouts.here(tmp_path)
        told = {name: str(tmp_path / value) for name, value in environment.items()}
        at = at._replace(environment={**at.environment, **told})
        assert judge(check, at).status == "ok"
        fill(tmp_path / folder / "models" / "a", LARGE)
        found = judge(check, at)
        assert (found.status, found.do) == ("note", ())
        assert found.seen.startswith(f"101 MB in {tmp_path / folder}; ")

    @pytest.mark.parametrize(("tool", "words"), [("hf", "cache prune"), ("huggingface-cli", "delete-cache")])
    def test_the_hub_has_a_tool_that_asks(self, tmp_path: Path, tool: str, words: str) -> None:
        program = script(tmp_path / "bin" / tool, "exit 1")
        at = whereabouts.here(tmp_path, PATH=str(tmp_path / "bin"))
        fill(tmp_path / "home/.cache/huggingface/hub/a", LARGE)
        [hoard] = hoards.look(at)[:1]
        assert (hoard.kind, hoard.is_safe) == ("hub-models", False)
        assert judge("hub-models", at).do == (f"{program} {words}",)


def script(file: Path, text: str) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


class TestProject:
    def test_bytecode(self, tmp_path: Path) -> None:
        (tmp_path / "package").mkdir()
        (tmp_path / "package" / "module.py").write_text("x = 1")
        at = whereabouts.here(tmp_path)
        assert judge("bytecode", at).seen == "none found: bytecode of the project's sources"
        assert compileall.compile_dir(tmp_path / "package", quiet=1)
        few = judge("bytecode", at)
        assert (few.status, few.seen) == ("ok", f"4 kB in {tmp_path}")
        fill(tmp_path / "package" / "__pycache__" / "other.pyc", LARGE)
        assert judge("bytecode", at).status == "note"

    def test_environments_besides_the_one_in_use(self, tmp_path: Path) -> None:
        for name in (".venv", "old"):
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / name], check=True, timeout=60)
        fill(tmp_path / ".venv" / "large", LARGE)
        at = whereabouts.here(tmp_path)
        at = at._replace(target=at.target._replace(prefix=str(tmp_path / ".venv")))
        assert judge("unused-environments", at).status == "ok"
        fill(tmp_path / "old" / "large", LARGE)
        an_age_ago(tmp_path / "old")
        found = judge("unused-environments", at)
        assert (found.status, found.do) == ("note", ())
        assert found.seen.startswith(f"101 MB in {tmp_path}/old, last used 2024-05-0")

    def test_an_interpreter_that_starts_uses_its_environment(self, tmp_path: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "old"], check=True, timeout=60)
        an_age_ago(tmp_path / "old")
        assert (last_used(str(tmp_path / "old")) or "").startswith("2024-05-0")
        subprocess.run([tmp_path / "old" / "bin" / "python", "-c", ""], check=True, timeout=60)
        used = last_used(str(tmp_path / "old")) or ""
        if used.startswith("2024"):
            pytest.skip("this disk does not note when a file was read")
        assert used == time.strftime("%Y-%m-%d")

    def test_a_project_without_end_is_not_called_clean(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(30):
            (tmp_path / str(number)).mkdir()
        monkeypatch.setattr(hoards, "Bound", lambda: Bound(most_entries=20))
        at = whereabouts.here(tmp_path)
        for check in ("bytecode", "unused-environments"):
            assert judge(check, at) == ("unknown", "not looked at beyond 20 files", ())


def an_age_ago(environment: Path) -> None:
    """As if nothing had been done with it since May 2024."""
    for path in (environment / "pyvenv.cfg", *environment.glob("lib/python*/site-packages")):
        os.utime(path, (1714800000, 1714700000))


class TestLeftovers:
    def test_of_a_pip_that_was_killed(self, tmp_path: Path) -> None:
        at = whereabouts.here(tmp_path)
        old, young, other = (tmp_path / "tmp" / name for name in ("pip-unpack-a1b2c3d4", "pip-install-x", "pip-mine"))
        for folder in (old, young, other):
            fill(folder / "torch.whl", LARGE)
        assert judge("pip-leftovers", at).status == "ok"
        for folder in (old, other):
            os.utime(folder, (time.time() - 3 * 86400,) * 2)
        found = judge("pip-leftovers", at)
        assert (found.status, found.do) == ("note", ())
        assert found.seen.startswith(f"101 MB in {old}; ")

    def test_packages_that_were_moved_aside(self, tmp_path: Path) -> None:
        at = whereabouts.here(tmp_path)
        fill(tmp_path / "site" / "~orch" / "lib" / "libtorch.so", LARGE)
        assert judge("pip-leftovers", at).seen.startswith(f"101 MB in {tmp_path}/site/~orch; ")


class TestWords:
    def test_the_largest_are_named_and_the_rest_summed(self, tmp_path: Path) -> None:
        found = tuple(Hoard("unused-environments", f"/{size}", size * 10**9) for size in (1, 5, 3, 4, 2))
        at = whereabouts.here(tmp_path)
        verdict = CHECKS["unused-environments"].judge(whereabouts.conditions(at, hoards=found))
        assert verdict.seen.startswith("5.00 GB in /5, 4.00 GB in /4, 3.00 GB in /3, 3.00 GB in 2 more; ")

    def test_each_kind_counts_for_itself(self, tmp_path: Path) -> None:
        uncounted = Hoard("uv-cache", "/uv", 3_000_000, "not looked at for longer than 2 s")
        whole = Hoard("uv-cache", "/whole", 4_000_000)
        found = (Hoard("pip-cache", "/pip", 5 * 10**9), Hoard("pip-cache", "/empty", 0), whole, uncounted)
        seen = whereabouts.conditions(whereabouts.here(tmp_path), hoards=found)
        pip, uv, hub = (CHECKS[check].judge(seen) for check in ("pip-cache", "uv-cache", "hub-models"))
        assert (pip.status, pip.seen.startswith("5.00 GB in /pip; ")) == ("note", True)
        assert (uv.status, hub.status, hub.seen.startswith("none found: ")) == ("unknown", "ok", True)

    def test_what_was_not_counted_whole_is_at_least_that(self, tmp_path: Path) -> None:
        at = whereabouts.here(tmp_path)
        for size, status, said in (
            (12_300_000_000, "note", "at least 12.3 GB in /c; "),
            (3_000_000, "unknown", "at least 3 MB; not looked at for longer than 2 s"),
        ):
            cut = Hoard("pip-cache", "/c", size, "not looked at for longer than 2 s")
            verdict = CHECKS["pip-cache"].judge(whereabouts.conditions(at, hoards=(cut,)))
            assert (verdict.status, verdict.seen.startswith(said)) == (status, True)
