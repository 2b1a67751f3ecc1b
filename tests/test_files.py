"""A file is replaced whole or not at all: full disks, interrupts, links and permissions."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envtool import files
from envtool.errors import FileUnwritable, RequestInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
OLD, NEW = b"numpy==1.26.4\n", b"numpy==2.0.0\n"
posix_only = pytest.mark.skipif(os.name != "posix", reason="links, permissions and signals")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_bytes(OLD)
    return path


def is_alone(path: Path) -> bool:
    return list(path.parent.iterdir()) == [path]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    path, usual = tmp_path / "requirements.txt", tmp_path / "usual"
    usual.touch()
    files.write(path, NEW)
    assert path.read_bytes() == NEW
    assert path.stat().st_mode == usual.stat().st_mode


@posix_only
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755])
def test_an_old_file_keeps_its_permissions(old: Path, mode: int) -> None:
    old.chmod(mode)
    files.write(old, NEW)
    assert old.read_bytes() == NEW
    assert stat.S_IMODE(old.stat().st_mode) == mode
    assert is_alone(old)


@posix_only
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give a file away")
def test_an_old_file_keeps_its_owner(old: Path) -> None:
    os.chown(old, 1234, 5678)
    files.write(old, NEW)
    assert (old.stat().st_uid, old.stat().st_gid) == (1234, 5678)


@posix_only
@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_is_written_through(tmp_path: Path, is_there: bool) -> None:
    target = tmp_path / "elsewhere" / "pinned.txt"
    target.parent.mkdir()
    if is_there:
        target.write_bytes(OLD)
    link = tmp_path / "requirements.txt"
    link.symlink_to("elsewhere/pinned.txt")
    files.write(link, NEW)
    assert link.is_symlink()
    assert target.read_bytes() == NEW
    assert is_alone(target)


@posix_only
def test_what_is_no_file_is_written_to() -> None:
    code = f"import pathlib; from envtool import files; files.write(pathlib.Path('/dev/stdout'), {NEW!r})"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert ran.stdout == NEW
    files.write(Path(os.devnull), NEW)
    assert not Path(os.devnull).is_file()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileUnwritable, match=r"gone.requirements\.txt is as it was.*: No such file"):
        files.write(tmp_path / "gone" / "requirements.txt", NEW)


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileUnwritable, match="could not be written"):
        files.write(tmp_path, NEW)
    assert tmp_path.is_dir()


@posix_only
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(old: Path) -> None:
    old.parent.chmod(0o555)
    try:
        with pytest.raises(FileUnwritable, match="Permission denied"):
            files.write(old, NEW)
    finally:
        old.parent.chmod(0o755)
    assert old.read_bytes() == OLD


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = sys.platform == "linux" and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("mounting a tmpfs takes Linux and the right to do so")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    old = small_disk / "requirements.txt"
    old.write_bytes(OLD)
    with pytest.raises(FileUnwritable, match=r"is as it was.*: No space left on device"):
        files.write(old, NEW * 10_000)
    assert old.read_bytes() == OLD
    assert is_alone(old)
    files.write(old, NEW)
    assert old.read_bytes() == NEW


@posix_only
@pytest.mark.parametrize("moment", ["write", "fsync", "copymode"])
@pytest.mark.parametrize("end", ["KeyboardInterrupt", "SIGKILL"])
def test_whatever_ends_it_leaves_the_old_file(old: Path, moment: str, end: str) -> None:
    """The process is ended in the middle; a kill may leave the temporary file, an interrupt nothing."""
    code = f"""
        import builtins, os, pathlib, shutil, signal
        from envtool import files

        def stop(*_arguments):
            os.kill(os.getpid(), signal.{"SIGINT" if end == "KeyboardInterrupt" else end})
            signal.pause()

        class Interrupted:
            def __init__(self, file): self.file = file
            def __enter__(self): return self
            def __exit__(self, *ended): self.file.close()
            def write(self, content): self.file.write(content[:5]); self.file.flush(); stop()

        moment = {moment!r}
        if moment == "write":
            really_open = builtins.open
            builtins.open = lambda *arguments: Interrupted(really_open(*arguments))
        elif moment == "fsync":
            os.fsync = stop
        else:
            shutil.copymode = stop
        files.write(pathlib.Path({str(old)!r}), {NEW!r})
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    assert ran.returncode < 0 or b"KeyboardInterrupt" in ran.stderr
    assert old.read_bytes() == OLD
    assert len(list(old.parent.iterdir())) == (1 if end == "KeyboardInterrupt" else 2)


@pytest.mark.parametrize(
    "name", ["utf8", "UTF-8", "utf-8-sig", "utf-16", "gbk", "gb18030", "latin-1", "ascii", "cp1252"]
)
def test_text_encodings(name: str) -> None:
    files.check_encoding(name)
    assert files.encoded("numpy==1.26.4\n", name).decode(name) == "numpy==1.26.4\n"


@pytest.mark.parametrize("name", ["utf9", "", "hex", "rot13", "base64", "a\0b", "undefined", "zlib"])
def test_what_is_no_text_encoding(name: str) -> None:
    with pytest.raises(RequestInvalid, match="is no text encoding of Python: use utf8"):
        files.check_encoding(name)


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        ("a\n# 模型: nothing\nb\n", "ascii", r"ascii has no '\\u6a21' \(模\).*'# 模型: nothing'"),
        ("# 模型\n", "latin-1", r"latin-1 has no '\\u6a21'"),
        ("# caf\u00e9 \U0001f40d\n", "gbk", r"gbk has no '\\U0001f40d'"),
        ("\udc80", "utf8", r"utf8 has no '\\udc80'"),
    ],
)
def test_a_letter_that_an_encoding_lacks_is_named(text: str, encoding: str, said: str) -> None:
    with pytest.raises(RequestInvalid, match=said):
        files.encoded(text, encoding)


def test_utf8_has_no_mark_before_it() -> None:
    assert files.encoded("x", "utf8") == b"x"
    assert files.encoded("x", "utf-8-sig") == b"\xef\xbb\xbfx"
