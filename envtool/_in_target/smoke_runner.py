"""Climb the ladder and check the models, saying each step at once: `python smoke_runner.py EVENTS.jsonl WORK.json`.

Stand-alone, Python 3.6 grammar. WORK holds `items` (rungs and models, in order), `device`, `seed`, `training` (a factor
on the steps of every training), `dtype` (of every training), `models` (the folder of reference_models) and `demo` (whether to send what a report
draws). An event is a line of JSON, flushed, so that a crash leaves behind what it interrupted.
"""

import base64
import importlib
import importlib.util
import json
import os
import re
import struct
import sys
import time
import zlib
from typing import Any, Dict, Optional

import ladder  # type: ignore[import-not-found]  # in the same folder when this runs
import pace  # type: ignore[import-not-found]

DTYPES = ("float32", "bfloat16", "float16", "float64")
OLDEST_TORCH = [1, 13]
EARLIEST = ("import-torch", "device", "allocate", "kernel")  # rungs that every other item stands on


class Events:
    """The file that the events go to, with what each of them has."""

    def __init__(self, path: str, **always: Any) -> None:
        self.always = always
        self.file = open(path, "a", encoding="ascii")  # noqa: SIM115 - open as long as this process

    def say(self, event: str, **fields: Any) -> None:
        self.file.write(json.dumps(dict(self.always, event=event, **fields)) + "\n")
        self.file.flush()


def main() -> None:
    events = Events(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        work = json.load(file)
    stage = ladder.Stage(work["device"], work["seed"])
    for rung in EARLIEST:
        if not perform(events, stage, work, rung):
            return
    for item in work["items"]:
        if item not in EARLIEST:
            perform(events, stage, work, item)


def perform(events: Events, stage: ladder.Stage, work: Dict[str, Any], item: str) -> bool:
    """Whether the item came to its end without an exception."""
    events.say("start", item=item, part=None)
    began, error, rate = time.perf_counter(), None, None
    reset_peak(stage)
    try:
        if item in ladder.RUNGS:
            climb(events, stage, work, item)
        else:
            with pace.paced() as measured:
                check_model(events, stage, work, item)
            rate = measured.steps_per_second()
    except ladder.Skipped as skipped:
        events.say("skip", item=item, text=str(skipped))
        return True
    except Exception as raised:  # noqa: BLE001 - whatever a broken stack raises is an outcome
        error = "{}: {}".format(type(raised).__name__, raised)
    spent = {"seconds": time.perf_counter() - began, "steps_per_second": rate}
    events.say("end", item=item, error=error, peak_memory_mib=peak_mib(stage), host_memory_mib=host_peak_mib(), **spent)
    return error is None


def climb(events: Events, stage: ladder.Stage, work: Dict[str, Any], rung: str) -> None:
    for said in ladder.RUNGS[rung](stage):
        events.say("remark" if "text" in said else "check", item=rung, **said)
    if rung == "device":
        lowered = {} if work["dtype"] == "float32" else {"dtype": work["dtype"]}
        events.say("machine", **dict(machine(stage), **lowered))


def check_model(events: Events, stage: ladder.Stage, work: Dict[str, Any], name: str) -> None:
    if sys.version_info < (3, 8):
        raise ladder.Skipped("the reference models need Python 3.8, and this is {}.{}".format(*sys.version_info[:2]))
    version = str(stage.torch.__version__)
    if [int(part) for part in re.findall(r"\d+", version)[:2]] < OLDEST_TORCH:
        raise ladder.Skipped("the reference models need torch {}.{}, and this is {}".format(*OLDEST_TORCH, version))
    contract, model = load(work["models"], "contract"), load(work["models"], name)
    budget = contract.Budget(
        training=work["training"], seed=work["seed"], dtype=dtype_of(stage, work["dtype"], contract)
    )
    for function in model.CHECKS:
        events.say("start", item=name, part=function.__name__)
        for check in contract.performed((function,), stage.device, budget):
            events.say("check", item=name, **check._asdict())
    if work["demo"]:
        events.say("start", item=name, part="demo")
        about = model.__doc__.splitlines()[0]
        events.say("demo", item=name, about=about, **drawable(model.demo(stage.device, budget)))


def dtype_of(stage: ladder.Stage, name: str, contract: Any) -> Any:
    torch, device = stage.torch, stage.device
    if not contract.trains_in(device, getattr(torch, name)):
        others = [each for each in DTYPES if contract.trains_in(device, getattr(torch, each))]
        text = "torch {} does not train in {} on {}: it does in {}"
        raise ladder.Skipped(text.format(torch.__version__, name, device.type, ", ".join(others)))
    return getattr(torch, name)


def load(folder: str, module: str) -> Any:
    """A module of reference_models, which is loaded from its place: the folder above it may be anybody's site-packages."""
    if "reference_models" not in sys.modules:
        init = os.path.join(folder, "__init__.py")
        spec = importlib.util.spec_from_file_location("reference_models", init, submodule_search_locations=[folder])  # type: Any
        sys.modules["reference_models"] = package = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(package)
    return importlib.import_module("reference_models." + module)


def machine(stage: ladder.Stage) -> Dict[str, object]:
    torch = stage.torch
    return {
        "torch": str(torch.__version__),
        "device": str(stage.device),
        "device_name": ladder.device_name(stage),
        "python": "{}.{}.{}".format(*sys.version_info[:3]),
        "cuda": torch.version.cuda,
        "hip": getattr(torch.version, "hip", None),
        "cudnn": torch.backends.cudnn.version() if torch.backends.cudnn.is_available() else None,
        "threads": torch.get_num_threads(),
        "uuid": uuid(stage),
    }


def uuid(stage: ladder.Stage) -> Optional[str]:
    """Of an NVIDIA card, as NVML has it; older versions of torch do not tell."""
    if stage.device.type != "cuda" or getattr(stage.torch.version, "hip", None):
        return None
    try:
        found = getattr(stage.torch.cuda.get_device_properties(stage.device), "uuid", None)
    except (RuntimeError, AssertionError):  # the next rungs tell of it
        return None
    return found and "GPU-{}".format(str(found).replace("GPU-", ""))


def reset_peak(stage: ladder.Stage) -> None:
    if stage.device is not None and stage.device.type == "cuda":
        stage.torch.cuda.reset_peak_memory_stats(stage.device)
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")  # the peak of what is resident, since Linux 4.0
    except OSError:  # then it is the peak since the process began
        pass


def peak_mib(stage: ladder.Stage) -> Optional[float]:
    """What torch held at most on a CUDA device, else what this process had."""
    if stage.device is not None and stage.device.type == "cuda":
        return float(stage.torch.cuda.max_memory_allocated(stage.device)) / 2**20
    return host_peak_mib()


def host_peak_mib() -> Optional[float]:
    """What this process had at most, libraries included."""
    if os.name != "posix":
        return None
    import resource  # noqa: PLC0415 - Windows has it not

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def drawable(demo: Any) -> Dict[str, object]:
    return {
        "pictures": [{"title": it.title, "note": it.note, "png": png(it.pixels)} for it in demo.pictures],
        "curves": [it._asdict() for it in demo.curves],
        "bars": [it._asdict() for it in demo.bars],
        "remarks": list(demo.remarks),
    }


def png(pixels: Any) -> str:
    """A PNG in base64, of a (H, W) or (3, H, W) tensor of values in [0, 1]."""
    levels = pixels.detach().cpu().clamp(0, 1).mul(255).round().byte()
    is_grey = levels.dim() == 2  # noqa: PLR2004 - (H, W)
    height, width = levels.shape[-2:]
    rows = levels.tolist() if is_grey else levels.permute(1, 2, 0).reshape(height, -1).tolist()
    head = struct.pack(">IIBBBBB", width, height, 8, 0 if is_grey else 2, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)
    blocks = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*block) for block in blocks)).decode("ascii")


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    main()
