"""HiNet's blocks, forward and backward: by plain autograd, reversibly, by torch's checkpoint, memcnn and FrEIA.

All share one set of weights, so they compute the same and differ in nothing but how.
"""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING

import torch
from FrEIA.framework import SequenceINN
from FrEIA.modules import RNVPCouplingBlock
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from model_rivals.contest import Contest, must_agree
from reference_models.contract import Check
from reference_models.inn import HiNet
from reference_models.invertible import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from model_rivals.contest import Outcome, Way

    Net = Callable[[Tensor, Tensor], tuple[Tensor, ...]]

warnings.filterwarnings("ignore", module="memcnn")  # of what torch has renamed since
import memcnn  # noqa: E402 - once its warnings are off

DEPTHS = 4, 8, 16
PAIRS, SIDE = 12, 32  # images at a time, and the side of their wavelets: photographs of 64 by 64
TITLE = "INN, forward and backward, depth {}"
PLAIN, OURS = "plain autograd", "ours, reversible"
MOST_TIME, MOST_GROWTH = 1.40, 1.2


def contests(device: torch.device) -> Iterator[Contest]:
    for depth in DEPTHS:
        yield Contest(TITLE.format(depth), _ways(depth, device))


def bars(outcomes: Mapping[str, Outcome]) -> Iterator[Check]:
    for depth in (8, 16):
        measured = outcomes[TITLE.format(depth)].ratio(OURS, PLAIN).median
        yield Check(f"INN, reversible against plain, depth {depth}", measured, MOST_TIME, "times the time")
    small, _, large = (outcomes[TITLE.format(depth)].peaks[OURS] for depth in DEPTHS)
    yield Check("INN, reversible, depth 16 against 4", large / small, MOST_GROWTH, "times the peak memory")


def _ways(depth: int, device: torch.device) -> dict[str, Way]:
    net = _away_from_the_identity(HiNet(depth)).to(device)
    plain = HiNet(depth, reversible=False)
    plain.couplings = net.couplings
    pairs = list(zip(net.couplings[::2], net.couplings[1::2], strict=True))
    nets: dict[str, Net] = {
        PLAIN: plain,
        OURS: net,
        "torch.utils.checkpoint": _in_turn([functools.partial(_checkpointed, Block(*pair)) for pair in pairs]),
        "memcnn": _in_turn(
            # The first one's input is not its own to throw away.
            [memcnn.InvertibleModuleWrapper(Block(*pair), keep_input=pair is pairs[0]) for pair in pairs]
        ),
        "FrEIA": ByFrEIA(pairs).to(device),
    }
    x1, x2 = torch.randn(2, PAIRS, 12, SIDE, SIDE, device=device)
    steps = {name: functools.partial(_step, each, list(net.parameters()), x1, x2) for name, each in nets.items()}
    must_agree(TITLE.format(depth), {name: step(kept=True) for name, step in steps.items()})
    return dict(steps)


def _step(net: Net, weights: Sequence[nn.Parameter], x1: Tensor, x2: Tensor, *, kept: bool = False) -> Tensor:
    """Gradients of all weights, dropped as an optimiser's zero_grad does; if kept, they come back in one row."""
    y1, y2, *_ = net(x1, x2)
    torch.autograd.backward(y1.square().sum() + y2.square().sum())
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    for weight in weights:
        weight.grad = None
    return torch.cat([each.flatten() for each in gradients]) if kept else gradients[0]


def _away_from_the_identity(net: HiNet) -> HiNet:
    for parameter in net.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.01)
    return net


class Block(nn.Module):
    """Two couplings as one module, with the inverse that memcnn asks for."""

    def __init__(self, additive: nn.Module, affine: nn.Module) -> None:
        super().__init__()
        self.couplings = nn.ModuleList((additive, affine))

    def forward(self, x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
        return run(self.couplings, x1, x2, inverse=False)[:2]

    def inverse(self, y1: Tensor, y2: Tensor) -> tuple[Tensor, Tensor]:
        return run(self.couplings, y1, y2, inverse=True)[:2]


def _in_turn(blocks: Sequence[Net]) -> Net:
    def through(x1: Tensor, x2: Tensor) -> tuple[Tensor, ...]:
        for block in blocks:
            x1, x2 = block(x1, x2)
        return x1, x2

    return through


def _checkpointed(block: Block, x1: Tensor, x2: Tensor) -> tuple[Tensor, ...]:
    halves: tuple[Tensor, ...] = checkpoint(block, x1, x2, use_reentrant=False)
    return halves


class ByFrEIA(nn.Module):
    """FrEIA's RealNVP blocks, of two affine couplings: HiNet's where the first one's s is zero."""

    def __init__(self, pairs: Sequence[tuple[nn.Module, ...]]) -> None:
        super().__init__()
        self.blocks = SequenceINN(24, SIDE, SIDE)
        for additive, affine in pairs:
            subnets = iter((affine.rho, affine.eta, Zero(), additive.phi))  # s1, t1 change x2, and s2, t2 x1
            self.blocks.append(
                RNVPCouplingBlock,
                subnet_constructor=lambda *_, subnets=subnets: next(subnets),
                clamp=2.0,
                clamp_activation="SIGMOID",
            )

    def forward(self, x1: Tensor, x2: Tensor) -> tuple[Tensor, ...]:
        halves: tuple[Tensor, ...] = self.blocks(torch.cat((x1, x2), dim=1))[0].chunk(2, dim=1)
        return halves


class Zero(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 1, 1): it costs nothing."""
        return x.new_zeros(len(x), 1, 1, 1)
