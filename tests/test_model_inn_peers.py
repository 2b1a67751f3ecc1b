"""INN: what PyWavelets, FrEIA and memcnn compute is what it computes."""

from __future__ import annotations

import numpy as np
import pytest
import pywt
import torch
from FrEIA.modules import GLOWCouplingBlock
from torch import Tensor, nn

from reference_models import invertible
from reference_models.data import photographs

CLAMP, EXACT = 1.5, 1e-12


def test_the_transform_is_that_of_pywavelets() -> None:
    image = photographs("coffee").double()
    ours = invertible.DWT()(image)[0].numpy()
    (ca, (ch, cv, cd)) = pywt.dwt2(image[0].numpy(), "haar")
    np.testing.assert_allclose(ours, np.concatenate([ca, -cv, -ch, cd]), atol=1e-14)


class Joined(nn.Module):
    """FrEIA asks one network for s and t."""

    def __init__(self, affine: invertible.Affine) -> None:
        super().__init__()
        self.affine = affine

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.affine.rho(x), self.affine.eta(x)), dim=1)


@pytest.fixture
def couplings() -> list[invertible.Affine]:
    """Two affine ones: the first changes x1, the second x2."""
    torch.manual_seed(0)
    subnets = (nn.Conv2d(12, 12, 3, padding=1).double() for _ in range(4))
    return [invertible.Affine(rho, eta, CLAMP) for rho, eta in zip(subnets, subnets, strict=True)]


@pytest.fixture
def freia(couplings: list[invertible.Affine]) -> GLOWCouplingBlock:
    in_its_order = iter(couplings[::-1])
    return GLOWCouplingBlock(
        [(24, 8, 8)], subnet_constructor=lambda *_: Joined(next(in_its_order)), clamp=CLAMP, clamp_activation="SIGMOID"
    )


@pytest.mark.parametrize("inverse", [False, True])
def test_a_coupling_is_that_of_freia(
    couplings: list[invertible.Affine], freia: GLOWCouplingBlock, inverse: bool
) -> None:
    x = torch.randn(2, 24, 8, 8, dtype=torch.float64)
    [expected], expected_log_det = freia([x], rev=inverse)
    y1, y2, log_det = invertible.run(couplings, *x.chunk(2, dim=1), inverse=inverse)
    torch.testing.assert_close(torch.cat((y1, y2), dim=1), expected, rtol=EXACT, atol=EXACT)
    torch.testing.assert_close(log_det, expected_log_det, rtol=EXACT, atol=EXACT)
    assert log_det.abs().min() > 1


@pytest.mark.parametrize("inverse", [False, True])
def test_the_reversible_gradients_are_those_of_freia(
    couplings: list[invertible.Affine], freia: GLOWCouplingBlock, inverse: bool
) -> None:
    x = torch.randn(2, 24, 8, 8, dtype=torch.float64, requires_grad=True)
    weights = [parameter for coupling in couplings for parameter in coupling.parameters()]
    [out], log_det = freia([x], rev=inverse)
    expected = torch.autograd.grad(out.sin().sum() + log_det.square().sum(), (x, *weights))
    y1, y2, ours = invertible.reversible(couplings, *x.chunk(2, dim=1), inverse=inverse)
    found = torch.autograd.grad(y1.sin().sum() + y2.sin().sum() + ours.square().sum(), (x, *weights))
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # memcnn's own use of torch.cuda.amp
def test_gradients_are_those_of_memcnn() -> None:
    import memcnn  # noqa: PLC0415 - it warns as it is imported

    torch.manual_seed(0)
    f, g = (nn.Conv2d(12, 12, 3, padding=1).double() for _ in range(2))
    peer = memcnn.InvertibleModuleWrapper(memcnn.AdditiveCoupling(f, g), keep_input=True)
    x = torch.randn(2, 24, 8, 8, dtype=torch.float64)
    theirs = x.clone().requires_grad_()
    torch.autograd.backward(peer(theirs.clone()).square().sum())  # of a leaf it gives the gradient twice
    expected = [theirs.grad, f.weight.grad, g.weight.grad]
    couplings = [invertible.Additive(f), invertible.Additive(g)]
    x1, x2 = (each.clone().requires_grad_() for each in x.chunk(2, dim=1))
    y1, y2, _ = invertible.reversible(couplings, x1, x2, inverse=False)
    loss = y1.square().sum() + y2.square().sum()
    of_x1, of_x2, *found = torch.autograd.grad(loss, (x1, x2, f.weight, g.weight))
    torch.testing.assert_close([torch.cat((of_x1, of_x2), dim=1), *found], expected, rtol=1e-10, atol=1e-10)
