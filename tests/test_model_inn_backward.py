"""INN: the reversible backward gives the gradients of plain autograd, however people train."""

from __future__ import annotations

import os
import shutil
import sysconfig
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn

from reference_models.inn import HiNet
from reference_models.invertible import Additive, Affine, Dense
from reference_models.metrics import relative

if TYPE_CHECKING:
    from collections.abc import Iterator

EXACT = 1e-10  # relative L2 in double precision
HAS_COMPILER = any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "clang++"))
HAS_HEADERS = Path(sysconfig.get_path("include"), "Python.h").exists()


@pytest.fixture
def net() -> HiNet:
    return small(depth=3)


def small(depth: int) -> HiNet:
    """In double precision, its last convolutions away from zero."""
    torch.manual_seed(0)
    net = HiNet(depth, growth=8).double()
    for module in net.modules():
        if isinstance(module, Dense):
            for parameter in module.layers[-1].parameters():
                nn.init.normal_(parameter, std=0.05)
    return net


def wavelets(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Four images' bands of cover and of secret."""
    x1, x2 = torch.randn(2, 4, 12, 8, 8, generator=torch.Generator().manual_seed(1)).to(dtype).requires_grad_().unbind()
    return x1.detach().requires_grad_(), x2.detach().requires_grad_()


def loss(net: nn.Module, x1: Tensor, x2: Tensor, *, inverse: bool = False) -> Tensor:
    """Of all three outputs, and the sum of what it is for each image."""
    y1, y2, log_det = net(x1, x2, inverse=inverse)
    of_all: Tensor = y1.square().sum() + y2.sin().sum() + log_det.square().sum()
    return of_all


def wanted(net: HiNet, *inputs: Tensor) -> list[Tensor]:
    return [each for each in (*inputs, *net.parameters()) if each.requires_grad]


def in_a_row(tensors: Any) -> Tensor:  # noqa: ANN401 - a tuple or a list of tensors
    return torch.cat([each.detach().flatten() for each in tensors])


def plain_gradients(net: HiNet, x1: Tensor, x2: Tensor, *, inverse: bool = False) -> Tensor:
    net.reversible = False
    found = torch.autograd.grad(loss(net, x1, x2, inverse=inverse), wanted(net, x1, x2))
    net.reversible = True
    return in_a_row(found)


def subnets(net: HiNet) -> Iterator[tuple[nn.Module, str, nn.Module]]:
    """Each with what holds it, and its name there."""
    for coupling in net.couplings:
        for name, subnet in coupling.named_children():
            yield coupling, name, subnet


@pytest.mark.parametrize("inverse", [False, True])
def test_both_ways_and_by_both_of_torchs_functions(net: HiNet, inverse: bool) -> None:
    inputs = wavelets()
    expected = plain_gradients(net, *inputs, inverse=inverse)
    found = in_a_row(torch.autograd.grad(loss(net, *inputs, inverse=inverse), wanted(net, *inputs)))
    torch.autograd.backward(loss(net, *inputs, inverse=inverse))
    assert relative(found, expected) < EXACT
    assert torch.equal(found, in_a_row(each.grad for each in wanted(net, *inputs)))


@pytest.mark.parametrize("needed", [(False, False), (True, False), (False, True)])
def test_inputs_that_need_no_gradient(net: HiNet, needed: tuple[bool, bool]) -> None:
    inputs = [each.requires_grad_(needs) for each, needs in zip(wavelets(), needed, strict=True)]
    found = torch.autograd.grad(loss(net, *inputs), wanted(net, *inputs))
    assert relative(in_a_row(found), plain_gradients(net, *inputs)) < EXACT


@pytest.mark.parametrize("frozen", ["weight", "phi", "couplings"])
def test_frozen_parameters(net: HiNet, frozen: str) -> None:
    """All convolutions' weights, whole subnets, and everything."""
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(frozen not in name.split("."))
    inputs = wavelets()
    found = torch.autograd.grad(loss(net, *inputs), wanted(net, *inputs))
    assert relative(in_a_row(found), plain_gradients(net, *inputs)) < EXACT
    torch.autograd.backward(loss(net, *inputs))
    assert [each.grad for each in net.parameters() if not each.requires_grad and each.grad is not None] == []


def test_only_one_output_that_matters(net: HiNet) -> None:
    """No gradient comes for the others."""
    inputs = wavelets()
    found = torch.autograd.grad(net(*inputs)[2].sum(), inputs)
    net.reversible = False
    assert relative(in_a_row(found), in_a_row(torch.autograd.grad(net(*inputs)[2].sum(), inputs))) < EXACT


def test_autocast_lowers_the_precision_of_the_recomputation_too(net: HiNet) -> None:
    seen: list[torch.dtype] = []
    inputs, net = wavelets(torch.float32), net.float()
    for _, _, subnet in subnets(net):
        subnet.register_forward_hook(lambda _module, _inputs, out: seen.append(out.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        out = loss(net, *inputs)
    found = in_a_row(torch.autograd.grad(out, wanted(net, *inputs)))
    assert seen == [torch.bfloat16] * (2 * 3 * 3)  # twice, blocks, subnets
    with torch.autocast("cpu", torch.bfloat16):
        expected = plain_gradients(net, *inputs)
    assert relative(found, expected) < 1e-3
    assert relative(plain_gradients(net, *inputs), expected) > 1e-3


def test_channels_last_stays_so_in_the_recomputation(net: HiNet) -> None:
    seen: list[bool] = []
    expected, format_ = plain_gradients(net, *wavelets()), torch.channels_last
    for _, _, subnet in subnets(net):
        subnet.register_forward_pre_hook(
            lambda _module, inputs: seen.append(inputs[0].is_contiguous(memory_format=format_))
        )
    inputs = [each.detach().contiguous(memory_format=format_).requires_grad_() for each in wavelets()]
    net.to(memory_format=format_)  # type: ignore[call-overload]  # torch annotates it not
    found = torch.autograd.grad(loss(net, *inputs), wanted(net, *inputs))
    assert relative(in_a_row(found), expected) < EXACT
    assert seen == [True] * (2 * 3 * 3)


def test_gradients_that_are_switched_off_and_on(net: HiNet) -> None:
    inputs = wavelets()
    with torch.no_grad():
        assert not loss(net, *inputs).requires_grad
        with torch.enable_grad():
            out = loss(net, *inputs)
        found = torch.autograd.grad(out, wanted(net, *inputs))
    assert relative(in_a_row(found), plain_gradients(net, *inputs)) < EXACT
    with torch.inference_mode():
        torch.testing.assert_close(loss(net, *inputs), out)


def test_a_second_backward(net: HiNet) -> None:
    inputs = wavelets()
    out = loss(net, *inputs)
    first, again = (in_a_row(torch.autograd.grad(out, inputs, retain_graph=keep)) for keep in (True, False))
    assert torch.equal(first, again)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        torch.autograd.backward(out)


def test_a_gradient_of_the_gradient_is_refused(net: HiNet) -> None:
    inputs = wavelets()
    [of_x1] = torch.autograd.grad(loss(net, *inputs), inputs[:1], create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        torch.autograd.backward(of_x1.sum())


def test_weights_changed_before_the_backward(net: HiNet) -> None:
    """The recomputation would take the new ones."""
    out = loss(net, *wavelets())
    with torch.no_grad():
        next(net.parameters()).mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        torch.autograd.backward(out)


def test_couplings_that_share_their_weights() -> None:
    net = small(depth=1)
    affine = net.couplings[1]
    assert isinstance(affine, Affine)
    net.couplings.extend([Additive(affine.eta), affine])
    inputs = wavelets()
    found = torch.autograd.grad(loss(net, *inputs), wanted(net, *inputs))
    assert relative(in_a_row(found), plain_gradients(net, *inputs)) < EXACT


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # inductor's own use of it
@pytest.mark.skipif(not hasattr(torch, "compile"), reason="torch.compile came with 2.0")
@pytest.mark.parametrize(
    "backend",
    [
        "aot_eager",
        pytest.param(
            "inductor",
            marks=pytest.mark.skipif(not HAS_COMPILER or not HAS_HEADERS, reason="no C++ compiler, or no Python.h"),
        ),
    ],
)
def test_compiled_subnets(backend: str) -> None:
    net, inputs = small(depth=1), wavelets()
    expected = plain_gradients(net, *inputs)
    for coupling, name, subnet in list(subnets(net)):
        setattr(coupling, name, torch.compile(subnet, backend=backend))
    found = torch.autograd.grad(loss(net, *inputs), wanted(net, *inputs))
    assert relative(in_a_row(found), expected) < EXACT


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch is built without torch.distributed")
def test_two_ranks_have_the_gradients_of_the_whole_batch(tmp_path: Path) -> None:
    spawn(train_a_half, (tmp_path,), nprocs=2)  # type: ignore[no-untyped-call]  # torch's own
    net = small(depth=3)
    inputs = [each.detach() for each in wavelets()]
    expected = plain_gradients(net, *inputs) / 2  # the mean of what the ranks find
    for rank in range(2):
        assert relative(torch.load(tmp_path / f"{rank}.pt"), expected) < EXACT


def train_a_half(rank: int, folder: Path) -> None:
    """One of two ranks, with two of the four images: leaves its gradients in the folder."""
    where = (folder / "meeting").as_uri()
    torch.distributed.init_process_group("gloo", where, timedelta(minutes=1), world_size=2, rank=rank)
    net = nn.parallel.DistributedDataParallel(small(depth=3))
    torch.autograd.backward(loss(net, *(each[2 * rank :][:2] for each in wavelets())))
    torch.save(in_a_row(each.grad for each in net.parameters()), folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()
