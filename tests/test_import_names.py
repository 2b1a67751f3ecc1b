"""Which distribution an import comes from, by the rows that ship."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.utils import is_normalized_name

from envtool.errors import CatalogueBroken
from envtool.import_names import Backport, ImportNames, Known
from envtool.tables import DATA

NAMES = ImportNames()
TABLES = ("import_names.tsv", "import_traps.tsv", "stdlib.tsv", "backports.tsv")


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("cv2", "opencv-python"),
        ("PIL.Image", "pillow"),
        ("sklearn.svm", "scikit-learn"),
        ("skimage", "scikit-image"),
        ("yaml", "PyYAML"),
        ("docx", "python-docx"),
        ("fitz", "PyMuPDF"),
        ("attr", "attrs"),
        ("jwt", "PyJWT"),
        ("hydra", "hydra-core"),
        ("faiss", "faiss-cpu"),
        ("ffmpeg", "ffmpeg-python"),
        ("win32api", "pywin32"),
        ("MySQLdb", "mysqlclient"),
        ("psycopg2", "psycopg2"),
        ("pkg_resources", "setuptools"),
        ("pynvml", "nvidia-ml-py"),
        ("docker", "docker"),  # pipreqs says docker_py
        ("ImageDraw", "pillow"),
        ("google.protobuf.text_format", "protobuf"),
        ("google.cloud.storage.Client", "google-cloud-storage"),
        ("google.cloud.storage_transfer", "google-cloud-storage-transfer"),
        ("google.generativeai", "google-generativeai"),
        ("azure.storage.blob", "azure-storage-blob"),
        ("ruamel.yaml.YAML", "ruamel.yaml"),
        ("mpl_toolkits.mplot3d", "matplotlib"),
        ("mpl_toolkits.basemap", "basemap"),
    ],
)
def test_a_distribution_is_named(module: str, distribution: str) -> None:
    known = NAMES.distribution_of(module)
    assert known is not None
    assert known.name == distribution
    assert known.state in ("certain", "likely")
    assert module.startswith(known.module)


@pytest.mark.parametrize(
    ("module", "state"),
    [
        ("clip", "disputed"),
        ("apex.amp", "absent"),
        ("caffe", "absent"),
        ("detectron2", "absent"),
        ("google.colab", "absent"),
        ("_typeshed", "absent"),
        ("utils.tools", "local"),
        ("config", "local"),
        ("service_pb2_grpc", "local"),
        ("google", "namespace"),
        ("google.cloud", "namespace"),
        ("azure.storage.nothing_known", "namespace"),
        ("nvidia", "namespace"),
        ("tensorflow_gpu", "namesake"),
        ("urllib2", "python-2"),
        ("commands", "python-2"),
    ],
)
def test_none_is_named_in_silence(module: str, state: str) -> None:
    known = NAMES.distribution_of(module)
    assert known is not None
    assert known.state == state
    assert known.name is None or known.state == "disputed"


@pytest.mark.parametrize("module", ["numpy", "torch.nn", "einops", "no_such_module", "types_boto3_ec2"])
def test_nothing_is_known_where_the_name_says_it(module: str) -> None:
    assert NAMES.distribution_of(module) is None


@pytest.mark.parametrize(
    "module", ["os", "os.path", "tomllib", "distutils.core", "imp", "zoneinfo", "compression.zstd"]
)
def test_the_standard_library_is_that_of_every_python_3(module: str) -> None:
    assert NAMES.is_standard(module)
    assert NAMES.is_standard(module, python_2=True)


@pytest.mark.parametrize("module", ["user", "new", "commands", "sets", "urllib2", "cPickle"])
def test_modules_of_python_2_are_standard_in_its_files_alone(module: str) -> None:
    assert not NAMES.is_standard(module)
    assert NAMES.is_standard(module, python_2=True)


def test_the_running_python_has_no_module_that_is_not_known() -> None:
    assert [name for name in sys.stdlib_module_names if not NAMES.is_standard(name)] == []


@pytest.mark.parametrize(
    ("module", "name", "marker"),
    [
        ("tomli", "tomli", 'python_version < "3.11"'),
        ("importlib_metadata.abc", "importlib-metadata", 'python_version < "3.8"'),
        ("backports.zoneinfo", "backports-zoneinfo", 'python_version < "3.9"'),
        ("cgi", "legacy-cgi", 'python_version >= "3.13"'),
        ("distutils.core", "setuptools", 'python_version >= "3.12"'),
        ("asyncore", "pyasyncore", 'python_version >= "3.12"'),
    ],
)
def test_a_backport_has_its_marker(module: str, name: str, marker: str) -> None:
    found = NAMES.backport_of(module)
    assert isinstance(found, Backport)
    assert (found.name, found.marker) == (name, marker)
    Marker(found.marker)


@pytest.mark.parametrize("module", ["numpy", "mock", "simplejson", "typing_extensions", "backports"])
def test_what_is_needed_on_every_python_is_no_backport(module: str) -> None:
    assert NAMES.backport_of(module) is None


@pytest.mark.parametrize("table", TABLES)
def test_every_row_is_unique_sourced_and_in_its_place(table: str) -> None:
    head, _, *lines = Path(DATA, table).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    assert "written by scripts/refresh_imports.py; facts as of " in head
    assert [row[0].lower() for row in rows] == sorted(row[0].lower() for row in rows)
    assert len({row[0] for row in rows}) == len(rows) > 40
    assert all(row[-1] not in ("", "-") and "" not in row for row in rows)


def test_no_import_has_both_a_distribution_and_a_trap() -> None:
    named, trapped = (
        {line.split("\t")[0] for line in Path(DATA, table).read_text(encoding="utf-8").splitlines()[2:]}
        for table in TABLES[:2]
    )
    assert named & trapped == set()


def test_distributions_have_names_that_an_index_takes() -> None:
    lines = Path(DATA, "import_names.tsv").read_text(encoding="utf-8").splitlines()[2:]
    for name in (line.split("\t")[1] for line in lines):
        assert is_normalized_name(name.lower().replace("_", "-").replace(".", "-")), name


def test_the_tables_are_small() -> None:
    assert sum(Path(DATA, table).stat().st_size for table in TABLES) < 400_000


@pytest.mark.parametrize(
    ("table", "row", "fault"),
    [
        ("import_names.tsv", "cv2\topencv-python\t-\tperhaps\t-\tx", "'perhaps' is none of certain"),
        ("import_names.tsv", "cv2\topencv-python", "2 cells where 6 belong"),
        ("import_traps.tsv", "utils\tcommon\t-\tx", "'common' is none of local"),
        ("backports.tsv", "tomli\ttomli\t<3.11\t-\tx", "marker '<3.11'"),
    ],
)
def test_a_bad_row_is_refused_by_file_and_line(tmp_path: Path, table: str, row: str, fault: str) -> None:
    for name in TABLES:
        (tmp_path / name).write_text(f"# what\ncolumns\n{row if name == table else ''}".rstrip("\n") + "\n")
    names = ImportNames(str(tmp_path))
    ask = names.backport_of if table == "backports.tsv" else names.distribution_of
    with pytest.raises(CatalogueBroken, match=f"{table}, line 3: .*{fault}"):
        ask("x")


def test_a_row_is_read_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "import_names.tsv").write_text("#\n\nx\tx-dist\ty z\tlikely\ta note\tsource\n")
    (tmp_path / "import_traps.tsv").write_text("#\n\n")
    assert ImportNames(str(tmp_path)).distribution_of("x.y") == Known("x", "x-dist", "likely", "a note", ("y", "z"))
