"""The probe, run by every Python of this machine, and its pieces."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import interpreters
import pytest

from envtool.facts import Package, Target, parse_target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

IN_TARGET = Path(__file__).resolve().parent.parent / "envtool/_in_target"
PROBE = IN_TARGET / "probe.py"
COMMIT = "1f0c6b1e5a7d4c3b2a190807f6e5d4c3b2a19080"

every_python = pytest.mark.parametrize("python", interpreters.SUPPORTED.values(), ids=interpreters.SUPPORTED)


def answer_of(
    python: str, folder: Path, environment: Mapping[str, str] | None = None, options: tuple[str, ...] = ()
) -> str:
    """What the probe writes, run as envtool runs it; it must print nothing of its own."""
    empty = folder / "empty"
    empty.mkdir(exist_ok=True)
    out = folder / "OUT.json"
    subprocess.run(
        [python, *options, str(PROBE), str(out)], check=True, cwd=empty, env={**os.environ, **(environment or {})}
    )
    return out.read_text("utf-8", "surrogateescape")


def target_of(python: str, folder: Path, environment: Mapping[str, str] | None = None) -> Target:
    return parse_target(answer_of(python, folder, environment), python)


def says(python: str, code: str) -> str:
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def headers(name: str, version: str) -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: a test\n\nName: in the description\n"


@every_python
def test_says_what_the_interpreter_says(python: str, tmp_path: Path) -> None:
    target = target_of(python, tmp_path)
    facts = says(
        python,
        "import json, os, sys, sysconfig as s;"
        "print(json.dumps(['%d.%d.%d' % sys.version_info[:3], sys.executable, s.get_platform(), sys.prefix,"
        " s.get_path('platlib'), sys.prefix != sys.base_prefix]))",
    )
    python_facts = [target.python.version.split("rc")[0].split("a")[0].split("b")[0], target.python.executable]
    assert [*python_facts, target.platform, target.prefix, target.site_packages, target.is_venv] == json.loads(facts)
    assert target.python.implementation == sys.implementation.name
    assert target.arch in {"x86_64", "AMD64", "aarch64", "arm64", "ARM64"}
    assert (target.libc is None) == (sys.platform != "linux")
    if target.libc and target.libc.name == "glibc":
        assert f"glibc {target.libc.version}" == os.confstr("CS_GNU_LIBC_VERSION")


@pytest.mark.slow
@every_python
def test_lists_what_pip_lists(python: str, tmp_path: Path) -> None:
    listed = subprocess.run(
        [python, "-W", "ignore", "-m", "pip", "--disable-pip-version-check", "list", "--format=json"],
        check=False,
        cwd=tmp_path,
        capture_output=True,
    )
    if listed.returncode:
        pytest.skip(f"{python} has no pip")
    expected = {(entry["name"], entry["version"]) for entry in json.loads(listed.stdout)}
    assert {(package.name, package.version) for package in target_of(python, tmp_path).packages} == expected


GOOD: dict[str, str | bytes] = {
    "torch-2.5.1+cu124.dist-info/METADATA": headers("torch", "2.5.1+cu124"),
    "Zope.Event-5.0.dist-info/METADATA": "name:  Zope.Event \r\nVERSION: 5.0\r\n\r\n",
    "old-1.0-py3.6.egg-info/PKG-INFO": headers("old", "1.0"),
    "older-0.9.egg-info": headers("older", "0.9"),
    "latin-1.1.egg-info": b"Name: latin\nAuthor: Andr\xe9\nVersion: 1.1\n\n",
    "EGG-INFO/PKG-INFO": headers("egg", "3.1"),
}
BROKEN: dict[str, str | bytes] = {
    "no_metadata-1.0.dist-info/RECORD": "",
    "empty-1.0.dist-info/METADATA": "",
    "utf16-1.0.dist-info/METADATA": headers("utf16", "1.0").encode("utf-16"),
    "bytes-1.0.dist-info/METADATA": b"Name: \xff\xfe\nVersion: 1.0\n\n",
    "no_version-1.0.dist-info/METADATA": "Name: no-version\n\nVersion: 1.0\n",
    "no_name-1.0.dist-info/METADATA": "Version: 1.0\n\nName: no-name\n",
    "folder-1.0.dist-info/METADATA/inside": "",
    "~orch-2.4.0.dist-info/METADATA": headers("torch", "2.4.0"),
    "torch/version.py": "",
    "broken.egg-link/inside": "",
}
SECOND = {
    "Torch-1.0.dist-info/METADATA": headers("Torch", "1.0"),
    "zope_event-4.0.dist-info/METADATA": headers("zope-event", "4.0"),
}


@every_python
def test_reads_metadata_of_every_kind(python: str, tmp_path: Path) -> None:
    first, second = write(tmp_path / "first", {**GOOD, **BROKEN}), write(tmp_path / "second", SECOND)
    path = os.pathsep.join([str(first), str(tmp_path / "absent"), str(second)])
    target = target_of(python, tmp_path, {"PYTHONPATH": path})
    plain = target_of(python, tmp_path)
    here = {"torch", "Zope.Event", "old", "older", "latin", "egg"}
    assert {package for package in target.packages if package.name in here} == {
        Package("torch", "2.5.1+cu124"),
        Package("Zope.Event", "5.0"),
        Package("old", "1.0"),
        Package("older", "0.9"),
        Package("latin", "1.1"),
        Package("egg", "3.1"),
    }
    assert {package.name for package in target.packages} == here | {package.name for package in plain.packages}


@every_python
def test_reads_where_a_distribution_came_from(python: str, tmp_path: Path) -> None:
    project = tmp_path / "my project"
    source = write(project / "src", {"developed.egg-info/PKG-INFO": headers("developed", "0.1")})
    records: dict[str, object] = {
        "vcs": {"url": "https://me:secret@example.org/r.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
        "editable": {"url": "file:///home/Zoë/src", "dir_info": {"editable": True}},
        "local": {"url": "file:///home/me/x.whl", "archive_info": {}},
        "folder": {"url": "file:///home/me/src", "dir_info": {}},
        "wrong": {"url": None},
        "wrong2": "not UTF-8, see below",
        "wrong5": [],
        "wrong3": {"url": "https://example.org/\ud800"},
        "wrong4": {"url": "https://example.org/x", "vcs_info": {"commit_id": 7}},
    }
    files: dict[str, str | bytes] = {"developed.egg-link": f"{source}\n../"}
    for name, record in records.items():
        files[f"{name}-1.dist-info/METADATA"] = headers(name, "1")
        files[f"{name}-1.dist-info/direct_url.json"] = json.dumps(record)
    files["wrong2-1.dist-info/direct_url.json"] = b"\xff{"
    site = write(tmp_path / "site", files)
    target = target_of(python, tmp_path, {"PYTHONPATH": os.pathsep.join([str(site), str(source)])})
    assert {package for package in target.packages if package.name in {*records, "developed"}} == {
        Package("vcs", "1", "https://example.org/r.git", COMMIT),
        Package("editable", "1", "file:///home/Zoë/src", editable=True),
        Package("local", "1", "file:///home/me/x.whl"),
        Package("folder", "1", "file:///home/me/src"),
        *(Package(name, "1") for name in records if name.startswith("wrong")),
        Package("developed", "0.1", str(project), editable=True),
    }


@every_python
def test_modules_on_pythonpath_do_not_mislead_it(python: str, tmp_path: Path) -> None:
    traps = {f"{name}.py": "" for name in ("json", "re", "platform")}
    traps["sitecustomize.py"] = "import json, re"
    record = json.dumps({"url": "file:///home/me/x.whl"})
    files = {"x-1.dist-info/METADATA": headers("x", "1"), "x-1.dist-info/direct_url.json": record}
    folder = write(tmp_path / "traps", {**traps, **files})
    target = target_of(python, tmp_path, {"PYTHONPATH": str(folder)})
    assert Package("x", "1", "file:///home/me/x.whl") in target.packages


@every_python
def test_what_a_sitecustomize_prints_does_no_harm(python: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "custom", {"sitecustomize.py": "print('{} welcome')"})
    assert target_of(python, tmp_path, {"PYTHONPATH": str(folder)}) == target_of(python, tmp_path)


@every_python
def test_neither_its_own_folder_nor_the_current_one_is_looked_at(python: str, tmp_path: Path) -> None:
    own = write(tmp_path / "own", {"own.egg-info/PKG-INFO": headers("own", "1")})
    here = write(tmp_path / "empty", {"here.egg-info/PKG-INFO": headers("here", "1")})
    shutil.copy(PROBE, own)
    subprocess.run([python, str(own / "probe.py"), str(tmp_path / "OUT.json")], check=True, cwd=here)
    target = parse_target((tmp_path / "OUT.json").read_text(), python)
    assert not {"own", "here"} & {package.name for package in target.packages}


@every_python
@pytest.mark.skipif(os.name != "posix", reason="makes a link to an interpreter")
def test_environment_with_spaces_and_letters_of_all_kinds(python: str, tmp_path: Path) -> None:
    environment = tmp_path / "my önv 环境 🐍"
    subprocess.run([python, "-m", "venv", "--without-pip", str(environment)], check=True)
    for locale in ("C", "C.UTF-8"):
        target = target_of(str(environment / "bin/python"), tmp_path, {"LC_ALL": locale})
        assert target.is_venv
        assert not target.externally_managed
        assert target.prefix == str(environment)
        assert target.python.executable == str(environment / "bin/python")
        assert str(target.site_packages).startswith(f"{environment}{os.sep}")
        assert target.packages == ()


@pytest.mark.skipif(interpreters.PYTHON_2 is None, reason="no Python 2.7 here")
def test_python_2_names_itself(tmp_path: Path) -> None:
    assert interpreters.PYTHON_2 is not None
    answer = json.loads(answer_of(interpreters.PYTHON_2, tmp_path))
    assert list(answer) == ["python"]
    assert answer["python"]["implementation"] == "cpython"
    assert answer["python"]["version"].startswith("2.7.")


def test_imports_nothing_that_takes_long(tmp_path: Path) -> None:
    empty = write(tmp_path, {"x-1.dist-info/METADATA": headers("x", "1")})
    ran = subprocess.run(
        [sys.executable, "-S", "-X", "importtime", str(PROBE), str(tmp_path / "OUT.json")],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(empty)},
    )
    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "sysconfig" in imported
    assert not imported & {"json", "re", "enum", "platform", "subprocess", "importlib.metadata", "email.parser"}


@pytest.mark.parametrize("file", ["probe.py", "torch_check.py"])
def test_python_3_6_can_parse_it(file: str) -> None:
    source = (IN_TARGET / file).read_text("ascii")
    ast.parse(source, feature_version=(3, 6))
    assert "from __future__ import annotations" not in source


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The probe as a module, in this interpreter."""
    monkeypatch.setattr(sys, "path", list(sys.path))  # it puts its own in order
    spec = importlib.util.spec_from_file_location("probe", PROBE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("info", "text"),
    [
        ((3, 13, 0, "final", 0), "3.13.0"),
        ((3, 15, 0, "alpha", 3), "3.15.0a3"),
        ((3, 14, 0, "beta", 1), "3.14.0b1"),
        ((3, 14, 0, "candidate", 2), "3.14.0rc2"),
    ],
)
def test_version(probe: ModuleType, info: tuple[object, ...], text: str) -> None:
    assert probe.version(info) == text


@pytest.mark.parametrize(
    ("machine", "maxsize", "arch"),
    [
        ("x86_64", 2**63 - 1, "x86_64"),
        ("x86_64", 2**31 - 1, "i686"),
        ("i686", 2**31 - 1, "i686"),
        ("aarch64", 2**63 - 1, "aarch64"),
        ("aarch64", 2**31 - 1, "armv7l"),
        ("armv8l", 2**31 - 1, "armv7l"),
        ("armv7l", 2**31 - 1, "armv7l"),
    ],
)
def test_arch(probe: ModuleType, monkeypatch: pytest.MonkeyPatch, machine: str, maxsize: int, arch: str) -> None:
    monkeypatch.setattr(os, "uname", lambda: ("Linux", "host", "6.1", "#1", machine), raising=False)
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "posix")
        patch.setattr(sys, "maxsize", maxsize)
        seen = probe.arch()
    assert seen == arch


@pytest.mark.parametrize(
    ("platform", "arch"),
    [("win-amd64", "AMD64"), ("win32", "x86"), ("win-arm64", "ARM64"), ("mingw_x86_64", "mingw_x86_64")],
)
def test_arch_on_windows(probe: ModuleType, monkeypatch: pytest.MonkeyPatch, platform: str, arch: str) -> None:
    monkeypatch.setattr(sysconfig, "get_platform", lambda: platform)
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        seen = probe.arch()
    assert seen == arch


def refuse(name: str) -> str:
    raise OSError(22, f"Invalid argument: {name}")  # what musl answers


def say(text: str | None) -> object:
    return lambda _name: text


class TestLibc:
    @pytest.fixture(autouse=True)
    def on_linux(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(os, "confstr", refuse, raising=False)

    @pytest.mark.parametrize(("said", "version"), [("glibc 2.36", "2.36"), ("glibc 2.20-2014.11", "2.20")])
    def test_glibc(self, probe: ModuleType, monkeypatch: pytest.MonkeyPatch, said: str, version: str) -> None:
        monkeypatch.setattr(os, "confstr", say(said))
        assert probe.libc() == {"name": "glibc", "version": version}

    @pytest.mark.skipif(os.name != "posix", reason="runs a shell script")
    @pytest.mark.parametrize(("said", "version"), [("1.2.4", "1.2.4"), ("1.2.4_git20230717", "1.2.4")])
    def test_musl(
        self, probe: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, version: str
    ) -> None:
        loader = tmp_path / "ld-musl-x86_64.so.1"
        loader.write_text(
            f"#!/bin/sh\nprintf 'musl libc (x86_64)\\nVersion {said}\\nDynamic Program Loader\\n' >&2\nexit 1"
        )
        loader.chmod(0o755)
        python = tmp_path / "python"
        python.write_bytes(b"\x7fELF" + bytes(600) + os.fsencode(loader) + bytes(9000))
        monkeypatch.setattr(sys, "executable", str(python))
        assert probe.libc() == {"name": "musl", "version": version}
        loader.unlink()
        assert probe.libc() == {"name": "musl", "version": "0"}

    @pytest.mark.parametrize("confstr", [refuse, say(""), say(None)])
    def test_neither(self, probe: ModuleType, monkeypatch: pytest.MonkeyPatch, confstr: object) -> None:
        monkeypatch.setattr(os, "confstr", confstr)
        monkeypatch.setattr(sysconfig, "get_config_var", say(None))
        monkeypatch.setattr(sys, "executable", "/no/such/python")
        assert probe.libc() is None

    def test_static_musl(self, probe: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sysconfig, "get_config_var", {"HOST_GNU_TYPE": "x86_64-unknown-linux-musl"}.get)
        monkeypatch.setattr(sys, "executable", "/no/such/python")
        assert probe.libc() == {"name": "musl", "version": "0"}

    def test_off_linux(self, probe: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")
        assert probe.libc() is None


@pytest.mark.parametrize(("base", "expected"), [("/usr", "managed"), ("/elsewhere", "environment")])
def test_pep_668_marker_counts_outside_environments(
    probe: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, base: str, expected: str
) -> None:
    write(tmp_path, {"EXTERNALLY-MANAGED": "[externally-managed]\nError=apt\n"})
    monkeypatch.setattr(sysconfig, "get_path", {"stdlib": str(tmp_path), "platlib": "/usr/lib"}.get)
    monkeypatch.setattr(sys, "prefix", "/usr")
    monkeypatch.setattr(sys, "base_prefix", base)
    monkeypatch.setattr(sys, "argv", ["probe.py", str(tmp_path / "OUT.json")])
    for module in ("json", "re"):  # which it drops
        monkeypatch.setitem(sys.modules, module, sys.modules[module])
    probe.main()
    target = parse_target((tmp_path / "OUT.json").read_text(), "python")
    assert target.externally_managed == (expected == "managed")
    assert target.is_venv == (expected == "environment")


def test_free_threaded(probe: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_config_var", {"Py_GIL_DISABLED": 1}.get)
    assert probe.python()["free_threaded"] is True


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://me:secret@example.org/r.git", "https://example.org/r.git"),
        ("https://token@example.org/r.git", "https://example.org/r.git"),
        ("https://me:se@cret@example.org/r.git", "https://example.org/r.git"),
        ("https://${USER}:secret@example.org/r", "https://example.org/r"),
        ("https://${USER}:${TOKEN}@example.org/r", "https://${USER}:${TOKEN}@example.org/r"),
        ("https://${TOKEN}@example.org/r", "https://${TOKEN}@example.org/r"),
        ("ssh://git@example.org/r.git", "ssh://git@example.org/r.git"),
        ("ssh://git:secret@example.org/r.git", "ssh://example.org/r.git"),
        ("git@example.org:me/r.git", "git@example.org:me/r.git"),
        ("https://example.org/r@v1?x=a@b", "https://example.org/r@v1?x=a@b"),
        ("file:///home/a@b/src", "file:///home/a@b/src"),
    ],
)
def test_credentials_are_left_out(probe: ModuleType, tmp_path: Path, url: str, origin: str) -> None:
    write(tmp_path, {"direct_url.json": json.dumps({"url": url})})
    assert probe.installed_from(str(tmp_path))["origin"] == origin


@pytest.mark.parametrize("value", ['"quoted" \\ \n\t\x00', "Zoë 🐍", "", [], {}, ["a", {"b": None}], True, False, None])
def test_json_is_json(probe: ModuleType, value: object) -> None:
    assert json.loads(probe.as_json(value)) == value
