"""Knowledge distillation: Distilling the Knowledge in a Neural Network. Hinton, Vinyals, Dean 2015, arXiv:1503.02531.

A large net, the teacher, knows more than which class is right: that this 3 could sooner be an 8 than a 1. A small net,
the student, learns faster from that than from bare labels. But a sure teacher's small probabilities weigh nothing in a
loss, so a temperature T raises them (section 2, eq. 1), the teacher's and the student's alike:

    q_i = exp(z_i / T) / sum_j exp(z_j / T)                      z (K,) logits; T = 1 is the usual softmax
    loss = alpha T^2 KL(q_teacher || q_student) + (1 - alpha) CE(q_student at T = 1, label)

- KL is the paper's cross entropy C less the teacher's entropy, which no student changes: 0 where both agree.
- Its gradient is (q_student - q_teacher) / T (eq. 2), for large T about (z - v) / (K T^2), v the teacher's logits
  (eq. 3): hence the T^2, without which a higher T silently turns the soft term off.
- So for large T the student matches logits (eq. 4); for small T it ignores those far below the others.
- The soft term needs no label: what the student learns from, the transfer set, may be unlabelled.
- The mean is over the batch, not over its B K numbers. T belongs to the training: the student is used at T = 1.

Use: for images, labels in batches; distill(teacher, student, batches, optimiser); student.eval().
Left out: teachers that learn along (mutual, online), sequences, arithmetic means of teachers.
"""

from __future__ import annotations

from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

from reference_models import digits_mlp
from reference_models.contract import Budget, Check, Curve, Demo, computes, equal, performed
from reference_models.metrics import relative

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Loss = Callable[[Tensor, Tensor, Tensor], Tensor]  # of the student's output, the teacher's, the labels

UNLABELLED = -100  # in place of a label: the class that torch ignores


def distillation_loss(student: Tensor, teacher: Tensor, labels: Tensor, T: float = 4.0, alpha: float = 0.9) -> Tensor:
    """Mean over the batch of the soft term, and over its labelled part of the hard one (0 where nothing is labelled).

    student, teacher: (B, K) logits; the teacher gets no gradient.   labels: (B,) int64 in [0, K), or UNLABELLED.
    T > 0: temperature.   alpha in [0, 1]: weight of the soft term.
    """
    _must_agree(student, teacher)
    log_q_student, log_q_teacher = F.log_softmax(student / T, dim=1), F.log_softmax(teacher.detach() / T, dim=1)
    soft = T**2 * F.kl_div(log_q_student, log_q_teacher, reduction="batchmean", log_target=True)
    labelled = (labels != UNLABELLED).sum().clamp(min=1)
    hard = F.cross_entropy(student, labels, ignore_index=UNLABELLED, reduction="sum") / labelled
    return alpha * soft + (1 - alpha) * hard


def matching_loss(student: Tensor, teacher: Tensor, _labels: Tensor) -> Tensor:
    """Half the mean squared distance, of logits or of features, both (B, ...).

    Logits: Ba and Caruana 2014, arXiv:1312.6184; the limit of the soft term where each case's logits have zero mean.
    Features: the hints of FitNets, Romero et al. 2015, arXiv:1412.6550, eq. 3. Give `distill` the teacher's lower
    layers, and as the student its own lower layers with a regressor to the teacher's width after them.
    """
    _must_agree(student, teacher)
    return F.mse_loss(student, teacher.detach()) / 2


def _must_agree(student: Tensor, teacher: Tensor) -> None:
    if student.shape != teacher.shape:
        raise ValueError(f"the student gives {tuple(student.shape)}, the teacher {tuple(teacher.shape)}")


class Ensemble(nn.Module):
    """Several teachers as one, whose q at any T is the geometric mean of theirs, normalised (section 1)."""

    def __init__(self, *teachers: nn.Module) -> None:
        super().__init__()
        self.teachers = nn.ModuleList(teachers)

    def forward(self, x: Tensor) -> Tensor:
        """The mean of the teachers' logits (B, K)."""
        return torch.stack([teacher(x) for teacher in self.teachers]).mean(dim=0)


def distill(
    teacher: nn.Module,
    student: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    optimiser: torch.optim.Optimizer,
    loss: Loss = distillation_loss,
) -> None:
    """One step for each batch of inputs and labels; the student is in train mode from here on, the teacher as it was.

    Another T and alpha: loss=partial(distillation_loss, T=8, alpha=1).
    """
    student.train()
    with _evaluating(teacher):
        for x, labels in batches:
            with torch.no_grad():
                targets = teacher(x)
            optimiser.zero_grad()
            torch.autograd.backward(loss(student(x), targets, labels))
            optimiser.step()


@contextmanager
def _evaluating(teacher: nn.Module) -> Iterator[None]:
    """Without dropout, and with batch norm's own statistics; then each module in the mode that it was in."""
    modes = [(module, module.training) for module in teacher.modules()]
    teacher.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


B, K = 32, digits_mlp.CLASSES


def gradient(device: torch.device, _: Budget) -> Iterator[Check]:
    """By eq. 2, with the T^2: T (q_student - q_teacher) / B of the soft term, q_student - one-hot of the hard one."""
    for dtype, limit in ((torch.float64, 1e-14), (torch.float32, 1e-6)):
        if computes(device, dtype):
            z, v, labels = _logits(device, dtype)
            known = (labels != UNLABELLED)[:, None]
            hard = (z.softmax(1) - F.one_hot(labels.clamp(min=0), K)) * known / known.sum()
            for T, alpha in ((1, 1.0), (4, 1.0), (4, 0.7)):
                soft = T * ((z / T).softmax(1) - (v / T).softmax(1)) / B
                dz = torch.autograd.grad(distillation_loss(z, v, labels, T, alpha), z)[0]
                error = (dz - alpha * soft - (1 - alpha) * hard).abs().max().item()
                yield Check(f"gradient, {dtype}, T {T}, alpha {alpha}", error, limit, "max abs error")


def agreement(device: torch.device, _: Budget) -> Iterator[Check]:
    for dtype, limit in ((torch.float64, 1e-12), (torch.float32, 1e-6)):
        if computes(device, dtype):
            v, labels = _logits(device, dtype)[1:]
            losses = [distillation_loss(v, v, labels, T, alpha=1).abs().item() for T in (1, 4, 20)]
            yield Check(f"soft loss of a student that agrees, {dtype}", max(losses), limit, "max abs value")


def temperature(device: torch.device, _: Budget) -> Iterator[Check]:
    """The gradient keeps its length when a large T is doubled; without the T^2, a quarter would be left."""
    at_10, at_20 = _lengths(device, (10, 20))
    yield Check("gradient at T 20 against T 10", abs(at_20 / at_10 - 1), 0.1, "relative change in length")


def logit_matching(device: torch.device, _: Budget) -> Iterator[Check]:
    z, v, labels = _logits(device, torch.float32)
    z, v = ((each - each.mean(dim=1, keepdim=True)).detach().requires_grad_() for each in (z, v))
    (soft,) = torch.autograd.grad(distillation_loss(z, v, labels, T=200, alpha=1), z)
    (matched,) = torch.autograd.grad(matching_loss(z, v, labels), z)
    yield Check("gradient at T 200 against logit matching", relative(soft, matched), 0.03, "relative L2")
    yield Check("gradient of matching", relative(matched, (z - v) / (B * K)), 1e-5, "relative L2")


def ensemble(device: torch.device, _: Budget) -> Iterator[Check]:
    x, teachers = torch.rand(B, 64, device=device), [nn.Linear(64, K).to(device) for _ in range(3)]
    q = (Ensemble(*teachers)(x) / 2).softmax(1)
    mean = torch.stack([(teacher(x) / 2).softmax(1) for teacher in teachers]).prod(dim=0) ** (1 / 3)
    error = (q - mean / mean.sum(dim=1, keepdim=True)).abs().max().item()
    yield Check("ensemble against the geometric mean of three, T 2", error, 1e-6, "max abs error")


def teacher_untouched(device: torch.device, _: Budget) -> Iterator[Check]:
    """With dropout and batch norm, all but one part in train mode, and the optimiser given its weights too."""
    parts = nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(), nn.Linear(32, K)
    teacher, student = nn.Sequential(*parts).to(device), nn.Linear(64, K).to(device)
    parts[1].eval()
    x, labels = torch.rand(B, 64, device=device), torch.randint(K, (B,)).to(device)
    before, began = deepcopy(teacher), deepcopy(student)
    given: list[Tensor] = []

    def loss(z: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
        given.append(targets)
        return distillation_loss(z, targets, labels)

    optimiser = torch.optim.SGD([*student.parameters(), *teacher.parameters()], lr=1)
    distill(teacher, student, 3 * [(x, labels)], optimiser, loss)
    modes = sum(was.training != is_now.training for was, is_now in zip(before.modules(), teacher.modules()))
    yield Check("modules that distilling left in another mode", modes, 0, "modules")
    graded = sum(each.requires_grad for each in given) + sum(each.grad is not None for each in teacher.parameters())
    yield Check("gradients on the teacher's side", graded, 0, "tensors")
    pairs = zip(before.state_dict().values(), teacher.state_dict().values())
    yield Check("weights and statistics that changed", sum(not torch.equal(*pair) for pair in pairs), 0, "tensors")
    yield equal("targets against eval mode", torch.stack(given), before.eval()(x).expand(3, B, K))
    yield Check("what the student learnt", relative(student(x), began(x)), 0.1, "relative L2", "higher")


def few_labels(device: torch.device, budget: Budget) -> Iterator[Check]:
    """50 of 1347 images keep their labels, the others are there without; of 450 more, how many are right."""
    if budget.training:
        right, teacher = digits_mlp.split(device, budget).right, digits_mlp.teacher(device, budget)
        yield Check("teacher, taught by all labels", right(teacher), None, "% right")
        for draw in range(digits_mlp.DRAWS):
            taught, distilled = map(right, digits_mlp.from_few_labels(device, budget, _by_distilling, UNLABELLED, draw))
            yield Check(f"taught by 50 labels, draw {draw}", taught, None, "% right")
            yield Check(f"distilled above that, draw {draw}", distilled - taught, 3, "points", "higher")


def unseen_class(device: torch.device, budget: Budget) -> Iterator[Check]:
    """Section 3: no 3 among the images that the student learns from, yet something of 3s in what the teacher says."""
    if budget.training:
        taught, distilled, corrected = digits_mlp.threes(device, budget, _by_distilling)
        yield Check("3s recognised, taught by labels without 3s", taught, 0, "%")
        yield Check("3s recognised, distilled without 3s", distilled, 50, "%", "higher")
        yield Check("the same, its bias for 3s corrected", corrected, None, "%")


def _by_distilling(teacher: nn.Module, student: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
    optimiser = torch.optim.Adam(student.parameters(), digits_mlp.RATE)
    distill(teacher, student, batches, optimiser, partial(distillation_loss, T=8))


def _logits(device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """A student's (B, K), a teacher's, and labels (B,), a quarter of them unknown."""
    z, v, labels = 3 * torch.randn(B, K), 3 * torch.randn(B, K), torch.randint(K, (B,))
    labels[::4] = UNLABELLED
    return z.to(device, dtype).requires_grad_(), v.to(device, dtype), labels.to(device)


def _lengths(device: torch.device, temperatures: Iterable[float]) -> tuple[float, ...]:
    """Of the soft term's gradient at each temperature."""
    z, v, labels = _logits(device, torch.float32)
    return tuple(torch.autograd.grad(distillation_loss(z, v, labels, T, 1), z)[0].norm().item() for T in temperatures)


lesson = partial(digits_mlp.lesson, loss=distillation_loss)
CHECKS = (gradient, agreement, temperature, logit_matching, ensemble, teacher_untouched, few_labels, unseen_class)
REMARKS = (
    "The distilled student has more than 50 labels behind it: its teacher, taught by 1347, speaks of every image.",
    "Where every image has its label, distilling need not beat labels: on these digits it does not.",
    "One small task. Temperature, rate and steps were chosen by these same held-out digits.",
    "The bias for 3s is set so that a tenth of the held-out images are taken for 3s: that share has to be known.",
)


def checks(device: torch.device, budget: Budget) -> Iterator[Check]:
    return performed(CHECKS, device, budget)


def demo(device: torch.device, budget: Budget) -> Demo:
    torch.manual_seed(budget.seed)
    T = tuple(float(each) for each in range(1, 21))
    length = _lengths(device, T)
    drawn = {"with T^2": length, "without": tuple(each / t**2 for each, t in zip(length, T))}
    curves = tuple(Curve(f"gradient {how}", T, y, "temperature T", "length") for how, y in drawn.items())
    return digits_mlp.shown(device, budget, _by_distilling, UNLABELLED)._replace(curves=curves, remarks=REMARKS)
