"""Small nets for the bundled digits: a teacher, students of a 35th of its size, and what they learn from."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

from reference_models.contract import Bar, Demo, Lesson, Picture, Taught, trains_in_its_dtype
from reference_models.data import digits
from reference_models.metrics import accuracy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from reference_models.contract import Budget

    Batch = tuple[Tensor, Tensor]  # images (N, 8, 8) and labels (N,)
    Loss = Callable[[Tensor, Tensor, Tensor], Tensor]  # of the student's output, the teacher's, the labels
    Way = Callable[[nn.Module, nn.Module, Iterable[Batch]], None]  # of this teacher to teach this student on these

CLASSES, THREE = 10, 3
LEARN = 1347  # of 1797 digits; the other 450 are held out
TEACHER, STUDENT = (64, 256, 256, CLASSES), (64, 32, CLASSES)  # widths: 85,002 weights and 2,410
LABELS, DRAWS = 5, 3  # labels of each digit, where they are few; how often those are drawn
STEPS, RATE = 800, 1e-2  # of every student


class Split(NamedTuple):
    images: Tensor  # (1347, 8, 8) in [0, 1]
    labels: Tensor  # (1347,) int64
    held_out: Tensor  # (450, 8, 8)
    answers: Tensor  # (450,)

    def right(self, net: nn.Module, only: int | None = None) -> float:
        """Of the held-out digits, or of the one that is named, in per cent; the net's T is 1."""
        asked = torch.ones_like(self.answers, dtype=torch.bool) if only is None else self.answers == only
        with torch.no_grad():
            return accuracy(net.eval()(self.held_out[asked]), self.answers[asked])


@functools.lru_cache(maxsize=1)
@trains_in_its_dtype
def split(device: torch.device, budget: Budget) -> Split:
    images, labels = digits()
    order = _shuffled(len(labels), budget.seed)
    learn, rest = order[:LEARN], order[LEARN:]
    return Split(*(each.to(device) for each in (images[learn], labels[learn], images[rest], labels[rest])))


def net(widths: tuple[int, ...], device: torch.device, seed: int) -> nn.Sequential:
    """Images (N, 8, 8) -> logits (N, 10). The same on every device, and so are the batches drawn next."""
    torch.manual_seed(seed)
    layers = [each for i in range(1, len(widths)) for each in (nn.Linear(widths[i - 1], widths[i]), nn.ReLU())]
    return nn.Sequential(nn.Flatten(), *layers[:-1]).to(device)


def batches(images: Tensor, labels: Tensor, steps: int, size: int = 64) -> Iterator[Batch]:
    for _ in range(steps):
        rows = torch.randint(len(labels), (size,)).to(labels.device)
        yield images[rows], labels[rows]


def fit(net: nn.Module, batches: Iterable[Batch], rate: float) -> None:
    """By labels alone."""
    optimiser = torch.optim.Adam(net.parameters(), rate)
    for images, labels in batches:
        optimiser.zero_grad()
        torch.autograd.backward(F.cross_entropy(net(images), labels))
        optimiser.step()


@functools.lru_cache(maxsize=1)
@trains_in_its_dtype
def teacher(device: torch.device, budget: Budget) -> nn.Module:
    """Taught by all labels, on shifted images: else it says too little of digits that a student never sees."""
    data, made = split(device, budget), net(TEACHER, device, budget.seed)
    drawn = batches(data.images, data.labels, budget.steps(600), size=128)
    fit(made, ((_shifted(images), labels) for images, labels in drawn), rate=3e-3)
    return made.eval()


def _shifted(images: Tensor) -> Tensor:
    """Each (8, 8) by a pixel at the most, down or up and right or left."""
    places = F.pad(images, (1, 1, 1, 1)).unfold(1, 8, 1).unfold(2, 8, 1)  # (N, 3, 3, 8, 8)
    down, right = torch.randint(3, (2, len(images))).to(images.device)
    return places[torch.arange(len(images), device=images.device), down, right]


class Students(NamedTuple):
    """Two of the same start, taught as many steps at the same rate."""

    taught: nn.Module  # by labels alone
    distilled: nn.Module


@functools.lru_cache(maxsize=DRAWS)
def from_few_labels(device: torch.device, budget: Budget, distill: Way, unlabelled: int, draw: int) -> Students:
    """Five labels of each digit, drawn by chance; all others are `unlabelled`."""
    (images, labels, *_), seed = split(device, budget), DRAWS * budget.seed + draw
    order = _shuffled(len(labels), seed).to(device)
    kept = torch.cat([order[labels[order] == digit][:LABELS] for digit in range(CLASSES)])
    known = torch.full_like(labels, unlabelled)
    known[kept] = labels[kept]
    few, transfer = (images[kept], labels[kept]), (images, known)
    students: Students = _students(device, budget, seed, labelled=few, transfer=transfer, distill=distill)
    return students


class Threes(NamedTuple):
    """Of the held-out 3s, how many are recognised, in per cent, by students that learnt without any 3."""

    taught: float
    distilled: float
    corrected: float  # the distilled, its bias for 3s raised until a tenth of all that is held out is taken for a 3


@functools.lru_cache(maxsize=1)
def threes(device: torch.device, budget: Budget, distill: Way) -> Threes:
    data = split(device, budget)
    others = data.labels != THREE
    seen = data.images[others], data.labels[others]
    taught, distilled = _students(device, budget, budget.seed, labelled=seen, transfer=seen, distill=distill)
    with torch.no_grad():
        logits = distilled(data.held_out)  # (450, 10)
    three = F.one_hot(torch.tensor(THREE, device=device), CLASSES)
    behind = logits.masked_fill(three.bool(), -math.inf).amax(dim=1) - logits[:, THREE]
    corrected = (logits + behind.quantile(1 / CLASSES) * three)[data.answers == THREE]
    return Threes(
        data.right(taught, only=THREE),
        data.right(distilled, only=THREE),
        accuracy(corrected, data.answers[data.answers == THREE]),
    )


@trains_in_its_dtype
def _students(
    device: torch.device, budget: Budget, seed: int, *, labelled: Batch, transfer: Batch, distill: Way
) -> Students:
    master, steps = teacher(device, budget), budget.steps(STEPS)
    taught = net(STUDENT, device, seed)
    fit(taught, batches(*labelled, steps), RATE)
    distilled = net(STUDENT, device, seed)
    distill(master, distilled, batches(*transfer, steps))
    return Students(taught.eval(), distilled.eval())


def lesson(rows: int, loss: Loss) -> Lesson:
    """A student that learns from a teacher without gradients."""
    teacher, student = (net(widths, torch.device("cpu"), seed=0) for widths in (TEACHER, STUDENT))
    images, labels = (each[torch.arange(rows) % len(each)] for each in digits())

    def distilling(nets: nn.ModuleList, images: Tensor, labels: Tensor) -> Tensor:
        return loss(nets[1](images), nets[0](images), labels)

    return Lesson(Taught(nn.ModuleList((teacher.requires_grad_(False), student)), distilling), (images, labels))


def shown(device: torch.device, budget: Budget, distill: Way, unlabelled: int) -> Demo:
    """What the students make of the digits; nothing without a budget to train."""
    if not budget.training:
        return Demo()
    data = split(device, budget)
    pairs = [from_few_labels(device, budget, distill, unlabelled, draw) for draw in range(DRAWS)]
    few, no_three = (
        "50 labels, mean of three draws: held-out digits right, %",
        "no 3 to learn from: held-out 3s right, %",
    )
    taught, distilled, corrected = threes(device, budget, distill)
    bars = (
        Bar(few, "teacher, all labels", data.right(teacher(device, budget))),
        Bar(few, "taught by labels", sum(data.right(pair.taught) for pair in pairs) / DRAWS),
        Bar(few, "distilled", sum(data.right(pair.distilled) for pair in pairs) / DRAWS, is_baseline=False),
        Bar(no_three, "taught by labels", taught),
        Bar(no_three, "distilled", distilled, is_baseline=False),
        Bar(no_three, "distilled, bias corrected", corrected, is_baseline=False),
    )
    return Demo(tuple(_picture(data, pairs[0], place) for place in range(4)), bars=bars)


def _picture(data: Split, pair: Students, place: int) -> Picture:
    image = data.held_out[place : place + 1]
    with torch.no_grad():
        taught, distilled = (int(student(image).argmax()) for student in pair)
    note = f"from 50 labels: {taught}, distilled: {distilled}"
    return Picture(f"a {int(data.answers[place])}", image[0].cpu(), note)


def _shuffled(count: int, seed: int) -> Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))
