"""Knowledge distillation: each check fails where the method is done wrong in a way that people do it wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

from reference_models import digits_mlp, kd
from reference_models.contract import QUICK, USUAL, Budget
from reference_models.digits_mlp import STUDENT, TEACHER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    CheckFunction = Callable[[torch.device, Budget], Iterator[object]]

CPU = torch.device("cpu")


def failures(function: CheckFunction, budget: Budget = QUICK) -> list[str]:
    torch.manual_seed(budget.seed)
    return [check.name for check in function(CPU, budget) if not check.passed]  # type: ignore[attr-defined]


def loss_with(soft: Callable[[Tensor, Tensor, float], Tensor]) -> Callable[..., Tensor]:
    def loss(student: Tensor, teacher: Tensor, labels: Tensor, T: float = 4.0, alpha: float = 0.9) -> Tensor:
        hard = F.cross_entropy(student, labels, ignore_index=kd.UNLABELLED)
        return alpha * soft(student, teacher.detach(), T) + (1 - alpha) * hard

    return loss


def kl(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    q = F.softmax(teacher / temperature, dim=1)
    return F.kl_div(F.log_softmax(student / temperature, dim=1), q, reduction="batchmean")


MUTANTS = {
    "without T squared": (kl, kd.temperature),
    "mean in place of batchmean": (lambda z, v, T: T**2 * kl(z, v, T) / z.shape[1], kd.gradient),
    "a forgotten logarithm": (
        lambda z, v, T: T**2 * F.kl_div(F.softmax(z / T, 1), F.softmax(v / T, 1), reduction="batchmean"),
        kd.gradient,
    ),
    "the teacher's logits not softened": (lambda z, v, T: T**2 * kl(z, v * T, T), kd.agreement),
    "the student's own logits as targets": (lambda z, _, T: T**2 * kl(z, z.detach(), T), kd.gradient),
    "the other way round": (lambda z, v, T: T**2 * kl(v, z, T), kd.gradient),
    "T squared twice": (lambda z, v, T: T**4 * kl(z, v, T), kd.logit_matching),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_loss_fails(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    soft, function = MUTANTS[name]
    assert failures(function) == []
    monkeypatch.setattr(kd, "distillation_loss", loss_with(soft))
    assert failures(function)


def test_a_matching_loss_that_is_not_halved_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kd, "matching_loss", lambda z, v, _: F.mse_loss(z, v.detach()))
    assert failures(kd.logit_matching)


def test_an_ensemble_of_sums_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert failures(kd.ensemble) == []
    monkeypatch.setattr(kd.Ensemble, "forward", lambda self, x: torch.stack([t(x) for t in self.teachers]).sum(dim=0))
    assert failures(kd.ensemble)


def distill_with(*, evaluates: bool = True, restores: bool = True, graded: bool = False, learns: bool = True) -> object:
    def distill(
        teacher: nn.Module,
        student: nn.Module,
        batches: Iterable[tuple[Tensor, Tensor]],
        optimiser: torch.optim.Optimizer,
        loss: kd.Loss,
    ) -> None:
        modes = [(module, module.training) for module in teacher.modules()]
        teacher.train(not evaluates)
        for x, labels in batches:
            targets = teacher(x) if graded else teacher(x).detach()
            optimiser.zero_grad()
            torch.autograd.backward(loss(student(x), targets, labels))
            if learns:
                optimiser.step()
        if restores:
            for module, training in modes:
                module.training = training

    return distill


@pytest.mark.parametrize(
    "how",
    [{"evaluates": False}, {"restores": False}, {"graded": True}, {"learns": False}],
    ids=lambda how: next(iter(how)),
)
def test_a_teacher_that_is_touched_or_a_student_that_learns_nothing_fails(
    how: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kd, "distill", distill_with())
    assert failures(kd.teacher_untouched) == []
    monkeypatch.setattr(kd, "distill", distill_with(**how))
    assert failures(kd.teacher_untouched)


@pytest.mark.slow
@pytest.mark.parametrize("function", [kd.few_labels, kd.unseen_class])
def test_a_student_that_is_its_own_teacher_fails_the_tasks(
    function: CheckFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cached in (digits_mlp.from_few_labels, digits_mlp.threes):
        cached.cache_clear()
    monkeypatch.setattr(kd, "distillation_loss", loss_with(MUTANTS["the student's own logits as targets"][0]))
    assert failures(function, USUAL)
    for cached in (digits_mlp.from_few_labels, digits_mlp.threes):
        cached.cache_clear()


def test_the_sizes_that_are_stated() -> None:
    teacher, student = (
        sum(each.numel() for each in digits_mlp.net(widths, CPU, 0).parameters()) for widths in (TEACHER, STUDENT)
    )
    assert (teacher, student) == (85_002, 2_410)


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="the student gives"):
        kd.distillation_loss(torch.zeros(2, 3), torch.zeros(2, 4), torch.zeros(2, dtype=torch.int64))


def test_the_soft_term_is_torchs_own() -> None:
    z, v, labels = torch.randn(8, 10), torch.randn(8, 10), torch.randint(10, (8,))
    expected = 9 * nn.KLDivLoss(reduction="batchmean")(F.log_softmax(z / 3, 1), F.softmax(v / 3, 1))
    torch.testing.assert_close(kd.distillation_loss(z, v, labels, T=3, alpha=1), expected)
    hard = kd.distillation_loss(z, v, labels, T=3, alpha=0)
    torch.testing.assert_close(hard, nn.CrossEntropyLoss()(z, labels))
