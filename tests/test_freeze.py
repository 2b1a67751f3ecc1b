"""What a project needs, decided from its imports and from what is installed."""

from __future__ import annotations

import pytest
from freezing import NAMES, frozen, imports, installed, kinds, lines, target

from envtool import import_names
from envtool.facts import Package, Remark, Use
from envtool.freeze import make, remarks
from envtool.freeze.pins import specifier
from envtool.wheel_index import URL

COMMIT = "1f0c6b1e5a7d4c3b2a190807f6e5d4c3b2a19080"


def optional(module: str, file: str = "train.py", line: int = 1) -> Use:
    return Use(module, file, line, optional=True)


class TestWhoOwnsAnImport:
    def test_what_is_installed_beats_what_is_known(self) -> None:
        freeze = frozen("cv2", packages=(installed("opencv-python-headless", "4.10.0.84", "cv2"),))
        assert lines(freeze) == ["opencv-python-headless==4.10.0.84"]
        assert freeze.dependencies[0].imports == ("cv2",)
        assert freeze.warnings == ()

    def test_of_several_that_are_installed_the_one_that_is_known_is_named(self) -> None:
        both = (installed("opencv-contrib-python", "4.9", "cv2"), installed("opencv-python", "4.10", "cv2"))
        assert lines(frozen("cv2", packages=both)) == ["opencv-python==4.10"]
        assert lines(frozen("cv2", packages=both[::-1])) == ["opencv-python==4.10"]

    def test_of_several_that_nobody_knows_the_first_is_named(self) -> None:
        both = (installed("b-lib", "1", "qwertz"), installed("A_Lib", "2", "qwertz"))
        assert lines(frozen("qwertz", packages=both)) == ["A_Lib==2"]

    def test_the_longest_name_below_a_namespace_counts(self) -> None:
        packages = (
            installed("google-cloud-storage", "2.18", "google.cloud.storage"),
            installed("protobuf", "5.28", "google.protobuf", "google._upb"),
        )
        freeze = frozen("google.cloud.storage.blob", "google.protobuf", packages=packages)
        assert [(needed.name, needed.imports) for needed in freeze.dependencies] == [
            ("google-cloud-storage", ("google.cloud.storage",)),
            ("protobuf", ("google.protobuf",)),
        ]

    def test_a_namespace_alone_is_its_only_owners(self) -> None:
        one, other = installed("ns-a", "1", "qwertz.a", "qwertz.b"), installed("ns-c", "1", "qwertz.c")
        assert lines(frozen("qwertz", packages=(one,))) == ["ns-a==1"]
        assert lines(frozen("qwertz", packages=(one, other))) == ["qwertz"]

    def test_what_is_known_where_nothing_is_installed(self) -> None:
        freeze = frozen("cv2", "PIL.Image", "skimage", "google.cloud.storage", "yaml")
        assert lines(freeze) == ["google-cloud-storage", "opencv-python", "pillow", "PyYAML", "scikit-image"]
        assert {needed.source for needed in freeze.dependencies} == {"unresolved"}
        assert freeze.unresolved == ("google-cloud-storage", "opencv-python", "pillow", "pyyaml", "scikit-image")

    def test_metadata_without_modules_is_found_by_name(self) -> None:
        packages = (installed("pyyaml", "6.0"), installed("lazr.uri", "1.0.6"), installed("Pillow-SIMD", "9.0"))
        freeze = make(imports("yaml", "lazr.uri", "PIL", guesses={"lazr": "lazr.uri"}), target(*packages), NAMES)
        assert lines(freeze) == ["lazr.uri==1.0.6", "Pillow-SIMD==9.0", "pyyaml==6.0"]

    def test_a_distribution_that_has_other_modules_is_not_meant(self) -> None:
        assert lines(frozen("qwertz", packages=(installed("qwertz", "1.0", "something_else"),))) == ["qwertz"]

    def test_pipreqs_guess_comes_last(self) -> None:
        guesses = {"qwertz": "qwertz-py", "cv2": "wrong"}
        freeze = make(imports("qwertz", "cv2", guesses=guesses), target(installed("qwertz-py", "3.0")), NAMES)
        assert lines(freeze) == ["opencv-python", "qwertz-py==3.0"]

    def test_what_pipreqs_leaves_out_is_left_out(self) -> None:
        project = imports("numpy", "mine", "tomllib", "distutils.util")._replace(names=(("numpy", "numpy"),))
        assert lines(make(project, target(), NAMES)) == ["numpy"]

    def test_the_standard_library_of_every_python(self) -> None:
        old = Use("urllib2", "old.py", 1, optional=False, python_2=True)
        assert lines(frozen("tomllib", "distutils.core", "zoneinfo", "imp", old)) == []
        assert kinds(frozen("commands", "tomllib")) == ["python-2-name"]

    @pytest.mark.parametrize(
        ("module", "kind", "said"),
        [
            ("clip", "disputed-name", "clip may come from openai-clip or clip-anytorch or open-clip-torch: install"),
            ("utils.tools", "local-name", "utils is what many projects call a module of their own, and there is none"),
            ("_typeshed", "absent-name", "no distribution is known to have _typeshed"),
            ("google", "namespace-name", "many distributions share google"),
            ("caffe", "absent-name", "caffe"),
        ],
    )
    def test_a_name_that_leads_astray_is_a_warning_alone(self, module: str, kind: str, said: str) -> None:
        freeze = frozen("numpy", module)
        assert lines(freeze) == ["numpy"]
        warning = freeze.warnings[0]
        assert (warning.file, warning.line, warning.kind) == ("train.py", 2, kind)
        assert said in warning.message

    def test_there_are_words_for_every_state(self) -> None:
        assert remarks.NO_NAME.keys() == {"disputed", "python-2", *import_names.TRAPS}

    def test_what_the_project_does_without_is_not_warned_of(self) -> None:
        assert kinds(frozen(optional("_typeshed"), optional("apex"), optional("clip"))) == ["disputed-name"]
        assert kinds(frozen(optional("apex"), "apex.amp")) == ["absent-name"]

    def test_unless_it_is_installed(self) -> None:
        clip = installed("clip", "1.0", "clip", origin="https://example.org/CLIP.git", revision=COMMIT)
        freeze = frozen("clip", packages=(clip,))
        assert lines(freeze) == [f"clip @ git+https://example.org/CLIP.git@{COMMIT}"]
        assert freeze.warnings == ()


class TestVersions:
    @pytest.mark.parametrize(
        ("pin", "line"),
        [("exact", "numpy==1.26.4"), ("compatible", "numpy~=1.26.4"), ("minimum", "numpy>=1.26.4"), ("none", "numpy")],
    )
    def test_pins(self, pin: str, line: str) -> None:
        freeze = frozen("numpy", packages=(installed("numpy", "1.26.4", "numpy"),), pin=pin)
        assert lines(freeze) == [line]
        assert freeze.dependencies[0].version == "1.26.4"

    @pytest.mark.parametrize(
        ("version", "pin", "expected"),
        [
            ("2026", "compatible", ">=2026,==2026.*"),
            ("2.5.1+cu124", "compatible", "==2.5.1+cu124"),
            ("2.5.1+cu124", "minimum", "==2.5.1+cu124"),
            ("2.5.1+cu124", "none", ""),
            ("1.0rc1", "minimum", ">=1.0rc1"),
            ("2010k-unknown", "exact", "===2010k-unknown"),
            ("2010k-unknown", "minimum", "===2010k-unknown"),
        ],
    )
    def test_unusual_versions(self, version: str, pin: str, expected: str) -> None:
        assert specifier(version, pin) == expected

    def test_the_index_fills_in_what_is_missing(self) -> None:
        project, env = imports("numpy", "yaml", "einops"), target(installed("numpy", "1.26.4", "numpy"))
        freeze = make(project, env, NAMES, "minimum", {"pyyaml": "6.0.2", "numpy": "9"})
        assert lines(freeze) == ["einops", "numpy>=1.26.4", "PyYAML>=6.0.2"]
        assert [needed.source for needed in freeze.dependencies] == ["unresolved", "installed", "index"]
        assert [warning.message for warning in freeze.warnings] == [
            "einops is not installed in /opt/env, so that its version is unknown"
        ]

    def test_setuptools_without_pkg_resources_is_not_pinned(self) -> None:
        new = installed("setuptools", "84.2.1", "setuptools", "_distutils_hack")
        old = installed("setuptools", "75.0", "setuptools", "pkg_resources")
        assert lines(frozen("pkg_resources")) == ["setuptools<82"]
        assert lines(frozen("pkg_resources", "setuptools", packages=(new,))) == ["setuptools<82"]
        assert lines(frozen("setuptools", packages=(new,))) == ["setuptools==84.2.1"]
        assert lines(frozen("pkg_resources", packages=(old,))) == ["setuptools==75.0"]
        assert lines(frozen("pkg_resources", packages=(old,), pin="minimum")) == ["setuptools>=75.0,<82"]
        assert lines(make(imports("pkg_resources"), target(), NAMES, "exact", {"setuptools": "84.2.1"})) == [
            "setuptools<82"
        ]


class TestTorch:
    CUDA = (
        installed("torch", "2.5.1+cu124", "torch", "torchgen", "functorch"),
        installed("torchvision", "0.20.1+cu124", "torchvision"),
        installed("numpy", "1.26.4", "numpy"),
    )

    def test_alone_as_install_torch_has_it(self) -> None:
        freeze = frozen("torch", "torchvision.models", packages=self.CUDA)
        assert lines(freeze) == ["torch==2.5.1+cu124", "torchvision==0.20.1+cu124"]
        assert [(index.option, index.url) for index in freeze.indexes] == [("--index-url", f"{URL}/cu124")]

    def test_beside_others_the_index_is_extra(self) -> None:
        freeze = frozen("torch", "numpy", packages=self.CUDA)
        assert [(index.option, index.url) for index in freeze.indexes] == [("--extra-index-url", f"{URL}/cu124")]
        assert freeze.warnings == ()

    @pytest.mark.parametrize(
        ("version", "option", "folder"),
        [
            ("1.12.1+cu116", "--extra-index-url", "cu116"),
            ("2.5.1+cpu", "--index-url", "cpu"),
            ("2.5.1+rocm6.2", "--index-url", "rocm6.2"),
            ("2.9.0+xpu", "--index-url", "xpu"),
            ("2.7.0.dev20250110+cu126", "--index-url", "nightly/cu126"),
        ],
    )
    def test_index_of_a_build(self, version: str, option: str, folder: str) -> None:
        freeze = frozen("torch", packages=(installed("torch", version, "torch"),))
        assert lines(freeze) == [f"torch=={version}"]
        assert [(index.option, index.url) for index in freeze.indexes] == [(option, f"{URL}/{folder}")]

    def test_a_build_of_the_registry_needs_no_index(self) -> None:
        assert frozen("torch", packages=(installed("torch", "2.5.1", "torch"),)).indexes == ()

    def test_several_builds_take_several_indexes(self) -> None:
        mixed = (installed("torch", "2.5.1+cu124", "torch"), installed("torchaudio", "2.5.1+cpu", "torchaudio"))
        assert [index.url for index in frozen("torch", "torchaudio", packages=mixed).indexes] == [
            f"{URL}/cpu",
            f"{URL}/cu124",
        ]

    @pytest.mark.parametrize(
        ("name", "version"),
        [("dgl", "1.1.2+cu118"), ("torch", "2.1.0a0+git7bcf7da"), ("torch-scatter", "2.1.2+pt24cu124")],
    )
    def test_a_tag_that_no_index_is_known_for(self, name: str, version: str) -> None:
        module = name.replace("-", "_")
        freeze = frozen(module, packages=(installed(name, version, module),))
        assert (lines(freeze), freeze.indexes, kinds(freeze)) == ([f"{name}=={version}"], (), ["unknown-index"])
        assert f"{name} {version} is on no index that is known: add the one" in freeze.warnings[0].message


class TestOrigins:
    @pytest.mark.parametrize(
        ("package", "line"),
        [
            (
                installed("x", "1", "x", origin="https://e.org/r.git", revision=COMMIT),
                f"x @ git+https://e.org/r.git@{COMMIT}",
            ),
            (
                installed("x", "1", "x", origin="file:///srv/r.git", revision=COMMIT),
                f"x @ git+file://localhost/srv/r.git@{COMMIT}",
            ),
            (
                Package("x", "1", "ssh://git@e.org/r", COMMIT, subdirectory="python", modules=("x",)),
                f"x @ git+ssh://git@e.org/r@{COMMIT}#subdirectory=python",
            ),
            (installed("x", "1", "x", origin="https://e.org/x-1.tar.gz"), "x @ https://e.org/x-1.tar.gz"),
        ],
    )
    def test_what_another_machine_can_reach(self, package: Package, line: str) -> None:
        freeze = frozen("x", packages=(package,))
        assert (lines(freeze), freeze.warnings) == ([line], ())

    @pytest.mark.parametrize("origin", ["file:///home/me/x", "file:///home/me/x-1-py3-none-any.whl"])
    def test_a_path_of_this_machine_is_doubted(self, origin: str) -> None:
        freeze = frozen("x", packages=(installed("x", "1", "x", origin=origin),))
        assert (lines(freeze), kinds(freeze)) == (["x==1"], ["local-origin"])
        assert f"x was installed from {origin}, and is pinned as if an index had 1" in freeze.warnings[0].message

    @pytest.mark.parametrize(
        "origin",
        [
            "file:///croot/numpy_and_numpy_base_1708638617955/work",
            "file:///home/conda/feedstock_root/build_artifacts/numpy_1707225342954/work/dist/numpy-1.26.4.whl",
        ],
    )
    def test_where_conda_built_it_tells_nothing(self, origin: str) -> None:
        freeze = frozen("numpy", packages=(installed("numpy", "1.26.4", "numpy", origin=origin),))
        assert (lines(freeze), freeze.warnings) == (["numpy==1.26.4"], ())

    def test_an_editable_install_is_of_this_machine_alone(self) -> None:
        package = Package("my-lib", "0.1", "file:///home/me/my-lib", editable=True, modules=("my_lib",))
        freeze = frozen("my_lib", packages=(package,))
        assert freeze.dependencies[0].obstacle == "only this machine has file:///home/me/my-lib"
        assert kinds(freeze) == ["not-portable"]

    def test_a_name_that_no_distribution_can_have(self) -> None:
        freeze = frozen("模型")
        assert freeze.dependencies[0].obstacle == "no distribution can have this name"
        assert kinds(freeze) == ["not-portable"]


class TestOptional:
    def test_every_import_must_be_optional(self) -> None:
        freeze = frozen(optional("pandas"), optional("torch", "a.py", 3), Use("torch", "b.py", 1, optional=False))
        assert [(needed.name, needed.optional, needed.files) for needed in freeze.dependencies] == [
            ("pandas", True, ("train.py",)),
            ("torch", False, ("a.py", "b.py")),
        ]
        assert [(warning.file, warning.line) for warning in freeze.warnings] == [("a.py", 3)]

    def test_a_backport_has_its_marker(self) -> None:
        tomli = installed("tomli", "2.0.1", "tomli")
        assert lines(frozen(optional("tomli"), packages=(tomli,))) == ['tomli==2.0.1; python_version < "3.11"']
        freeze = frozen(optional("tomli"))
        assert (lines(freeze), freeze.warnings) == (['tomli; python_version < "3.11"'], ())

    def test_but_not_where_every_python_needs_it(self) -> None:
        tomli = installed("tomli", "2.0.1", "tomli")
        assert lines(frozen("tomli", packages=(tomli,))) == ["tomli==2.0.1"]
        assert lines(frozen(optional("tomli"), "tomli", packages=(tomli,))) == ["tomli==2.0.1"]


def test_the_reader_s_remarks_come_first() -> None:
    remark = Remark("old.py", 3, "syntax-error", "cannot be read")
    freeze = make(imports("numpy")._replace(remarks=(remark,)), target(), NAMES)
    assert freeze.warnings[0] == remark
    assert kinds(freeze) == ["syntax-error", "not-installed"]


def test_the_order_of_imports_and_packages_does_not_matter() -> None:
    uses = [Use("numpy", "b.py", 2, optional=False), Use("yaml", "a.py", 1, optional=False), optional("clip", "c.py")]
    packages = [installed("numpy", "1", "numpy"), installed("other", "2", "yaml"), installed("PyYAML", "6", "yaml")]
    one, two = imports(*uses), imports(*uses[::-1])
    assert make(one, target(*packages), NAMES) == make(two, target(*packages[::-1]), NAMES)
