"""Compiles hand-gathered facts about the wheels into the tables of `envtool/data/`."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version
from wheel_tables import (
    BASES,
    Capabilities,
    Companions,
    Cuda,
    GpuName,
    Mirror,
    RefreshError,
    Rocm,
    Source,
    TorchvisionWheel,
    Wheel,
    is_wanted,
    joined,
    natural,
    weakest_first_out,
    with_carried_lists,
    write_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ROOT = "(root)"
FOLDER = r"(?<![\w*-])(?:cpu|xpu|cu\d{2,3}|rocm[\d.]+)(?![\w.])"

# The previous-versions page names torchvision for releases older than the gathered pairs; torchaudio it leaves out.
PREVIOUS_VERSIONS = "pytorch.github.io _get_started/previous-versions.md@e3f009b"
EARLY_PAIRS = (("1.4.0", "0.5.0"), ("1.5.0", "0.6.0"), ("1.5.1", "0.6.1"), ("1.6.0", "0.7.0"))

# (first tag, Linux, Windows): the least driver of a CUDA major version; older toolkits need their own.
FLOORS = ((130, "580", "580"), (120, "525.60.13", "528.33"), (111, "450.80.02", "452.39"))

SPELLED_OUT = {
    "index-2026-02": Source("index-2026-02", "the wheel index's pages of torch and torchvision", "2026-02"),
}
CLEANINGS = (
    (r"^wheels\.tsv; gfx: ", ""),
    (r"^stored public copy", "public pages"),
    (r"; first upload \d{4}-\d\d-\d\d", ""),
    (r" via uv(?: pip compile|/pip dry-run) \d{4}-\d\d-\d\d", ""),
    (r",?\s*(?:\(stored public copy\)|\bstored public copy\b)", ""),
    (r"\(\s*\)", ""),
    (r"\b(URLs?(?:\+sha256)?) in\b", r"\1 quoted in public pages"),
    (r"\s+(?:in|for)\s*$", ""),
    (r"\s+([,;])", r"\1"),
    (r"\s+", " "),
)


class Gathered(NamedTuple):
    """The gathered facts: where they lie, when they were gathered, and the sources they have named so far."""

    folder: Path
    read: str
    sources: dict[str, Source]

    def rows(self, name: str) -> list[dict[str, str]]:
        path = self.folder / name
        if not path.is_file():
            raise RefreshError(
                f"{path} is not there: --facts takes the folder torch/ of the facts, with hosts/ beside it"
            )
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t"))

    def source(self, text: str) -> str:
        """The short key of a source, the same for the same words."""
        said = cleaned(text)
        if said not in self.sources:
            known = SPELLED_OUT.get(said)
            self.sources[said] = known or Source(self._free_key(said), said, self.read)
        return self.sources[said].key

    def _free_key(self, said: str) -> str:
        """What the source begins with, a repository without its owner, and a number: builder-3."""
        words = re.match(r"[\W_]*(?:[\w.-]+/)?([A-Za-z][\w-]*)", said)
        stem = words.group(1).lower() if words else "note"
        if stem in ("as", "by", "no", "copy"):
            stem = "note"
        taken = sum(source.key.rpartition("-")[0] == stem for source in self.sources.values())
        return f"{stem}-{taken + 1}"


def compile_facts(facts: Path, data: Path) -> None:
    """Write every table from the gathered facts."""
    gathered = Gathered(facts, heading_date(facts / "README.md"), {})
    wheels = list(torch_wheels(gathered))
    write_table(data, Wheel, weakest_first_out(wheels), gathered.read)
    write_table(data, TorchvisionWheel, weakest_first_out(torchvision_wheels(gathered)), gathered.read)
    write_table(data, Companions, companions(gathered), gathered.read)
    write_table(data, Cuda, toolkits(gathered, {wheel.backend for wheel in wheels}), gathered.read)
    write_table(data, Capabilities, with_carried_lists(capabilities(gathered), wheels), gathered.read)
    write_table(data, Rocm, rocm_targets(gathered), gathered.read)
    write_table(data, GpuName, gpu_names(gathered), gathered.read)
    write_table(data, Mirror, mirrors(gathered), gathered.read)
    write_table(data, Source, gathered.sources.values(), gathered.read)


def heading_date(readme: Path) -> str:
    """The date in the first heading of the facts."""
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    found = re.search(r"^#.*?(\d{4}-\d\d-\d\d)", text, re.MULTILINE)
    if not found:
        raise RefreshError(f"{readme} has no heading with a date: facts without a date cannot be used")
    return found.group(1)


def cleaned(text: str) -> str:
    for pattern, put in CLEANINGS:
        text = re.sub(pattern, put, text)
    return text.strip(" ;,") or "public pages"


def absent(cell: str) -> str:
    return "" if cell in ("none", ROOT) else cell


def torch_wheels(gathered: Gathered) -> Iterable[Wheel]:
    """The builds of the registry and of the index's folders. Those at the root of the index are in the registry too."""
    for row in gathered.rows("wheels.tsv"):
        on_registry = row["host"] != "pytorch"
        folder = "" if on_registry else absent(row["index_folder"])
        if not is_wanted("torch", row["torch_version"]) or not (on_registry or folder):
            continue
        ships = re.search(r"ships ([\w.]+)", row["index_folder"])
        local = absent(row["local_tag"])
        yield Wheel(
            version=row["torch_version"],
            local=local,
            index="registry" if on_registry else "pytorch",
            folder=folder,
            platform=row["platform_tag"],
            pythons=joined(row["python_tags"].split()),
            backend=ships.group(1) if ships else local or folder,
            basis=row["basis"],
            source=gathered.source(row["source"]),
        )


def torchvision_wheels(gathered: Gathered) -> Iterable[TorchvisionWheel]:
    for row in gathered.rows("torchvision_wheels.tsv"):
        if not is_wanted("torchvision", row["torchvision_version"]):
            continue
        yield TorchvisionWheel(
            version=row["torchvision_version"],
            local=absent(row["local_tag"]),
            folder=absent(row["index_folder"]),
            platform=row["platform_tag"],
            pythons=joined(row["python_tags"].split()),
            basis=row["basis"],
            source=gathered.source(row["source"]),
        )


def companions(gathered: Gathered) -> Iterable[Companions]:
    for row in gathered.rows("pairs.tsv"):
        if "(" not in row["torch"]:  # long-term support has no wheels on the index
            key = gathered.source(row["source"])
            yield Companions(row["torch"], row["torchvision"], row["torchaudio"], row["basis"], key)
    for torch, torchvision in EARLY_PAIRS:
        yield Companions(torch, torchvision, "", "read", gathered.source(PREVIOUS_VERSIONS))


def toolkits(gathered: Gathered, backends: set[str]) -> Iterable[Cuda]:
    releases: dict[str, list[dict[str, str]]] = {}
    for row in gathered.rows("cuda_driver.tsv"):
        if row["kind"] == "release" and row["tag"] in backends:
            releases.setdefault(row["tag"], []).append(row)
    for tag, rows in releases.items():
        linux = least_driver(row["toolkit_driver_linux_min"] for row in rows)
        windows = least_driver(row["toolkit_driver_windows_min"] for row in rows)
        source = rows[0]["source"]
        if not windows:
            windows = linux.partition(".")[0]
            source += "; no Windows number is printed: the branch of the Linux driver, inferred"
        floor_linux, floor_windows = floors(tag, linux, windows)
        cuda = f"{tag[2:-1]}.{tag[-1]}"
        key = gathered.source(source)
        yield Cuda(tag, cuda, linux, windows, floor_linux, floor_windows, rows[0]["basis"], key)


def least_driver(texts: Iterable[str]) -> str:
    numbers = (re.match(r"\d+[\d.]*", text) for text in texts)
    return min((number.group() for number in numbers if number), key=Version, default="")


def floors(tag: str, own_linux: str, own_windows: str) -> tuple[str, str]:
    for first, linux, windows in FLOORS:
        if int(tag[2:]) >= first:
            return linux, windows
    return own_linux, own_windows


def capabilities(gathered: Gathered) -> Iterable[Capabilities]:
    for row in gathered.rows("arch_list.tsv"):
        yield Capabilities(
            version=row["torch_version"],
            backend=row["local_tag"],
            platform=row["platform"],
            capabilities=capability_list(row["compute_capabilities"]),
            basis=row["basis"],
            source=gathered.source(row["source"]),
        )


def capability_list(text: str) -> str:
    """A list without its notes; of readings in conflict, what they agree on."""
    readings = [set(found.split(";")) for found in re.findall(r"\d+\.\d[\w.+]*(?:;\d+\.\d[\w.+]*)*", text)]
    if text.startswith("CONFLICT"):
        readings = [reading for reading in readings if len(reading) > 1]
        return joined(set.intersection(*readings))
    return joined(readings[0])


def rocm_targets(gathered: Gathered) -> Iterable[Rocm]:
    builds: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in gathered.rows("rocm.tsv"):
        builds.setdefault((row["torch_version"], row["tag"]), []).append(row)
    targets: dict[tuple[str, str], set[str]] = {}
    for (version, tag), rows in sorted(builds.items(), key=lambda item: Version(item[0][0])):
        found = {gfx for row in rows for gfx in re.findall(r"gfx\w+", re.sub(r"\(.*?\)", "", row["gfx_targets"]))}
        for base in re.findall(r"\(vs ([\d.]+)\)", " ".join(row["gfx_targets"] for row in rows)):
            found |= next(old for (_, t), old in reversed(targets.items()) if t == f"rocm{base}")
        targets[version, tag] = found
        strongest = min(rows, key=lambda row: BASES.index(row["gfx_basis"]))
        gfx = " ".join(sorted(found, key=lambda name: (len(name), name)))
        yield Rocm(version, tag, gfx, strongest["gfx_basis"], gathered.source(strongest["source"]))


def gpu_names(gathered: Gathered) -> Iterable[GpuName]:
    named: dict[tuple[str, str, str], GpuName] = {}
    for row in [*nvidia_names(gathered), *amd_names(gathered)]:
        same = named.setdefault((row.vendor, row.name, row.value), row)
        ids = {*same.pci_ids.split(","), *row.pci_ids.split(",")} - {""}
        named[row.vendor, row.name, row.value] = replace(same, pci_ids=",".join(sorted(ids)))
    return named.values()


def nvidia_names(gathered: Gathered) -> Iterable[GpuName]:
    for row in gathered.rows("../hosts/gpu_names.tsv"):
        own = row["compute_capability"]
        others = sorted({*row["ambiguous"].split("|")} - {own, ""}, key=natural)
        branch = row["last_driver_branch"]
        yield GpuName(
            vendor="nvidia",
            name=row["name"],
            value=" ".join([own, *others]),
            pci_ids=row["pci_device_ids"],
            last_driver=branch if branch.isdigit() else "",
            source=gathered.source(row["source"]),
        )


def amd_names(gathered: Gathered) -> Iterable[GpuName]:
    for row in gathered.rows("../hosts/amd_gfx.tsv"):
        name = "" if row["product"].startswith("(") else row["product"]
        yield GpuName("amd", name, row["gfx"], row["pci_device_ids"], "", gathered.source(row["source"]))


def mirrors(gathered: Gathered) -> Iterable[Mirror]:
    for row in gathered.rows("mirrors.tsv"):
        url = row["base_url"].split()[0].rstrip("/")
        if not url.endswith("/{tag}") or row["mirror"].startswith("PyTorch"):
            continue  # the index itself, or a mirror of something else
        yield Mirror(
            name=row["mirror"].split()[0].lower(),
            url=url.replace("{tag}", "{folder}"),
            layout="flat" if row["layout"].startswith("FLAT") else "simple",
            folders=joined(re.findall(FOLDER, row["holds"])) or "*",
            basis=row["basis"],
            source=gathered.source(row["source"]),
        )
