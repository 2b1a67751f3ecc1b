"""What nvidia-smi answers to a query, where NVML cannot be asked. Never its banner, whose words change."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from envtool.facts import Driver, Gpu, parse_capability
from envtool.host.nvidia_words import MISMATCH, VERSION, code_in, meaning, version_in
from envtool.host.nvml import WSL_LIBRARIES, windows_folders
from envtool.host.seen import Seen, Unasked
from envtool.run import Ran, capture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TIME_LIMIT_S = 10
FIELDS = ("driver_version", "name", "compute_cap", "memory.total", "pci.device_id")
_MOST_CARDS = 16
_UNKNOWN = re.compile(r"\[.*\]|N/A|ERR!|Unknown Error|")  # [N/A], [Not Supported], [Function Not Found] ...
_CELLS = {
    "driver_version": VERSION,
    "name": re.compile(r".*\w.*"),
    "compute_cap": re.compile(r"\d+\.\d+"),
    "memory.total": re.compile(r"\d+(?: MiB)?"),
    "pci.device_id": re.compile(r"0x[0-9A-Fa-f]{8}"),
}
_REFUSED = re.compile(r'Field "([\w.]+)" is not a valid field')
_LOST = re.compile(r"Unable to (?:determine|detect) the device handle")


def ask(root: Path, environment: Mapping[str, str], system: str) -> Seen | Unasked:
    program = _program(root, environment, system)
    return Unasked() if program is None else _Query(program, environment).seen()


def parse(said: str, fields: Sequence[str]) -> Seen | None:
    """The cards in the answer to a query for these fields, without header; None where the text is no such answer.

    Lines that are no rows, such as a warning about a card's memory, are passed over.
    """
    rows = [row for row in (_row(line, fields) for line in said.splitlines()) if row]
    if not rows:
        return None
    versions = [row["driver_version"] for row in rows if row.get("driver_version")]
    return Seen(driver=Driver("nvidia", versions[0] if versions else None), gpus=tuple(_gpu(row) for row in rows))


class _Query:
    """One nvidia-smi, asked again with fewer fields, or card by card, where it does not answer at once."""

    def __init__(self, program: str, environment: Mapping[str, str]) -> None:
        self._program = program
        self._environment = environment
        self._fields: tuple[str, ...] = FIELDS

    def seen(self) -> Seen:
        ran = self._run()
        while refused := self._refused(ran):
            self._fields = tuple(field for field in self._fields if field != refused)
            ran = self._run()
        answer = parse(ran.stdout, self._fields)
        if answer:
            return answer
        return self._one_by_one() if _LOST.search(ran.stdout) else _failure(ran)

    def _run(self, *options: str) -> Ran:
        query = [f"--query-gpu={','.join(self._fields)}", "--format=csv,noheader,nounits"]
        return capture([self._program, *options, *query], TIME_LIMIT_S, self._environment)

    def _refused(self, ran: Ran) -> str | None:
        """The field that this nvidia-smi is too old to know: one such fails the whole query."""
        found = _REFUSED.search(ran.stdout)
        return found[1] if found and found[1] in self._fields else None

    def _one_by_one(self) -> Seen:
        """The healthy cards beside one that is lost, which spoils the answer about all."""
        driver, gpus, notes = None, list[Gpu](), list[str]()
        for index in range(_MOST_CARDS):
            ran = self._run("-i", str(index))
            answer = parse(ran.stdout, self._fields)
            note = ran.trouble or _why(ran.stdout)
            if answer:
                driver = answer.driver
                gpus += answer.gpus or ()
            elif _LOST.search(ran.stdout) and note not in notes:  # the note names the lost card's place on the bus
                gpus.append(Gpu("nvidia", None))
                notes.append(note)
            else:
                notes += [note] if ran.trouble else []
                break
        return Seen(driver=driver, gpus=tuple(gpus) if driver else None, notes=tuple(notes))


def _program(root: Path, environment: Mapping[str, str], system: str) -> str | None:
    """Under WSL Windows' own program, wherever another stands on PATH."""
    path = environment.get("PATH", "")
    if system != "Windows":
        return shutil.which("nvidia-smi", path=str(root / WSL_LIBRARIES)) or shutil.which("nvidia-smi", path=path)
    places = (path, *map(str, windows_folders(environment)))
    found = (shutil.which("nvidia-smi.exe", path=place) for place in places)
    return next((program for program in found if program), None)


def _row(line: str, fields: Sequence[str]) -> dict[str, str | None] | None:
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) != len(fields):
        return None
    row = dict[str, str | None]()
    for field, cell in zip(fields, cells, strict=True):
        if _UNKNOWN.fullmatch(cell):
            row[field] = None
        elif _CELLS[field].fullmatch(cell):
            row[field] = cell
        else:
            return None
    return row if row.get("driver_version") or row.get("name") else None


def _gpu(row: Mapping[str, str | None]) -> Gpu:
    capability, memory, device = row.get("compute_cap"), row.get("memory.total"), row.get("pci.device_id")
    return Gpu(
        "nvidia",
        row.get("name"),
        compute_capability=parse_capability(capability) if capability else None,
        memory_mib=int(memory.split()[0]) if memory else None,
        pci_id=f"{device[6:]}:{device[2:6]}".lower() if device else None,  # 0x1B0610DE
    )


def _failure(ran: Ran) -> Seen:
    """Why there is no answer. Errors stand on stdout, and stderr is empty."""
    if ran.trouble:
        return Seen(notes=(f"{ran.trouble}: where the card or its driver hangs, a reboot helps",))
    if "No devices were found" in ran.stdout:
        return Seen(driver=Driver("nvidia", None), gpus=())
    if ran.status is not None and ran.status < 0:
        return Seen(notes=(f"nvidia-smi crashed (signal {-ran.status}), so it says nothing about the card",))
    if code_in(ran.stdout) is None:
        return Seen(notes=(f"nvidia-smi ended with status {ran.status} and said: {_first_line(ran.stdout)}",))
    library = version_in(ran.stdout) if code_in(ran.stdout) == MISMATCH else None
    driver = Driver("nvidia", None, userspace_version=library) if library else None
    return Seen(driver=driver, notes=(_why(ran.stdout),))


def _why(said: str) -> str:
    """The error that nvidia-smi printed, and what it means."""
    code, line = code_in(said), _first_line(said)
    return f"nvidia-smi: {line}" if code is None else f"nvidia-smi: {line} - {meaning(code, line)}"


def _first_line(said: str) -> str:
    return next((line.strip() for line in said.splitlines() if line.strip()), "nothing")
