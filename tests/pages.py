"""Pages to look at: of a smoke-test that had everything happen to it, and what a page is checked for."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from envtool.demo import Bar, Curve, Demo, Picture
from envtool.diagnose import find
from envtool.diagnose.turning_points import turning_points
from envtool.events import Death, End, Event, Measured, Remark, Skip, Stage, Start
from envtool.facts import Evidence
from envtool.report.command_page import Ran, command_page
from envtool.report.smoke_page import smoke_page
from envtool.smoke import SmokeReport, fold
from envtool.usage import Disk, Memory, Room, Sample, Usage

HOSTILE = "</title><script>alert('$x_1$')</script>\"'&amp;"
DOT = bytes.fromhex(  # a PNG of one pixel
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)
EXACT = Measured("inn", "values that differ", 0.0, 0.0, "values", "lower")
NEAR = Measured("inn", "kept at depth 16 against 4", 1.0, 1.2, "times the bytes", "lower")
FAR = Measured("inn", "round trip", 3e-6, 2e-4, "max abs error", "lower")
ABOVE = Measured("inn", "cover, held out", 28.5, 24.0, "dB", "higher")
TOLD = Measured("inn", "by its lowest bits", 33.2, None, "dB", "higher")
NO_NUMBER = Measured("lora", HOSTILE, float("nan"), 1e-5, HOSTILE, "lower")
DEMO = Demo(
    "inn",
    "HiNet: Deep Image Hiding by Invertible Network.",
    (Picture("cover", "", DOT), Picture("stego", "PSNR 28.5 dB", DOT)),
    (
        Curve(
            "training loss",
            tuple(map(float, range(200))),
            (float("nan"), *(1 / n for n in range(1, 200))),
            "step",
            "nats",
        ),
        Curve("reversible", (1.0, 2.0), (0.5, 0.5), "depth, blocks", "kept, MiB"),
        Curve("plain", (1.0, 2.0), (0.5, 1.0), "depth, blocks", "kept, MiB"),
    ),
    (Bar("PSNR, dB", "the net", 28.5, is_baseline=False), Bar("PSNR, dB", "four bits", 33.2, is_baseline=True)),
    ("One small task.",),
)
HOSTILE_DEMO = Demo(
    "lora",
    HOSTILE,
    (Picture(HOSTILE, HOSTILE, DOT),),
    (Curve(HOSTILE, (0.0, 1.0), (1.0, float("inf")), HOSTILE, HOSTILE),),
    (Bar(HOSTILE, HOSTILE, float("nan"), is_baseline=True),),
    (HOSTILE,),
)
RUNGS = {"import-torch": "torch can be imported", "device": "torch sees the device", "stream": "a second stream"}
EVENTS: tuple[Event, ...] = (
    Start("import-torch", None, 0.1),
    End("import-torch", None, 2.2),
    Start("device", None, 2.3),
    Remark("device", "other programs keep the cores busy"),
    End("device", None, 0.1),
    Stage("2.13.0+cpu", "cpu", HOSTILE, (("cuda", "12.8"), ("threads", "2"))),
    Start("stream", None, 2.4),
    Skip("stream", "only CUDA devices have streams"),
    Start("inn", None, 2.5),
    *(EXACT, NEAR, FAR, ABOVE, TOLD),
    DEMO,
    End("inn", None, 30.0, 518.0),
    Start("lora", None, 32.5),
    NO_NUMBER,
    HOSTILE_DEMO,
    End("lora", None, 1.0),
    Start("kd", None, 33.5),
    Start("kd", "ensemble", 34.0),
    Death(-11, "was ended by SIGSEGV"),
)


def eventful() -> SmokeReport:
    return fold(EVENTS, tuple(RUNGS), ("inn", "lora", "kd", "late"), seed=0, seconds=41.2)


def page_of(report: SmokeReport) -> str:
    machine = [("System", "Debian 12 x86_64"), ("GPUs", HOSTILE)]
    return smoke_page(report, RUNGS, machine, [("instead", "pip install torch")], "1 May 2026, 12:00 UTC, by envtool 1")


LOG = b"Collecting six\n" + HOSTILE.encode() + b"\nERROR: [Errno 28] No space left on device: '/tmp/x'\n"
FAILED = Ran("pip install --index-url https://me:secret@localhost/simple six", "pip ended with exit status 1", True)
WORKED = Ran("pip install six", "pip ended with exit status 0", False)
MEMORY = Memory(5 * 10**9, 2.0, 8 * 10**9, "this machine", 3 * 10**9, 2.0)
TMP = Disk("/$tmp", ("TMPDIR",), Room(9 * 10**6, None), Room(8 * 10**6, None), Room(0, None), 2.0, 2.0)
SAMPLES = tuple(
    Sample(float(at), (at * len(LOG)) // 3, 10**9 * at, 10**9, (8 * 10**6 - at * 10**6, 10**10)) for at in range(4)
)
USAGE = Usage(3.0, 1, (TMP, TMP._replace(mount=HOSTILE)), MEMORY, SAMPLES)


def page_of_command(ran: Ran = FAILED, usage: Usage = USAGE, log: bytes = LOG) -> str:
    points = turning_points((log,), len(log), usage.samples, has_failed=ran.has_failed)
    diagnosis = find(Evidence((log,), status=usage.status))
    return command_page(ran, usage, diagnosis, points, "1 May 2026, 12:00 UTC, by envtool 1")


def tree(page: str) -> ET.Element:
    """A page is well-formed XML as well. What stands in cells and blocks of their own is kept apart."""
    return ET.fromstring(re.sub(r"(?=</(?:td|th|p|li|dt|dd|h\d|a)>)", " ", page.removeprefix("<!doctype html>")))


def words(element: ET.Element) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def faults(page: str) -> list[str]:
    """What a browser would fetch or run, what leads nowhere, and what a screen reader would stumble over."""
    root = tree(page)
    ids = [each.get("id", "") for each in root.iter() if each.get("id")]
    levels = [int(each.tag[1]) for each in root.iter() if each.tag in ("h1", "h2", "h3")]
    return [
        *(f"a {each.tag}" for each in root.iter() if each.tag in ("script", "link", "iframe", "object", "form")),
        *(f"fetches {value[:40]}" for value in _references(root) if not value.startswith(("#", "data:image/png;"))),
        *(f"{value} leads nowhere" for value in _references(root) if value[0] == "#" and value[1:] not in ids),
        *(f"fetches by style: {found}" for found in re.findall(r"url\((?!#)[^)]*|@import|@font-face", page)),
        *(f"{each} stands twice" for each in set(ids) if ids.count(each) > 1),
        *(f"a handler {name}" for each in root.iter() for name in each.attrib if name.startswith("on")),
        *(f"h{low} under h{high}" for high, low in zip([1, *levels], levels, strict=False) if low > high + 1),
        *("a picture without words" for each in root.iter("img") if not each.get("alt")),
        *(
            "a drawing without words"
            for each in root.iter()
            if each.get("role") == "img" and not each.get("aria-label")
        ),
        *("a table without a name" for each in root.iter("table") if not _is_named(each, ids)),
        *("a heading of no column or row" for each in root.iter("th") if not each.get("scope")),
    ]


def _references(root: ET.Element) -> list[str]:
    return [value for each in root.iter() for name, value in each.items() if name.endswith(("href", "src"))]


def _is_named(table: ET.Element, ids: list[str]) -> bool:
    return table.find("caption") is not None or table.get("aria-labelledby") in ids
