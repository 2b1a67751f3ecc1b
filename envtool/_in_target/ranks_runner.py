"""One of several ranks, started by torch's launcher: `python -m torch.distributed.run ... ranks_runner.py FOLDER WORK.json`.

Stand-alone, Python 3.6 grammar. It says its events, its rank in each, to FOLDER/EVENTS.<local rank>.jsonl. WORK holds what
`smoke_runner.py` reads, and `limits_s`: where an item takes longer, FOLDER/STACK.<local rank> gets the line that this rank is at.
An exception ends the process, for the other ranks may wait for it: the launcher ends them.
"""

import datetime as dt
import faulthandler
import json
import os
import socket
import sys
import time
from typing import Any, Callable, Dict, Iterator, List

import ladder  # type: ignore[import-not-found]  # in the same folder when this runs
import shared_lesson  # type: ignore[import-not-found]  # likewise, and the next
import smoke_runner  # type: ignore[import-not-found]

Said = Dict[str, Any]
BACKENDS = {"cpu": "gloo", "cuda": "nccl", "xpu": "xccl"}  # NCCL is RCCL's name too
SIZES = (1, 1000, 1 << 20)  # values to reduce: a back end has a way of its own for few and for many
TIMED_BYTES = 64 << 20
REPETITIONS = 5


class Member:
    """A rank, and what it stands on."""

    def __init__(self, folder: str, work: Said) -> None:
        self.rank, self.size, self.local = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
        self.work = work
        self.events = smoke_runner.Events(os.path.join(folder, "EVENTS.{}.jsonl".format(self.local)), rank=self.rank)
        self.stack = open(os.path.join(folder, "STACK.{}".format(self.local)), "w", encoding="utf-8")  # noqa: SIM115
        self.stage = ladder.Stage(work["device"], work["seed"])
        self.item = ""

    def together(self, part: str, act: Callable[..., Any], *given: Any, **how: Any) -> Any:
        """What `act` gives, which ends only where every rank does it."""
        self.events.say("start", item=self.item, part=part, waits=True)
        result = act(*given, **how)
        ladder.synchronize(self.stage)
        return result

    def alone(self, part: str) -> None:
        self.events.say("start", item=self.item, part=part, waits=False)


def main() -> None:
    with open(sys.argv[2], encoding="utf-8") as file:
        work = json.load(file)
    member = Member(sys.argv[1], work)
    for item in work["items"]:
        perform(member, item)
    member.stage.torch.distributed.destroy_process_group()


def perform(member: Member, item: str) -> None:
    member.item = item
    member.events.say("start", item=item, part=None)
    faulthandler.dump_traceback_later(member.work["limits_s"][item], file=member.stack)
    began, error = time.perf_counter(), None
    smoke_runner.reset_peak(member.stage)
    try:
        for check in RUNGS.get(item, shared_lesson.learnt)(member):
            member.events.say("check", item=item, **check)
    except ladder.Skipped as skipped:
        member.events.say("skip", item=item, text=str(skipped))
        return
    except Exception as raised:  # noqa: BLE001 - whatever a broken stack raises is an outcome
        error = "{}: {}".format(type(raised).__name__, raised)
    spent = {
        "seconds": time.perf_counter() - began,
        "peak_memory_mib": smoke_runner.peak_mib(member.stage),
        "host_memory_mib": smoke_runner.host_peak_mib(),
    }
    member.events.say("end", item=item, error=error, **spent)
    faulthandler.cancel_dump_traceback_later()
    if error:
        sys.exit(1)


def rendezvous(member: Member) -> Iterator[Said]:
    """Every rank is there, has a device of its own, and the torch that the others have."""
    stage = member.stage
    member.alone("import torch")
    list(ladder.import_torch(stage))
    torch = stage.torch
    stage.wanted = own_device(torch, stage.wanted, member.local)
    list(ladder.device(stage))
    if stage.device.type != "cpu":
        getattr(torch, stage.device.type).set_device(stage.device)
    warn_of_loopback(member)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    how = {
        "backend": BACKENDS[stage.device.type],
        "timeout": dt.timedelta(seconds=max(member.work["limits_s"].values())),
    }
    member.together("waiting for every rank", torch.distributed.init_process_group, **how)
    seen = [None] * member.size  # type: List[Any]
    own = dict(smoke_runner.machine(stage), host=socket.gethostname(), node=os.environ["GROUP_RANK"], rank=member.rank)
    member.together("hearing of every rank", torch.distributed.all_gather_object, seen, own)
    tell_of_ranks(member, own, seen)
    others = sum(each["torch"] != own["torch"] for each in seen)
    yield ladder.check("ranks with another torch", others, 0, "ranks")


def own_device(torch: Any, wanted: str, local: int) -> str:
    """One for each rank of a host, but for the processor."""
    kind = ladder.best_device(torch) if wanted == "auto" else wanted.partition(":")[0]
    if kind not in BACKENDS:
        raise RuntimeError("torch lets no ranks work together on {}: --device cpu".format(kind))
    if kind == "cpu":
        return kind
    count = getattr(torch, kind).device_count()
    if local >= count:
        raise RuntimeError("no device is left for local rank {}: torch sees {} of {} here".format(local, count, kind))
    return "{}:{}".format(kind, local)


def warn_of_loopback(member: Member) -> None:
    """Gloo gives the others the address that this host's name leads to."""
    if member.stage.device.type != "cpu" or os.environ["GROUP_WORLD_SIZE"] == "1" or "GLOO_SOCKET_IFNAME" in os.environ:
        return
    host = socket.gethostname()
    if socket.gethostbyname(host).startswith("127."):
        text = "{} leads to a loopback address, where no other host finds it: set GLOO_SOCKET_IFNAME".format(host)
        member.events.say("remark", item=member.item, text=text)


def tell_of_ranks(member: Member, own: Said, seen: List[Said]) -> None:
    """What this rank saw, and by one rank of each host what those of other hosts saw."""
    member.events.say("machine", **own)
    for other in seen:
        if member.local == 0 and other["node"] != own["node"]:
            member.events.say("machine", **other)


def all_reduce(member: Member) -> Iterator[Said]:
    """Rank r gives i % 97 + r for value i: whole numbers, so that their sum is exact in whatever order it is made."""
    torch, size = member.stage.torch, member.size
    for name in ("float32", "int64"):
        wrong = 0
        for count in SIZES:
            ramp = torch.arange(count, device=member.stage.device) % 97
            block = (ramp + member.rank).to(getattr(torch, name))
            member.together("all-reduce of {} {}".format(count, name), torch.distributed.all_reduce, block)
            expected = (ramp * size + size * (size - 1) // 2).to(block.dtype)
            wrong += int((block != expected).sum())
        yield ladder.check("{} against the sum".format(name), wrong, 0, "wrong values")


def bandwidth(member: Member) -> Iterator[Said]:
    """Of the wire, as NCCL's tests reckon it: by a ring, each rank sends 2 (n - 1) / n of the block."""
    torch, device = member.stage.torch, member.stage.device
    share = 2 * (member.size - 1) / member.size * TIMED_BYTES
    seconds = quickest(member, torch.zeros(TIMED_BYTES // 4, device=device))
    yield ladder.check("all-reduce of 64 MiB", share / seconds / 1e9, None, "GB/s on the wire", "higher")
    yield ladder.check("all-reduce of one value", quickest(member, torch.zeros(1, device=device)) * 1e6, None, "us")


def quickest(member: Member, block: Any) -> float:
    times = []
    for _ in range(1 + REPETITIONS):  # the first connects
        began = time.perf_counter()
        member.together("all-reduce, timed", member.stage.torch.distributed.all_reduce, block)
        times.append(time.perf_counter() - began)
    return min(times)


RUNGS = {"rendezvous": rendezvous, "all-reduce": all_reduce, "bandwidth": bandwidth}


if __name__ == "__main__":
    main()
