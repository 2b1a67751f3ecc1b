"""nvidia-smi through programs that stand in for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from machine_tree import MachineTree

from envtool.facts import Driver, Gpu
from envtool.host import nvidia_smi

if TYPE_CHECKING:
    from pathlib import Path

CARD = Gpu("nvidia", "NVIDIA GeForce RTX 3090", (8, 6), None, 24576, "10de:2204")
ROW = "550.54.14, NVIDIA GeForce RTX 3090, 8.6, 24576, 0x220410DE"
LOST = "Unable to determine the device handle for GPU0000:01:00.0: GPU is lost.  Reboot the system to recover this GPU"


def with_program(tmp_path: Path, script: str) -> MachineTree:
    """A machine whose PCI bus tells nothing, as under WSL: what nvidia-smi says is all there is."""
    tree = MachineTree(tmp_path)
    tree.write("proc/sys/kernel/osrelease", "6.6.87.2-microsoft-standard-WSL2")
    tree.write("dev/dxg", "")
    tree.program("bin/nvidia-smi", script)
    return tree


def saying(text: str, status: int = 0) -> str:
    return f"/bin/cat <<'END'\n{text}\nEND\nexit {status}"


def test_one_card(tmp_path: Path) -> None:
    seen = with_program(tmp_path, saying(ROW)).look()
    assert seen.driver == Driver("nvidia", "550.54.14")
    assert seen.gpus == (CARD,)
    assert seen.notes == ()


def test_the_query_is_one_without_header_or_units(tmp_path: Path) -> None:
    tree = with_program(tmp_path, f'echo "$*" > {tmp_path}/asked\n{saying(ROW)}')
    tree.look()
    fields = "driver_version,name,compute_cap,memory.total,pci.device_id"
    assert (tmp_path / "asked").read_text() == f"--query-gpu={fields} --format=csv,noheader,nounits\n"


def test_several_cards_among_warnings(tmp_path: Path) -> None:
    other = "550.54.14, Tesla T4, 7.5, 15360, 0x1EB810DE"
    warning = "WARNING: infoROM is corrupted at gpu 0000:3B:00.0"
    seen = with_program(tmp_path, saying(f"{ROW}\n{other}\n{warning}")).look()
    assert seen.gpus == (CARD, Gpu("nvidia", "Tesla T4", (7, 5), None, 15360, "10de:1eb8"))


def test_a_program_too_old_for_compute_capabilities(tmp_path: Path) -> None:
    script = f"""\
case "$*" in
*compute_cap*) {saying('Field "compute_cap" is not a valid field to query.', 2)} ;;
*) {saying("470.256.02, GeForce RTX 2080, 7979, 0x1E8710DE")} ;;
esac"""
    seen = with_program(tmp_path, script).look()
    assert seen.driver == Driver("nvidia", "470.256.02")
    assert seen.gpus == (Gpu("nvidia", "GeForce RTX 2080", None, None, 7979, "10de:1e87"),)
    assert seen.notes == ()


@pytest.mark.parametrize("cell", ["[N/A]", "N/A", "[Not Supported]", "[Unknown Error]", "[Function Not Found]", ""])
def test_a_cell_without_a_value_is_unknown(tmp_path: Path, cell: str) -> None:
    seen = with_program(tmp_path, saying(f"580.126.09, NVIDIA GB10, {cell}, {cell}, {cell}")).look()
    assert seen.gpus == (Gpu("nvidia", "NVIDIA GB10"),)


def test_a_version_that_it_does_not_know_the_kernel_tells(tmp_path: Path) -> None:
    tree = with_program(tmp_path, saying("[N/A], Tesla T4, 7.5, 15360, 0x1EB810DE"))
    tree.write("sys/module/nvidia/version", "535.183.01\n")
    assert tree.look().driver == Driver("nvidia", "535.183.01")


@pytest.mark.parametrize("row", ["[N/A], [N/A], [N/A], [N/A], [N/A]", "[N/A], [N/A], [N/A], 0, [N/A]"])
def test_a_row_without_driver_and_name_is_no_card(row: str) -> None:
    assert nvidia_smi.parse(row, nvidia_smi.FIELDS) is None


ERRORS = [
    ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure ...", 9, "error 9"),
    ("NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure ...", 12, "status 12"),
    ("Failed to initialize NVML: Insufficient Permissions", 4, "may not open it"),
    ("Failed to initialize NVML: Unknown Error", 255, "error 999"),
    ("Failed to initialize NVML: GPU access blocked by the operating system", 255, "blocks the card"),
    ("NVIDIA-SMI n'a pas pu dialoguer avec le pilote", 1, "status 1 and said: NVIDIA-SMI n'a pas pu dialoguer"),
    ("", 0, "status 0 and said: nothing"),
]


@pytest.mark.parametrize(("text", "status", "said"), ERRORS)
def test_an_error_on_stdout_is_neither_version_nor_card(tmp_path: Path, text: str, status: int, said: str) -> None:
    seen = with_program(tmp_path, saying(text, status)).look()
    assert (seen.driver, seen.gpus) == (None, None)
    assert said in seen.notes[0]


def test_bytes_of_another_code_page_do_no_harm(tmp_path: Path) -> None:
    seen = with_program(tmp_path, "printf 'n\\343o \\202 reconhecido\\n'\nexit 1").look()
    assert seen.gpus is None
    assert "status 1 and said: n" in seen.notes[0]


@pytest.mark.parametrize("library", ["NVML library version: 580.178", ""])
def test_libraries_of_another_version_than_the_kernels(tmp_path: Path, library: str) -> None:
    tree = MachineTree(tmp_path)
    tree.device("10de:2204", "nvidia")
    tree.write("sys/module/nvidia/version", "580.173.02")
    tree.write("dev/nvidia0", "")
    tree.program("bin/nvidia-smi", saying(f"Failed to initialize NVML: Driver/library version mismatch\n{library}", 18))
    seen = tree.look()
    assert seen.driver == Driver("nvidia", "580.173.02", "580.178" if library else None)
    assert [gpu.pci_id for gpu in seen.gpus or ()] == ["10de:2204"]
    assert "reboot" in seen.notes[0]


def test_no_devices_in_wsl_are_none(tmp_path: Path) -> None:
    assert with_program(tmp_path, saying("No devices were found", 6)).look().gpus == ()


def test_no_devices_where_the_bus_shows_one(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.device("10de:2b85", "nvidia")
    tree.write("sys/module/nvidia/version", "580.95.05")
    tree.write("dev/nvidiactl", "")
    tree.program("bin/nvidia-smi", saying("No devices were found", 6))
    seen = tree.look()
    assert seen.driver == Driver("nvidia", "580.95.05")
    assert [gpu.pci_id for gpu in seen.gpus or ()] == ["10de:2b85"]
    assert "open kernel modules" in seen.notes[0]


def test_one_lost_card_does_not_spoil_the_others(tmp_path: Path) -> None:
    script = f"""\
case "$*" in
"-i 0 "*) {saying(ROW)} ;;
"-i 1 "*) {saying(LOST, 15)} ;;
"-i 2 "*) {saying(ROW)} ;;
"-i "*) {saying("No devices were found", 6)} ;;
*) {saying(LOST, 15)} ;;
esac"""
    seen = with_program(tmp_path, script).look()
    assert seen.driver == Driver("nvidia", "550.54.14")
    assert seen.gpus == (CARD, Gpu("nvidia", None), CARD)
    assert len(seen.notes) == 1
    assert "GPU0000:01:00.0: GPU is lost" in seen.notes[0]
    assert "fallen off the bus" in seen.notes[0]


def test_a_program_that_speaks_only_of_the_lost_card_leaves_the_others_unknown(tmp_path: Path) -> None:
    seen = with_program(tmp_path, f'echo "$*" >> {tmp_path}/asked\n{saying(LOST, 15)}').look()
    assert seen.gpus is None
    assert len(seen.notes) == 1
    assert len((tmp_path / "asked").read_text().splitlines()) == 3


def test_a_program_that_hangs_leaves_the_cards_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvidia_smi, "TIME_LIMIT_S", 0.3)
    seen = with_program(tmp_path, "exec /bin/sleep 60").look()
    assert seen.gpus is None
    assert "did not end within 0.3 s" in seen.notes[0]


def test_a_program_that_hangs_over_one_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvidia_smi, "TIME_LIMIT_S", 0.3)
    script = f'case "$*" in\n"-i "*) exec /bin/sleep 60 ;;\n*) {saying(LOST, 15)} ;;\nesac'
    seen = with_program(tmp_path, script).look()
    assert seen.gpus is None
    assert "did not end within 0.3 s" in seen.notes[0]


def test_a_program_that_crashes_leaves_the_cards_unknown(tmp_path: Path) -> None:
    seen = with_program(tmp_path, "kill -SEGV $$").look()
    assert seen.gpus is None
    assert "signal 11" in seen.notes[0]


def test_a_program_that_cannot_be_started_leaves_the_cards_unknown(tmp_path: Path) -> None:
    tree = with_program(tmp_path, "")
    tree.program("bin/nvidia-smi", "").write_bytes(b"\x7fELF of another processor")
    seen = tree.look()
    assert seen.gpus is None
    assert "could not be started" in seen.notes[0]


BANNERS = [
    "| NVIDIA-SMI 610.57.04              KMD Version: 610.57.04     CUDA UMD Version: 13.3     |",
    "| NVIDIA-SMI 535.54.03              Driver Version: 535.54.03    CUDA Version: 12.2     |",
    'DRIVER version      : Deprecated, see "KMD version" instead',
    "GPU 0: NVIDIA A10 (UUID: GPU-00000000-0000-0000-0000-000000000000)",
    "driver_version, name, compute_cap, memory.total [MiB], pci.device_id",
]


@pytest.mark.parametrize("banner", BANNERS)
def test_a_banner_is_no_answer(banner: str) -> None:
    assert nvidia_smi.parse(banner, nvidia_smi.FIELDS) is None


def test_in_wsl_the_program_of_windows_goes_first(tmp_path: Path) -> None:
    tree = with_program(tmp_path, saying("Failed to initialize NVML: GPU access blocked by the operating system", 255))
    tree.program("usr/lib/wsl/lib/nvidia-smi", saying("555.99, NVIDIA GeForce RTX 4070, 8.9, 12282, 0x278610DE"))
    seen = tree.look()
    assert seen.os.wsl
    assert seen.driver == Driver("nvidia", "555.99")  # the number of Windows' driver


@pytest.mark.parametrize("folder", ["Windows/System32", "NVIDIA Corporation/NVSMI", "bin"])
def test_on_windows_it_stands_in_three_places(tmp_path: Path, folder: str) -> None:
    tree = MachineTree(tmp_path)
    tree.program(f"{folder}/nvidia-smi.exe", saying("591.86, NVIDIA GeForce RTX 2080 SUPER, 7.5, 8192, 0x1E8110DE"))
    seen = tree.look("Windows", WINDIR=str(tmp_path / "Windows"), ProgramFiles=str(tmp_path))
    assert seen.driver == Driver("nvidia", "591.86")
    assert [gpu.pci_id for gpu in seen.gpus or ()] == ["10de:1e81"]


def test_on_windows_a_driver_that_does_not_answer_leaves_the_cards_unknown(tmp_path: Path) -> None:
    tree = MachineTree(tmp_path)
    tree.program("Windows/System32/nvidia-smi.exe", saying("NVIDIA-SMI has failed because it couldn't communicate", 9))
    seen = tree.look("Windows", WINDIR=str(tmp_path / "Windows"), ProgramFiles=str(tmp_path))
    assert (seen.driver, seen.gpus) == (None, None)
