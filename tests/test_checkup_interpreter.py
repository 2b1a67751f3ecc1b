"""The checks of the interpreter: each sees its fault, made for it in a real environment, and one without it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import interpreters
import pytest
import whereabouts
from machines import windows
from made_environment import MINOR, Environment

from envtool import target
from envtool.catalogue import Catalogue
from envtool.checkup import CHECKS
from envtool.checkup.interpreter import LAST_FIXES
from envtool.conditions.interpreter import Clash, InterpreterState, Own, PipOnPath
from envtool.facts import Interpreter, OperatingSystem, Package
from envtool.surroundings import interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envtool.checkup.check import Verdict
    from envtool.conditions import Here

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the faults are made as Unix makes them")
OWN = Own((), "24.0", ("json",), (), (), (), ())
STATE = InterpreterState(is_conda=False, uv=None, pip_on_path=None, own=OWN)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    return Environment(tmp_path)


@pytest.fixture
def case_blind(tmp_path: Path) -> Iterator[Path]:
    """A disk that does not tell `crypto` from `Crypto`: NTFS, mounted so."""
    if os.geteuid() != 0 or not shutil.which("lowntfs-3g") or not shutil.which("mkntfs"):
        pytest.skip("takes root, mkntfs and lowntfs-3g")
    image, point = tmp_path / "ntfs.img", tmp_path / "ntfs"
    with image.open("wb") as file:
        file.truncate(30 << 20)
    point.mkdir()
    subprocess.run(["mkntfs", "-q", "-F", "-f", str(image)], check=True, capture_output=True)
    loop = subprocess.run(
        ["losetup", "-f", "--show", str(image)], check=True, capture_output=True, text=True
    ).stdout.strip()
    try:
        subprocess.run(["lowntfs-3g", loop, str(point), "-o", "ignore_case"], check=True, capture_output=True)
        yield point
        subprocess.run(["umount", "--lazy", str(point)], check=True)
    finally:
        subprocess.run(["losetup", "-d", loop], check=True)


def judge(check: str, at: Here, state: InterpreterState | None = None) -> Verdict:
    return CHECKS[check].judge(whereabouts.conditions(at, interpreter=state or interpreter.look(at)))


def with_python(at: Here, version: str, implementation: str = "cpython", *, free_threaded: bool = False) -> Here:
    python = Interpreter(implementation, version, free_threaded)
    return at._replace(target=at.target._replace(python=python))


def examined(environment: Environment, check: str) -> Verdict:
    return judge(check, environment.here())


def own_words(environment: Environment) -> Own:
    own = interpreter.look(environment.here()).own
    assert isinstance(own, Own)
    return own


class TestPythonVersion:
    @pytest.mark.parametrize(
        ("version", "status", "said"),
        [
            ("3.12.7", "ok", "Python 3.12.7: torch "),
            ("3.8.18", "warning", "torch 2.4.1 is the last that has a wheel for it"),
            ("3.5.10", "warning", "torch 1.5.1 is the last"),
            ("3.99.0", "error", "no torch that is known has a wheel for it"),
            ("3.13.0rc1", "warning", "it is no final release"),
        ],
    )
    def test_against_what_torch_builds_for(self, tmp_path: Path, version: str, status: str, said: str) -> None:
        verdict = judge("python-version", with_python(whereabouts.here(tmp_path), version), STATE)
        assert (verdict.status, said in verdict.seen) == (status, True), verdict
        assert bool(verdict.do) == (status != "ok")

    def test_the_way_out_is_a_python_that_works(self, tmp_path: Path) -> None:
        [advice] = judge("python-version", with_python(whereabouts.here(tmp_path), "3.7.0"), STATE).do
        version = advice.removeprefix("uv venv --python ").split()[0]
        assert judge("python-version", with_python(whereabouts.here(tmp_path), f"{version}.0"), STATE).status == "ok"

    def test_only_cpython(self, tmp_path: Path) -> None:
        pypy = judge("python-version", with_python(whereabouts.here(tmp_path), "3.10.13", "pypy"), STATE)
        assert (pypy.status, "wheels for CPython alone" in pypy.seen) == ("error", True)

    def test_free_threaded_counts_for_itself(self, tmp_path: Path) -> None:
        at = with_python(whereabouts.here(tmp_path), "3.12.0", free_threaded=True)
        assert judge("python-version", at, STATE).status == "error"

    def test_a_system_without_torch(self, tmp_path: Path) -> None:
        at = whereabouts.here(tmp_path)
        at = at._replace(machine=at.machine._replace(os=OperatingSystem("FreeBSD"), arch="riscv64"))
        assert judge("python-version", at, STATE).status == "unknown"

    def test_end_of_life_is_by_the_day_of_the_facts(self, tmp_path: Path) -> None:
        class Later(Catalogue):
            as_of = "2027-11-30"

        at = with_python(whereabouts.here(tmp_path), "3.11.7")
        assert judge("python-version", at, STATE).status == "ok"
        seen = whereabouts.conditions(at)._replace(catalogue=Later())
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(LAST_FIXES, "3.11", "2027-10")
            verdict = CHECKS["python-version"].judge(seen)
        assert (verdict.status, "no security fixes since 2027-10" in verdict.seen) == ("note", True)


class TestVirtualEnvironment:
    def test_one_of_its_own(self, environment: Environment) -> None:
        assert examined(environment, "virtual-environment").status == "ok"

    def test_the_interpreter_of_all(self, environment: Environment) -> None:
        base = getattr(sys, "_base_executable", sys.executable)
        at = environment.here()._replace(target=target.inspect(base), executable=base)
        verdict = judge("virtual-environment", at)
        assert verdict.status in ("note", "error")  # an error where the system marks it (PEP 668)
        assert verdict.do == (f"{base} -m venv .venv",)

    def test_one_that_the_system_keeps(self, tmp_path: Path) -> None:
        at = whereabouts.here(tmp_path)
        at = at._replace(target=at.target._replace(is_venv=False, externally_managed=True))
        assert judge("virtual-environment", at, STATE).status == "error"

    def test_one_of_conda(self, environment: Environment) -> None:
        at = environment.here()
        at = at._replace(target=at.target._replace(is_venv=False))
        assert judge("virtual-environment", at).status == "note"
        environment.write("env/conda-meta/history")
        assert judge("virtual-environment", at).status == "ok"


class TestPipVersion:
    def test_one_that_is_too_old_for_the_tags(self, environment: Environment) -> None:
        environment.install("pip", "19.3.1", pip="")
        verdict = examined(environment, "pip-version")
        assert verdict.status == "error"
        if sys.version_info < (3, 12):
            assert verdict.seen.startswith("pip 19.3.1 does not know the tags of today's wheels")
            assert verdict.do == (f"{environment.python} -m pip install --upgrade pip",)

    def test_one_that_is_new(self, environment: Environment) -> None:
        environment.install("pip", "24.0", pip="")
        assert examined(environment, "pip-version").status == "ok"

    @pytest.mark.parametrize(
        ("python", "pip", "status"),
        [
            ("3.11.2", "20.3", "ok"),
            ("3.11.2", "20.2.4", "error"),
            ("3.12.1", "23.1.2", "ok"),
            ("3.12.1", "23.1.1", "error"),
            ("3.12.1", "of my own", "unknown"),
        ],
    )
    def test_the_least_that_will_do(self, tmp_path: Path, python: str, pip: str, status: str) -> None:
        at = with_python(whereabouts.here(tmp_path), python)
        at = at._replace(target=at.target._replace(packages=(Package("pip", pip),)))
        assert judge("pip-version", at, STATE).status == status

    @pytest.mark.skipif((3, 6) not in interpreters.FOUND, reason="no Python 3.6 here, which has an old pip of its own")
    def test_that_of_an_old_python(self, environment: Environment) -> None:
        python = interpreters.FOUND[3, 6]
        at = environment.here()._replace(target=target.inspect(python), executable=python)
        old = next(package.version for package in at.target.packages if package.name == "pip")
        verdict = judge("pip-version", at)
        assert (verdict.status == "error") == (tuple(map(int, old.split(".")[:2])) < (20, 3)), verdict

    def test_python_3_12_needs_its_own(self, tmp_path: Path) -> None:
        at = with_python(whereabouts.here(tmp_path), "3.12.1")
        packages = (Package("pip", "22.3"),)
        verdict = judge("pip-version", at._replace(target=at.target._replace(packages=packages)), STATE)
        assert (verdict.status, verdict.do[0].endswith("-m ensurepip --upgrade")) == ("error", True)

    def test_without_pip_it_takes_uv(self, environment: Environment) -> None:
        with_uv = judge("pip-version", environment.here(), STATE._replace(uv="/opt/uv"))
        assert (with_uv.status, "/opt/uv" in with_uv.seen) == ("ok", True)
        without = judge("pip-version", environment.here(), STATE)
        assert (without.status, without.do) == ("error", (f"{environment.python} -m ensurepip --upgrade",))

    def test_uv_is_found_on_path(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        environment.write("bin/uv").chmod(0o755)
        monkeypatch.setenv("PATH", str(environment.project.parent / "bin"))
        assert interpreter.look(environment.here()).uv == str(environment.project.parent / "bin/uv")


class TestEnsurepip:
    def test_it_is_there(self, environment: Environment) -> None:
        assert examined(environment, "ensurepip").status == "ok"

    def test_it_was_left_out(self, environment: Environment) -> None:
        environment.write(f"env/lib/python{MINOR}/site-packages/sitecustomize.py", HIDES.format("ensurepip"))
        verdict = examined(environment, "ensurepip")
        assert (verdict.status, "has no ensurepip" in verdict.seen) == ("warning", True)
        assert verdict.do == (f"Install python{MINOR}-venv with the package manager of the system, or use uv venv",)
        environment.install("pip", "24.0", pip="")
        assert examined(environment, "ensurepip").status == "note"


HIDES = "import sys; sys.modules[{!r}] = None\n"


class TestStdlibModules:
    def test_all_are_there(self, environment: Environment) -> None:
        assert examined(environment, "stdlib-modules").status == "ok"

    @pytest.mark.parametrize(("module", "status"), [("_ssl", "error"), ("_lzma", "error"), ("_sqlite3", "warning")])
    def test_one_was_left_out_of_the_build(self, environment: Environment, module: str, status: str) -> None:
        environment.write(f"env/lib/python{MINOR}/site-packages/sitecustomize.py", HIDES.format(module))
        verdict = examined(environment, "stdlib-modules")
        assert (verdict.status, f"lacks {module.strip('_')} (" in verdict.seen) == (status, True)
        assert verdict.do[0].startswith("Take another Python, whole and ready: uv venv --python 3.")

    def test_one_that_cannot_be_asked(self, environment: Environment) -> None:
        at = environment.here()
        at = at._replace(executable=str(environment.write("python", "#!/bin/sh\nexit 7\n")))
        Path(at.executable).chmod(0o755)
        for check in (
            "stdlib-modules",
            "ensurepip",
            "pythonpath",
            "shadowing-files",
            "module-clash",
            "broken-packages",
        ):
            verdict = judge(check, at)
            assert (verdict.status, "ended with exit status 7" in verdict.seen) == ("unknown", True)


class TestPipAndPython:
    @pytest.fixture
    def other(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A pip of another environment, first on PATH."""
        other = environment.project.parent / "other"
        package = f"{other}/lib/python{MINOR}/site-packages/pip"
        script = environment.write("other/bin/pip", f"#!/bin/sh\necho 'pip 24.0 from {package} (python {MINOR})'\n")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
        return script

    def test_it_is_of_another(self, environment: Environment, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        asleep = examined(environment, "pip-and-python")
        assert asleep.status == "note"
        assert asleep.seen.startswith(f"{other} serves Python {MINOR} of ")
        monkeypatch.setenv("VIRTUAL_ENV", str(environment.prefix))
        active = examined(environment, "pip-and-python")
        assert active.status == "warning"
        assert active.do == (whereabouts.COMMAND.replace("pip", f"{environment.python} -m pip", 1),)

    def test_it_is_its_own(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        environment.install_pip()
        start = f"#!{environment.python}\nimport runpy\nrunpy.run_module('pip', run_name='__main__')\n"
        environment.write("env/bin/pip", start).chmod(0o755)
        monkeypatch.setenv("PATH", f"{environment.prefix}/bin:/usr/bin:/bin")
        assert examined(environment, "pip-and-python").status == "ok"

    def test_its_python_is_gone(self, environment: Environment, other: Path) -> None:
        other.write_text("#!/nowhere/bin/python\nprint()\n")
        verdict = examined(environment, "pip-and-python")
        assert (verdict.status, "/nowhere/bin/python" in verdict.seen) == ("warning", True)

    def test_it_fails(self, environment: Environment, other: Path) -> None:
        other.write_text("#!/bin/sh\necho ModuleNotFoundError: pip >&2\nexit 1\n")
        assert "ModuleNotFoundError: pip" in examined(environment, "pip-and-python").seen

    def test_there_is_none(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(environment.project))
        assert examined(environment, "pip-and-python").status == "ok"

    def test_the_way_where_no_command_of_pip_is_planned(
        self, environment: Environment, other: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at = environment.here()._replace(planned=None)
        assert judge("pip-and-python", at).do == (f". {environment.prefix}/bin/activate",), other
        monkeypatch.setenv("VIRTUAL_ENV", str(environment.prefix))
        by_name = f"{environment.python} -m pip --version  # and so for every install"
        assert judge("pip-and-python", at).do == (by_name,)
        on_windows = at._replace(machine=windows(), environment={})
        assert judge("pip-and-python", on_windows).do == (f'& "{environment.prefix}\\Scripts\\Activate.ps1"',)

    def test_that_of_the_user(self, tmp_path: Path) -> None:
        at = with_python(whereabouts.here(tmp_path), "3.11.2")
        at = at._replace(target=at.target._replace(is_venv=False, prefix="/usr"))
        own = PipOnPath("/home/me/.local/bin/pip", "/home/me/.local/lib/python3.11/site-packages/pip", "3.11")
        assert judge("pip-and-python", at, STATE._replace(pip_on_path=own)).status == "ok"
        of_opt = own._replace(package="/opt/lib/python3.11/site-packages/pip")
        assert judge("pip-and-python", at, STATE._replace(pip_on_path=of_opt)).status == "note"

    def test_one_that_several_pythons_of_the_system_share(self, tmp_path: Path) -> None:
        at = with_python(whereabouts.here(tmp_path), "3.11.2")
        at = at._replace(target=at.target._replace(is_venv=False, prefix="/usr"))
        shared = PipOnPath("/usr/bin/pip", "/usr/lib/python3/dist-packages/pip", "3.11")
        assert judge("pip-and-python", at, STATE._replace(pip_on_path=shared)).status == "ok"
        newer = STATE._replace(pip_on_path=shared._replace(python="3.12"))
        assert judge("pip-and-python", at, newer).status == "note"


class TestPythonpath:
    def test_nothing_is_set(self, environment: Environment) -> None:
        assert examined(environment, "pythonpath").status == "ok"

    def test_a_folder_that_hides(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        environment.install("yaml", yaml="")
        environment.write("ros/yaml.py")
        monkeypatch.setenv("PYTHONPATH", str(environment.project.parent / "ros"))
        verdict = examined(environment, "pythonpath")
        assert verdict.status == "warning"
        assert verdict.seen.endswith("ros (PYTHONPATH) hides yaml of this environment")
        assert verdict.do[0].startswith("unset PYTHONPATH")

    def test_a_folder_beside_the_project(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        environment.write("project/lib/torch.py")
        environment.install("torch", torch="")
        monkeypatch.setenv("PYTHONPATH", "lib")
        verdict = examined(environment, "pythonpath")
        assert (verdict.status, "lib (PYTHONPATH) hides torch" in verdict.seen) == ("error", True)

    def test_what_pip_needs_is_worse(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        environment.install_pip()
        environment.write("there/configparser/__init__.py")
        monkeypatch.setenv("PYTHONPATH", str(environment.project.parent / "there"))
        assert "configparser" in own_words(environment).needed_by_pip
        assert examined(environment, "pythonpath").status == "error"

    @pytest.mark.parametrize(("folder", "said"), [("absent", "is not there"), ("project", "hides nothing")])
    def test_harmless(self, environment: Environment, monkeypatch: pytest.MonkeyPatch, folder: str, said: str) -> None:
        monkeypatch.setenv("PYTHONPATH", str(environment.project.parent / folder))
        verdict = examined(environment, "pythonpath")
        assert (verdict.status, verdict.seen.endswith(f"(PYTHONPATH) {said}")) == ("note", True)

    def test_the_users_own_folder(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTHONUSERBASE", str(environment.project.parent / "user"))
        config = environment.prefix / "pyvenv.cfg"
        config.write_text(
            config.read_text().replace("include-system-site-packages = false", "include-system-site-packages = true")
        )
        environment.write(
            f"user/lib/python{MINOR}/site-packages/numpy-1.0.dist-info/METADATA", "Name: numpy\nVersion: 1.0\n"
        )
        verdict = examined(environment, "pythonpath")
        assert (verdict.status, "(user site) adds numpy-1.0" in verdict.seen) == ("note", True)
        assert verdict.do == ("export PYTHONNOUSERSITE=1",)

    def test_pythonhome(self, environment: Environment) -> None:
        at = environment.here()
        verdict = judge("pythonpath", at._replace(environment={"PYTHONHOME": "/opt/python"}), STATE)
        assert (verdict.status, verdict.seen.startswith("PYTHONHOME is /opt/python")) == ("warning", True)
        assert verdict.do[0].startswith("unset PYTHONHOME ")


class TestShadowingFiles:
    def test_nothing_is_hidden(self, environment: Environment) -> None:
        environment.write("project/train.py")
        environment.write("project/tests/__init__.py")
        environment.write("project/data/notes.txt")
        assert examined(environment, "shadowing-files").status == "ok"

    @pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed here")
    def test_a_module_that_torch_needs(self, environment: Environment) -> None:
        file = environment.write("project/json.py", "raise SystemExit(7)")
        asked = [sys.executable, "-c", "import torch"]
        assert subprocess.run(asked, cwd=environment.project, capture_output=True, check=False).returncode == 7
        verdict = examined(environment, "shadowing-files")
        assert verdict.status == "error"
        assert verdict.seen.startswith(f"{file} hides json of the standard library")
        assert verdict.do[0].startswith(f"mv {file} {file.with_name('my_json.py')}")

    def test_a_module_that_it_does_without(self, environment: Environment) -> None:
        environment.write("project/configparser.py")
        assert examined(environment, "shadowing-files").status == "warning"

    @pytest.mark.parametrize("name", ["torch.py", "torch/__init__.py"])
    def test_torch(self, environment: Environment, name: str) -> None:
        environment.write(f"project/{name}")
        assert examined(environment, "shadowing-files").status == "error"

    def test_one_that_is_installed(self, environment: Environment) -> None:
        environment.install("yaml", yaml="")
        environment.write("project/yaml.py")
        verdict = examined(environment, "shadowing-files")
        assert (verdict.status, f"hides yaml of {environment.site}" in verdict.seen) == ("warning", True)

    def test_what_torch_needs_comes_first(self, environment: Environment) -> None:
        files = [environment.write(f"project/{name}.py") for name in ("argparse", "configparser", "json")]
        names = [file.stem for file in files]
        verdict = examined(environment, "shadowing-files")
        assert verdict.status == "error"
        assert verdict.seen.index("json.py hides") < verdict.seen.index("configparser.py hides"), names

    def test_a_folder_without_init_hides_nothing(self, environment: Environment) -> None:
        environment.write("project/json/notes.txt")
        assert examined(environment, "shadowing-files").status == "ok"

    def test_the_project_that_is_installed_from_here(self, environment: Environment) -> None:
        environment.install("mine", mine="")
        environment.write("project/mine.py")
        direct = f'{{"url": "{environment.project.as_uri()}", "dir_info": {{}}}}'
        assert examined(environment, "shadowing-files").status == "warning"
        environment.write(f"env/lib/python{MINOR}/site-packages/mine-1.0.dist-info/direct_url.json", direct)
        assert examined(environment, "shadowing-files").status == "ok"


class TestClashes:
    def test_two_of_one_module(self, environment: Environment) -> None:
        environment.install("opencv_python", cv2="one = 1")
        assert examined(environment, "module-clash").status == "ok"
        environment.install("opencv_python_headless", cv2="two = 2")
        verdict = examined(environment, "module-clash")
        assert verdict.status == "warning"
        assert verdict.seen.startswith("cv2 is installed by opencv_python-1.0 and by opencv_python_headless-1.0")
        assert verdict.do[0] == f"{environment.python} -m pip uninstall opencv-python opencv-python-headless"
        assert examined(environment, "case-clash").status == "ok"

    def test_the_same_file_twice_is_harmless(self, environment: Environment) -> None:
        environment.install("nvidia_cublas", nvidia="")
        environment.install("nvidia_cudnn", nvidia="")
        environment.install("careless", tests="1")
        environment.install("as_careless", tests="2")
        assert examined(environment, "module-clash").status == "ok"

    def test_names_that_differ_by_case_alone(self, environment: Environment) -> None:
        environment.install("pycrypto", Crypto="one = 1")
        environment.install("crypto", crypto="two = 2")
        verdict = examined(environment, "case-clash")
        own = own_words(environment)
        assert (verdict.status, own.clashes[0].told_apart) in (("note", True), ("error", False))
        assert verdict.seen.startswith("crypto of crypto-1.0 and Crypto of pycrypto-1.0 differ by case alone")
        assert examined(environment, "module-clash").status == "ok"

    def test_on_a_disk_that_does_not_tell_them_apart(self, tmp_path: Path, case_blind: Path) -> None:
        environment = Environment(tmp_path)
        environment.site = case_blind / "site"
        environment.site.mkdir()
        environment.write(f"env/lib/python{MINOR}/site-packages/there.pth", f"{environment.site}\n")
        environment.install("pycrypto", Crypto="one = 1")
        assert examined(environment, "case-clash").status == "ok"
        environment.install("crypto", crypto="two = 2")
        verdict = examined(environment, "case-clash")
        assert (verdict.status, "one has overwritten the other" in verdict.seen) == ("error", True)

    def test_the_worst_of_several(self, tmp_path: Path) -> None:
        same = Clash("cv2", "cv2", ("opencv-1.0", "opencv_headless-1.0"), told_apart=None)
        harmless = Clash("yaml", "Yaml", ("a-1.0", "b-1.0"), told_apart=True)
        overwritten = Clash("crypto", "Crypto", ("crypto-1.0", "pycrypto-1.0"), told_apart=False)
        state = STATE._replace(own=OWN._replace(clashes=(same, harmless, overwritten)))
        verdict = judge("case-clash", whereabouts.here(tmp_path), state)
        assert (verdict.status, verdict.seen.startswith("crypto of crypto-1.0 and Crypto")) == ("error", True)
        assert "Yaml" not in verdict.seen
        assert "Crypto" not in judge("module-clash", whereabouts.here(tmp_path), state).seen

    @pytest.mark.parametrize(("apart", "status"), [(True, "note"), (False, "error"), (None, "unknown")])
    def test_it_depends_on_the_disk(self, tmp_path: Path, apart: bool | None, status: str) -> None:
        clash = Clash("crypto", "Crypto", ("crypto-1.0", "pycrypto-1.0"), apart)
        state = STATE._replace(own=OWN._replace(clashes=(clash,)))
        assert judge("case-clash", whereabouts.here(tmp_path), state).status == status


class TestBrokenPackages:
    def test_all_are_whole(self, environment: Environment) -> None:
        environment.install("whole", whole="")
        assert examined(environment, "broken-packages").status == "ok"

    def test_what_a_removal_left(self, environment: Environment) -> None:
        (environment.site / "~orch-2.5.0.dist-info").mkdir(parents=True)
        verdict = examined(environment, "broken-packages")
        assert (verdict.status, "~orch-2.5.0.dist-info is left of a removal" in verdict.seen) == ("warning", True)
        assert verdict.do[0].startswith(f"mv '{environment.site}/~orch-2.5.0.dist-info' {environment.prefix}")

    @pytest.mark.parametrize("metadata", [None, "", "Name: numpy\n"])
    def test_a_record_without_metadata(self, environment: Environment, metadata: str | None) -> None:
        environment.install("numpy", "2.1.0", numpy="")
        file = environment.site / "numpy-2.1.0.dist-info/METADATA"
        file.unlink() if metadata is None else file.write_text(metadata)
        verdict = examined(environment, "broken-packages")
        assert (verdict.status, "numpy-2.1.0.dist-info has no METADATA" in verdict.seen) == ("warning", True)
        assert verdict.do == (f"{environment.python} -m pip install --force-reinstall --no-deps numpy==2.1.0",)

    def test_torch_comes_back_from_its_own_index(self, environment: Environment) -> None:
        (environment.site / "torch-2.5.0.dist-info").mkdir(parents=True)
        assert examined(environment, "broken-packages").do == (f"{whereabouts.COMMAND} --force-reinstall",)

    def test_two_records_of_one(self, environment: Environment) -> None:
        environment.install("typing_extensions", "4.0", typing_extensions="")
        environment.install("typing.extensions", "4.1", other="")
        verdict = examined(environment, "broken-packages")
        assert verdict.seen.count("is one of several records of the same distribution") == 2
        assert verdict.do == (f"{environment.python} -m pip install --force-reinstall --no-deps typing-extensions",)
