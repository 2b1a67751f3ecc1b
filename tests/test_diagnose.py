"""Root before symptom, and an install that worked is no failure."""

from __future__ import annotations

import pytest
from signs import DISK_FULL, SIGNS, causes, diagnosed

from envtool.diagnose import Diagnosis, Finding, Line

SUCCESS = "Installing collected packages: six\nSuccessfully installed six-1.17.0\n"


@pytest.mark.parametrize(("cause", "log"), [(cause, log) for cause, logs in SIGNS.items() for log in logs])
def test_each_sign_points_to_its_cause(cause: str, log: str) -> None:
    assert causes(log)[0] == cause


def test_a_diagnosis_is_whole() -> None:
    log = "Collecting pandas\nERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"
    assert diagnosed(log) == Diagnosis(
        findings=(
            Finding(
                id="disk-full",
                severity="error",
                title="The disk is full: the installer, or the build it started, could not write its files.",
                confidence="certain",
                evidence=(
                    Line(2, "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"),
                ),
                why="An installer writes to the temporary folder, to its cache and to the environment, which may lie on "
                "different disks; the smallest of them decides. A large wheel needs room for itself and for what is "
                "unpacked of it.",
                fix=(
                    "df -h / /tmp ~ .  # which disk is full; df -i shows whether it is out of inodes",
                    "pip cache purge",
                    (
                        "mkdir -p ~/tmp && TMPDIR=~/tmp pip install pandas --no-cache-dir"
                        "  # a disk that has room, for the temporary files"
                    ),
                ),
            ),
        ),
        outcome="failed",
        unexplained=(),
        lines=2,
        cut=False,
    )


STACKED = {
    "a full disk inside a build dependency is no failed build": (
        (
            "  Installing build dependencies: finished with status 'error'\n  error: subprocess-exited-with-error\n\n"
            "  \u00d7 pip subprocess to install build dependencies did not run successfully.\n  ╰─> [9 lines of output]\n"
            f"      ERROR: Could not install packages due to an {DISK_FULL}\n      [end of output]\n"
            "ERROR: Failed to build 'demo' when installing build dependencies"
        ),
        "disk-full",
    ),
    "the download that a full disk cut short": (
        f"{DISK_FULL}\nzipfile.BadZipFile: File is not a zip file",
        "disk-full",
    ),
    "no wheel for this Python, then its source lacks a compiler": (
        (
            "Collecting pandas==1.5.3\n  Downloading pandas-1.5.3.tar.gz (5.2 MB)\n  building 'pandas._libs' extension\n"
            "  gcc -I/usr/include/python3.12 -c x.c\n  error: command 'gcc' failed: No such file or directory\n"
            "  ERROR: Failed building wheel for pandas"
        ),
        "no-wheel-for-python",
    ),
    "no wheel for this Python, then its source wants Visual C++": (
        (
            "Collecting numpy==1.21.6\n  Using cached numpy-1.21.6.zip (10.3 MB)\n"
            '  File "C:\\Python311\\Lib\\site-packages\\x.py"\n'
            "  error: Microsoft Visual C++ 14.0 or greater is required.\n  ERROR: Failed building wheel for numpy"
        ),
        "no-wheel-for-python",
    ),
    "no wheel for this Python, then its source dies on pkg_resources": (
        (
            "  Downloading pandas-2.0.3.tar.gz (5.3 MB)\n  error: subprocess-exited-with-error\n"
            "  File \"/v/lib/python3.13/site-packages/x.py\"\n  ModuleNotFoundError: No module named 'pkg_resources'\n"
            "ERROR: Failed to build 'pandas' when getting requirements to build wheel"
        ),
        "no-wheel-for-python",
    ),
    "a source where there is a wheel lacks a compiler indeed": (
        (
            "Collecting pandas==2.2.3\n  Downloading pandas-2.2.3.tar.gz (5.2 MB)\n  gcc -I/usr/include/python3.12 -c x.c\n"
            "  error: command 'gcc' failed: No such file or directory\n  ERROR: Failed building wheel for pandas"
        ),
        "missing-c-compiler",
    ),
    "a source that was asked for": (
        (
            "$ pip install --no-binary pandas pandas==1.5.3\n  Downloading pandas-1.5.3.tar.gz (5.2 MB)\n"
            "  gcc -I/usr/include/python3.12 -c x.c\n  error: command 'gcc' failed: No such file or directory\n"
            "  ERROR: Failed building wheel for pandas"
        ),
        "missing-c-compiler",
    ),
    "an index that cannot be reached has no versions": (
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError': /simple/six/\n"
            "ERROR: Could not find a version that satisfies the requirement six (from versions: none)\n"
            "ERROR: No matching distribution found for six"
        ),
        "network-unreachable",
    ),
    "a Python without ssl has no versions": (
        (
            "WARNING: pip is configured with locations that require TLS/SSL, however the ssl module in Python is not available.\n"
            "WARNING: Retrying after connection broken by 'SSLError(\"Can't connect to HTTPS URL\")': /simple/six/\n"
            "ERROR: Could not find a version that satisfies the requirement six (from versions: none)"
        ),
        "ssl-module-missing",
    ),
    "a network that came back is not why the build failed": (
        (
            "WARNING: Retrying (Retry(total=4)) after connection broken by 'ReadTimeoutError': /simple/demo/\n"
            "Collecting demo\n  Downloading demo-1.0.tar.gz\n  src/a.c:1:10: fatal error: ffi.h: No such file or directory\n"
            "  ERROR: Failed building wheel for demo"
        ),
        "missing-system-library",
    ),
    "invalid metadata, and then no such version": (
        (
            "WARNING: Ignoring version 0.2.5 of torchsde since it has invalid metadata:\n"
            "ERROR: Could not find a version that satisfies the requirement torchsde==0.2.5 (from versions: 0.2.5, 0.2.6)"
        ),
        "bad-metadata",
    ),
    "an old pip, and then no Rust": (
        (
            "    ModuleNotFoundError: No module named 'setuptools_rust'\n    error: can't find Rust compiler\n"
            "  Failed building wheel for cryptography\nYou are using pip version 9.0.1, however version 26.3 is available."
        ),
        "pip-too-old",
    ),
    "memory that ran out inside a build of CUDA": (
        (
            "  FAILED: flash_bwd.o\n  nvcc error   : 'cicc' died due to signal 9 (Kill signal)\n  ninja: build stopped: subcommand failed.\n"
            "  RuntimeError: Error compiling objects for extension\n  ERROR: Failed building wheel for flash-attn"
        ),
        "out-of-memory",
    ),
}


@pytest.mark.parametrize(("log", "root"), STACKED.values(), ids=STACKED)
def test_root_before_symptom(log: str, root: str) -> None:
    assert causes(log)[0] == root


SUCCESSES = {
    "plain": SUCCESS,
    "after retries": f"WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError': /simple/six/\n{SUCCESS}",
    "with other packages that disagree": (
        "ERROR: pip's dependency resolver does not currently take into account all the packages that are installed.\n"
        f"botocore 1.29.0 requires urllib3<1.27, but you have urllib3 2.3.0 which is incompatible.\n{SUCCESS}"
    ),
    "that notice alone": "botocore 1.29.0 requires urllib3<1.27, but you have urllib3 2.3.0 which is incompatible.",
    "by the old way after a wheel failed": (
        "  ERROR: Failed building wheel for six\n    Running setup.py install for six ... done\n"
        "  DEPRECATION: six was installed using the legacy 'setup.py install' method.\n" + SUCCESS
    ),
    "after versions that could not be built": (
        "    error in six setup command: use_2to3 is invalid.\nWARNING: Discarding https://x/six-1.0.tar.gz. Command errored out\n"
        + SUCCESS
    ),
    "after the noise of configure": f"_configtest.c:1:10: fatal error: foo.h: No such file or directory\nfailure.\n{SUCCESS}",
    "with warnings behind it": (
        f"{SUCCESS}WARNING: Running pip as the 'root' user can result in broken permissions\n"
        "WARNING: There was an error checking the latest version of pip.\n"
        "WARNING: Retrying (Retry(total=0)) after connection broken by 'ReadTimeoutError': /simple/pip/\n"
    ),
    "nothing to do": "Requirement already satisfied: six in ./lib (1.17.0)\n\n[notice] A new release of pip is available: 24.0 -> 26.3\n",
    "uv": "error: nothing\nResolved 3 packages in 12ms\nInstalled 3 packages in 4ms\n + six==1.17.0\n",
    "poetry": "Installing dependencies from lock file\n\nNo dependencies to install or update\n",
    "conda": "Solving environment: failed with initial frozen solve. Retrying.\nExecuting transaction: ...working... done\n",
    "the second attempt": f"{DISK_FULL}\nERROR: attempt 1 failed\n{SUCCESS}",
    "cut off before its end": "Collecting six\n  Downloading six-1.17.0-py2.py3-none-any.whl (11 kB)\n",
}


@pytest.mark.parametrize("log", SUCCESSES.values(), ids=SUCCESSES)
def test_an_install_that_worked_is_no_failure(log: str) -> None:
    assert causes(log) == []


def test_a_notice_is_told_as_one() -> None:
    [finding] = diagnosed(SUCCESSES["with other packages that disagree"]).findings
    assert (finding.id, finding.severity) == ("not-a-failure", "note")


def test_a_failure_behind_a_success_counts() -> None:
    assert causes(f"{SUCCESS}$ pip install pandas\n{DISK_FULL}\n") == ["disk-full"]


def test_a_new_pip_does_not_undo_a_failure() -> None:
    assert causes(f"{DISK_FULL}\n$ pip install -U pip\nSuccessfully installed pip-26.3\n") == ["disk-full"]


def test_an_exit_status_of_zero_is_a_success() -> None:
    assert causes(DISK_FULL, status=0) == []


def test_a_log_that_no_rule_fits_is_not_guessed_at() -> None:
    log = "Collecting demo\nfrobnicator: error 17: the flux is not aligned\nbye\n"
    assert diagnosed(log) == Diagnosis(
        findings=(),
        outcome="unknown",
        unexplained=(Line(2, "frobnicator: error 17: the flux is not aligned"),),
        lines=3,
        cut=False,
    )


@pytest.mark.parametrize("log", [b"", b"\n\n", bytes(range(256)) * 400, b"\0" * 100_000])
def test_nothing_is_found_in_what_is_no_log(log: bytes) -> None:
    assert diagnosed(log).findings == ()


def test_signal_nine_alone_is_at_most_likely() -> None:
    [finding] = diagnosed("  │ exit code: -9\n  ╰─> [0 lines of output]").findings
    assert (finding.id, finding.confidence) == ("out-of-memory", "likely")


@pytest.mark.parametrize("unit", ["MB", "mB", "mb"])
def test_a_download_that_ends_near_its_end_in_any_spelling(unit: str) -> None:
    log = f"Downloading torch.whl\n     ---- 755.4/755.5 {unit} 8.4 MB/s eta 0:00:01\n"
    assert "out-of-memory" in causes(log)


CLOSING = (
    "  ERROR: Failed building wheel for {package}\nFailed to build {package}\n"
    "ERROR: Could not build wheels for {package}, which is required to install pyproject.toml-based projects\n"
)
MISSED_BY_A_BUILD = (
    *("missing-c-compiler", "missing-msvc", "missing-python-headers", "missing-system-library", "missing-build-tool"),
    *("missing-rust", "rust-too-old", "undeclared-build-dep", "build-backend-too-new", "python-api-removed"),
)


@pytest.mark.parametrize("package", ["numpy", "cython", "cython-bbox", "pybind11", "cffi", "wheel", "cmake", "demo"])
def test_the_closing_lines_of_a_failed_build_prove_nothing(package: str) -> None:
    assert "certain" not in [finding.confidence for finding in diagnosed(CLOSING.format(package=package)).findings]


@pytest.mark.parametrize("cause", MISSED_BY_A_BUILD)
@pytest.mark.parametrize("package", ["numpy", "demo"])
def test_the_closing_lines_of_a_failed_build_hide_nothing(cause: str, package: str) -> None:
    for log in SIGNS[cause]:
        assert causes(f"{log}\n{CLOSING.format(package=package)}")[0] == cause


def test_a_file_that_could_not_be_read_need_not_be_damaged() -> None:
    [finding] = diagnosed("error: Failed to extract archive: demo-1.0-py3-none-any.whl\n").findings
    assert (finding.id, finding.confidence) == ("corrupted-artifact", "likely")


def test_what_an_installed_project_wants_is_not_what_a_build_lacks() -> None:
    log = "ERROR: demo 1.0 requires numpy<2, but you have numpy 2.1 which is incompatible.\nerror: it ended\n"
    assert "undeclared-build-dep" not in causes(log)
