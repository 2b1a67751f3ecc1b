"""INN: each check fails where the method is done wrong in a way that people do it wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor, nn

from reference_models import hiding, inn, invertible
from reference_models.contract import QUICK, USUAL, Budget, Check
from reference_models.data import photographs
from reference_models.inn import HiNet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    CheckFunction = Callable[[torch.device, Budget], Iterator[Check]]

CPU = torch.device("cpu")


def failures(function: CheckFunction, budget: Budget = QUICK) -> list[str]:
    torch.manual_seed(budget.seed)
    return [check.name for check in function(CPU, budget) if not check.passed]


def swapped(v: Tensor, s: Tensor, t: Tensor, *, inverse: bool) -> tuple[Tensor, Tensor]:
    """Adds before it multiplies, on the way there alone."""
    log_det = s.flatten(1).sum(dim=1)
    return ((v - t) * torch.exp(-s), -log_det) if inverse else (torch.exp(s) * (v + t), log_det)


def mean_log_det(v: Tensor, s: Tensor, t: Tensor, *, inverse: bool) -> tuple[Tensor, Tensor]:
    log_det = s.flatten(1).mean(dim=1)
    return ((v - t) * torch.exp(-s), -log_det) if inverse else (torch.exp(s) * v + t, log_det)


def unclamped(self: invertible.Affine, y1: Tensor) -> tuple[Tensor, Tensor]:
    return self.rho(y1), self.eta(y1)


def clamp_forgotten_on_the_way_back(
    couplings: Iterable[nn.Module], x1: Tensor, x2: Tensor, *, inverse: bool
) -> tuple[Tensor, Tensor, Tensor]:
    halves, log_det = [x1, x2], x1.new_zeros(len(x1))
    for changed, coupling in invertible.ordered(couplings, inverse=inverse):
        s, t = coupling(halves[1 - changed])
        if inverse and isinstance(coupling, invertible.Affine):
            s = coupling.rho(halves[1 - changed])
        halves[changed], more = invertible.couple(halves[changed], s, t, inverse=inverse)
        log_det = log_det + more
    return halves[0], halves[1], log_det


def forward_with_wrong_backward(
    self: HiNet, x1: Tensor, x2: Tensor, *, inverse: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    y1, y2, log_det = invertible.run(self.couplings, x1, x2, inverse=inverse)
    return (Doubled.apply(y1) if self.reversible else y1), y2, log_det  # type: ignore[no-untyped-call]


def forward_with_weights_in_the_order_of_the_way(
    self: HiNet, x1: Tensor, x2: Tensor, *, inverse: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Where their gradients come in the order of the couplings."""
    if not self.reversible:
        return invertible.run(self.couplings, x1, x2, inverse=inverse)
    couplings = list(self.couplings)[::-1] if inverse else self.couplings
    weights = [parameter for coupling in couplings for parameter in invertible.trained(coupling)]
    y1, y2, log_det = invertible.Reversible.apply(self.couplings, inverse, x1, x2, *weights)  # type: ignore[no-untyped-call]
    return y1, y2, log_det


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(_ctx: object, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(_ctx: object, gradient: Tensor) -> Tensor:
        return 2 * gradient


def undone_with_the_graph_kept(
    coupling: nn.Module, out: Tensor, kept: Tensor, of_out: Tensor, of_log_det: Tensor, *, inverse: bool
) -> tuple[Any, ...]:
    """The inverse tracked by autograd: each coupling's then hangs on that of all others."""
    with torch.enable_grad():
        s, t = coupling(kept)
        tracked, _ = invertible.couple(out, s, t, inverse=not inverse)
    return (tracked, *RIGHT_UNDONE(coupling, out, kept, of_out, of_log_det, inverse=inverse)[1:])


RIGHT_UNDONE = invertible.undone
RIGHT_UNHAAR = invertible.unhaar
MUTANTS = {
    "a DWT that is not halved": (
        invertible,
        "haar",
        lambda a, b, c, d: (a + b + c + d, c + d - a - b, b + d - a - c, a + d - b - c),
        inn.transform,
    ),
    "bands exchanged on the way back": (
        invertible,
        "unhaar",
        lambda ll, hl, lh, hh: RIGHT_UNHAAR(ll, lh, hl, hh),
        inn.transform,
    ),
    "add and multiply exchanged": (invertible, "couple", swapped, inn.round_trip),
    "the mean of s for its sum": (invertible, "couple", mean_log_det, inn.log_determinant),
    "no clamp": (invertible.Affine, "forward", unclamped, inn.clamp),
    "a clamp forgotten on the way back": (invertible, "run", clamp_forgotten_on_the_way_back, inn.round_trip),
    "a gradient twice as large": (
        HiNet,
        "forward",
        forward_with_wrong_backward,
        inn.reversible_gradients,
    ),
    "gradients of the way back to other couplings' weights": (
        HiNet,
        "forward",
        forward_with_weights_in_the_order_of_the_way,
        inn.reversible_gradients,
    ),
    "plain autograd in place of the reversible": (
        HiNet,
        "forward",
        lambda self, x1, x2, inverse=False: invertible.run(self.couplings, x1, x2, inverse=inverse),
        inn.memory,
    ),
    "a backward that keeps its graphs": (invertible, "undone", undone_with_the_graph_kept, inn.memory),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_implementation_fails(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, attribute, wrong, function = MUTANTS[name]
    assert failures(function) == []
    monkeypatch.setattr(place, attribute, wrong)
    assert failures(function)


@pytest.mark.slow
def test_a_net_that_is_not_trained_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    hiding.hidden.cache_clear()
    monkeypatch.setattr(hiding, "_train", lambda *_: (0.0,))
    assert any(name.startswith("secret") for name in failures(inn.hiding, USUAL))
    hiding.hidden.cache_clear()


def test_the_published_size() -> None:
    assert sum(each.numel() for each in HiNet().parameters()) == 4_050_240


def test_the_start_is_the_identity() -> None:
    cover, secret = photographs("astronaut", "chelsea").unsqueeze(1)
    torch.testing.assert_close(HiNet(2).hide(cover, secret)[0], cover)


def test_an_odd_image_is_refused() -> None:
    with pytest.raises(ValueError, match="15 by 16 pixels: both must be even"):
        invertible.DWT()(torch.zeros(1, 3, 15, 16))
