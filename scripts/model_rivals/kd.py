"""Distillation beside the formula as people write it, with torch's own nn.KLDivLoss."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

from model_rivals.contest import Contest, must_agree
from reference_models import digits_mlp
from reference_models.kd import distill, distillation_loss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from model_rivals.contest import Outcome
    from reference_models.contract import Check
    from reference_models.digits_mlp import Batch

T, ALPHA = 4.0, 0.9
FORMULA, OURS = "by nn.KLDivLoss", "ours"
BATCH, STEPS = 64, 8


def contests(device: torch.device) -> Iterator[Contest]:
    yield _losses(10, device)
    yield _losses(1000, device)
    yield _trainings(device)


def bars(_outcomes: Mapping[str, Outcome]) -> Iterator[Check]:
    """None: the formula is the same, and so is the time."""
    return iter(())


def _losses(classes: int, device: torch.device) -> Contest:
    z, v = torch.randn(2, 256, classes, device=device)
    labels = torch.randint(classes, (256,), device=device)
    losses = {FORMULA: _formula, OURS: distillation_loss}
    ways = {name: functools.partial(_gradient, loss, z.requires_grad_(), v, labels) for name, loss in losses.items()}
    title = f"KD, loss and its gradient, 256 x {classes}"
    must_agree(title, {name: way() for name, way in ways.items()})
    return Contest(title, ways)


def _trainings(device: torch.device) -> Contest:
    teacher = digits_mlp.net(digits_mlp.TEACHER, device, 0).eval()
    batches = [(torch.rand(BATCH, 8, 8, device=device), torch.randint(10, (BATCH,), device=device))] * STEPS
    ways = {}
    for name, way in ((FORMULA, _taught), (OURS, distill)):
        student = digits_mlp.net(digits_mlp.STUDENT, device, 0)
        ways[name] = functools.partial(_steps, way, teacher, student, batches, torch.optim.Adam(student.parameters()))
    return Contest(f"KD, {STEPS} training steps, teacher of 85,002 weights, student of 2,410", ways)


def _formula(student: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
    log_q_student, q_teacher = F.log_softmax(student / T, dim=1), F.softmax(teacher / T, dim=1)
    soft: Tensor = nn.KLDivLoss(reduction="batchmean")(log_q_student, q_teacher)
    return ALPHA * T**2 * soft + (1 - ALPHA) * F.cross_entropy(student, labels)


def _gradient(loss: Callable[..., Tensor], z: Tensor, v: Tensor, labels: Tensor) -> Tensor:
    return torch.autograd.grad(loss(z, v, labels), z)[0]


def _steps(way: Callable[..., None], *arguments: Any) -> None:  # noqa: ANN401 - those of `distill`
    way(*arguments)
    arguments[-1].zero_grad()  # so that each call begins alike


def _taught(teacher: nn.Module, student: nn.Module, batches: Sequence[Batch], optimiser: torch.optim.Optimizer) -> None:
    for images, labels in batches:
        with torch.no_grad():
            targets = teacher(images)
        optimiser.zero_grad()
        torch.autograd.backward(_formula(student(images), targets, labels))
        optimiser.step()
