"""LoRA: each check fails where the method is done wrong in a way that people do it wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

from reference_models import adapted, digits_vit, lora
from reference_models.contract import QUICK, USUAL, Budget, Check
from reference_models.metrics import relative

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    CheckFunction = Callable[[torch.device, Budget], Iterator[Check]]

CPU = torch.device("cpu")


def failures(function: CheckFunction, budget: Budget = QUICK) -> list[str]:
    torch.manual_seed(budget.seed)
    return [check.name for check in function(CPU, budget) if not check.passed]


def start(self: lora.LowRank, of_a: Callable[[Tensor], Tensor], of_b: Callable[[Tensor], Tensor]) -> None:
    with torch.no_grad():
        of_a(self.A)
        of_b(self.B)


def begun_with(of_a: Callable[[Tensor], Tensor], of_b: Callable[[Tensor], Tensor]) -> Callable[..., None]:
    right = lora.LowRank.__init__

    def init(self: lora.LowRank, *arguments: object) -> None:
        right(self, *arguments)  # type: ignore[arg-type]
        start(self, of_a, of_b)

    return init


def no_scale(self: lora.LowRank, x: Tensor, h: Tensor) -> Tensor:
    return h + F.linear(F.linear(x, self.A), self.wide_B())


def subtracting(model: nn.Module) -> None:
    for layer in adapted.layers(model).values():
        change = layer.lora["default"].change()
        layer.W0.data = (layer.W0.data + change) - change
    adapted.unmerge(model)


def merging_train(self: nn.Module, mode: bool = True) -> nn.Module:
    self.training = mode
    if not mode:
        adapted.merge(self)
    return self


MUTANTS = {
    "A and B both zero": (
        lora.LowRank,
        "__init__",
        begun_with(nn.init.zeros_, nn.init.zeros_),
        lora.starts_at_the_base,
    ),
    "A and B both random": (
        lora.LowRank,
        "__init__",
        begun_with(nn.init.normal_, nn.init.normal_),
        lora.starts_at_the_base,
    ),
    "forward without the scale": (lora.LowRank, "forward", no_scale, lora.gradients),
    "all weights are trained": (lora, "only_lora_trainable", lambda _: None, lora.gradients),
    "merged without the scale": (lora.LowRank, "change", lambda self: self.wide_B() @ self.A, lora.merging),
    "W0 by subtraction": (lora, "unmerge", subtracting, lora.merging),
    "eval() merges": (lora.LoRALinear, "train", merging_train, lora.merging),
    "a switch that does not": (lora, "switch", lambda *_: None, lora.switching),
    "a file that is not loaded": (lora, "load", lambda *_: None, lora.switching),
    "the whole model in the file": (lora, "adapters", lambda model: model.state_dict(), lora.sizes),
    "nothing frozen": (lora, "only_lora_trainable", lambda _: None, lora.sizes),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_implementation_fails(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, attribute, wrong, function = MUTANTS[name]
    assert failures(function) == []
    monkeypatch.setattr(place, attribute, wrong)
    assert failures(function)


@pytest.mark.slow
def test_an_adapter_that_learns_nothing_fails_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    digits_vit.turned.cache_clear()
    monkeypatch.setattr(lora.LowRank, "forward", lambda self, x, h: h + 0 * F.linear(x, self.change()))
    monkeypatch.setattr(lora.LowRank, "change", lambda self: 0 * (self.wide_B() @ self.A))
    assert failures(lora.turned_digits, USUAL)
    digits_vit.turned.cache_clear()


def test_a_rank_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="takes no adapter of rank 0"):
        lora.inject(nn.Sequential(nn.Linear(4, 4)), ["0"], r=0)


def test_the_scale_of_a_large_rank() -> None:
    model = nn.Sequential(nn.Linear(4, 4))
    lora.inject(model, ["0"], r=4, alpha=8, rank_stabilised=True)
    assert adapted.layers(model)["0"].lora["default"].scale == 4  # 8 / sqrt(4), arXiv:2312.03732


@pytest.mark.parametrize("shape", [(6,), (0, 6), (2, 6), (2, 0, 6), (2, 3, 6)])
def test_inputs_of_any_shape(shape: tuple[int, ...]) -> None:
    layer = nn.Linear(6, 4)
    lora.inject(layer, lambda *_: True, r=2)
    nn.init.normal_(adapted.layers(layer)[""].lora["default"].B)
    x = torch.randn(shape, requires_grad=True)
    torch.testing.assert_close(layer(x), F.linear(x, layer.weight, layer.bias))
    torch.autograd.backward(layer(x).sum())
    assert x.grad is not None


def test_autocast_lowers_both_paths_and_their_gradients() -> None:
    layer = nn.Linear(64, 32)
    lora.inject(layer, lambda *_: True, r=2)
    adapter = adapted.layers(layer)[""].lora["default"]
    nn.init.normal_(adapter.B)
    x = torch.randn(8, 64)
    with torch.autocast("cpu", torch.bfloat16):
        h = layer(x)
    assert h.dtype == torch.bfloat16
    assert relative(h, layer(x)) < 1.5e-2
    of_b, expected = (torch.autograd.grad(each.float().square().sum(), adapter.B)[0] for each in (h, layer(x)))
    assert of_b.dtype == torch.float32
    assert relative(of_b, expected) < 3e-2
