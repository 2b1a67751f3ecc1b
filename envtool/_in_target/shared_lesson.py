"""A reference model that several ranks learn together, each from rows of its own.

Stand-alone, Python 3.6 grammar. `member` is a rank: see `ranks_runner.py`.
"""

import sys
from typing import Any, Callable, Dict, Iterator, Tuple

import ladder  # type: ignore[import-not-found]  # in the same folder when this runs
import smoke_runner  # type: ignore[import-not-found]  # likewise

Said = Dict[str, Any]
ROWS = 2  # for each rank
STEPS = 5


def learnt(member: Any) -> Iterator[Said]:
    """A reference model learns on all ranks as if on one, and stays the same on all."""
    if sys.version_info < (3, 8):
        raise ladder.Skipped("the reference models need Python 3.8, and this is {}.{}".format(*sys.version_info[:2]))
    contract, model = (smoke_runner.load(member.work["models"], name) for name in ("contract", member.item))
    if not hasattr(model, "lesson"):
        raise ladder.Skipped("{} has no lesson for several ranks".format(member.item))
    torch = member.stage.torch
    for dtype, limit in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        if contract.computes(member.stage.device, dtype):
            torch.manual_seed(member.work["seed"])
            for check in learn(member, model.lesson(ROWS * member.size), dtype, limit):
                yield check


def learn(member: Any, lesson: Any, dtype: Any, limit: float) -> Iterator[Said]:
    torch, kind = member.stage.torch, str(dtype).replace("torch.", "")
    member.alone("preparing, {}".format(kind))
    device = member.stage.device
    taught = lesson.taught.to(device, dtype)
    batch = tuple(each.to(device, dtype if each.is_floating_point() else None) for each in lesson.batch)
    before = weights(torch, taught)
    with torch.no_grad():
        for parameter in taught.parameters():
            parameter.add_(member.rank)  # to see that all begin as rank 0 does
    parallel = torch.nn.parallel.DistributedDataParallel
    shared = member.together("wrapping in DDP, {}".format(kind), parallel, taught, **ids(device))
    train(member, shared, batch, kind)
    yield ladder.check(
        "what {} steps changed, {}".format(STEPS, kind),
        distance(weights(torch, taught), before),
        1e-6,
        "relative L2",
        "higher",
    )
    yield ladder.check("ranks with other weights, {}".format(kind), others(member, digest(torch, taught)), 0, "ranks")
    found = gradient(
        torch, taught, member.together, "backward with DDP, {}".format(kind), backward, shared, own_rows(member, batch)
    )
    member.alone("backward of the whole batch, {}".format(kind))
    expected = gradient(torch, taught, backward, taught, batch)
    yield ladder.check(
        "gradient against that of the whole batch, {}".format(kind), distance(found, expected), limit, "relative L2"
    )


def ids(device: Any) -> Said:
    """What DDP is told of the device: nothing of a processor."""
    return {} if device.type == "cpu" else {"device_ids": [device.index]}


def train(member: Any, shared: Any, batch: Tuple[Any, ...], kind: str) -> None:
    trained = [parameter for parameter in shared.parameters() if parameter.requires_grad]
    optimizer = member.stage.torch.optim.Adam(trained, 1e-3)
    for step in range(STEPS):
        optimizer.zero_grad()
        member.together("step {} with DDP, {}".format(step + 1, kind), backward, shared, own_rows(member, batch))
        optimizer.step()


def own_rows(member: Any, batch: Tuple[Any, ...]) -> Tuple[Any, ...]:
    return tuple(each[member.rank :: member.size] for each in batch)


def backward(module: Any, batch: Tuple[Any, ...]) -> None:
    module(*batch).backward()


def gradient(torch: Any, taught: Any, act: Callable[..., Any], *given: Any) -> Any:
    """Of what is trained, in one row, by this act."""
    taught.zero_grad()
    act(*given)
    return torch.cat([each.grad.detach().flatten() for each in taught.parameters() if each.requires_grad])


def weights(torch: Any, taught: Any) -> Any:
    return torch.cat([each.detach().flatten() for each in taught.parameters()])


def distance(found: Any, expected: Any) -> Any:
    return (found - expected).norm() / expected.norm()


def digest(torch: Any, taught: Any) -> Any:
    """A number that any changed bit of any weight changes: each weight's bits times an odd number, summed modulo 2^64."""
    row = weights(torch, taught).cpu()
    bits = row.view(torch.int64 if row.element_size() == 8 else torch.int32).long()  # noqa: PLR2004 - bytes of a double
    return (bits * (2 * torch.arange(len(bits)) + 1)).sum()


def others(member: Any, own: Any) -> int:
    """How many ranks have another digest."""
    mine = own.to(member.stage.device)
    every = [mine.clone() for _ in range(member.size)]
    member.together("gathering digests", member.stage.torch.distributed.all_gather, every, mine)
    return sum(int(each) != int(mine) for each in every)
