"""What an invertible network is made of: Haar's wavelets, couplings, and a backward that stores no activations."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager


def haar(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> tuple[Tensor, ...]:
    """LL, HL, LH, HH of pixels (upper left, lower left, upper right, lower right)."""
    return (a + b + c + d) / 2, (c + d - a - b) / 2, (b + d - a - c) / 2, (a + d - b - c) / 2


def unhaar(ll: Tensor, hl: Tensor, lh: Tensor, hh: Tensor) -> tuple[Tensor, ...]:
    """The pixels again: the matrix of `haar` is orthogonal, and this is its transpose."""
    return (ll - hl - lh + hh) / 2, (ll - hl + lh - hh) / 2, (ll + hl - lh - hh) / 2, (ll + hl + lh + hh) / 2


class DWT(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        """image (N, C, 2H, 2W) -> (N, 4C, H, W), band by band."""
        if image.shape[-2] % 2 or image.shape[-1] % 2:
            raise ValueError(f"an image of {image.shape[-2]} by {image.shape[-1]} pixels: both must be even")
        columns = image[..., 0::2], image[..., 1::2]
        return torch.cat(haar(*(each[..., row::2, :] for each in columns for row in (0, 1))), dim=1)


class IWT(nn.Module):
    def forward(self, bands: Tensor) -> Tensor:
        """bands (N, 4C, H, W) -> (N, C, 2H, 2W)."""
        a, b, c, d = unhaar(*bands.chunk(4, dim=1))
        left, right = torch.stack((a, b), dim=-2).flatten(-3, -2), torch.stack((c, d), dim=-2).flatten(-3, -2)  # 2H, W
        return torch.stack((left, right), dim=-1).flatten(-2)


class Dense(nn.Module):
    """Convolutions, each of which sees the input and the output of all before it. It starts as zero."""

    def __init__(self, channels: int, growth: int, convolutions: int) -> None:
        super().__init__()
        before = [channels + each * growth for each in range(convolutions)]
        after = [growth] * (convolutions - 1) + [channels]
        self.layers = nn.ModuleList(nn.Conv2d(*sizes, kernel_size=3, padding=1) for sizes in zip(before, after))
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.01)
        for parameter in self.layers[-1].parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        *early, last = self.layers
        for layer in early:
            x = torch.cat((x, F.leaky_relu(layer(x), 0.01)), dim=1)
        out: Tensor = last(x)
        return out


class Additive(nn.Module):
    """What x2 does to x1."""

    def __init__(self, phi: nn.Module) -> None:
        super().__init__()
        self.phi = phi

    def forward(self, x2: Tensor) -> tuple[Tensor, Tensor]:
        """s (N, 1, 1, 1), which is 0, and t (N, C, H, W)."""
        return x2.new_zeros(len(x2), 1, 1, 1), self.phi(x2).to(x2.dtype)


class Affine(nn.Module):
    """What y1 does to x2."""

    def __init__(self, rho: nn.Module, eta: nn.Module, c: float) -> None:
        super().__init__()
        self.rho, self.eta, self.c = rho, eta, c

    def forward(self, y1: Tensor) -> tuple[Tensor, Tensor]:
        """s and t (N, C, H, W), in the precision of y1 also where autocast lowers that of rho and eta."""
        return 2 * self.c * (torch.sigmoid(self.rho(y1).to(y1.dtype)) - 0.5), self.eta(y1).to(y1.dtype)


def couple(v: Tensor, s: Tensor, t: Tensor, *, inverse: bool) -> tuple[Tensor, Tensor]:
    """exp(s) * v + t or the way back, and the logarithm of its determinant (N,)."""
    log_det = s.flatten(1).sum(dim=1)
    return ((v - t) * torch.exp(-s), -log_det) if inverse else (torch.exp(s) * v + t, log_det)


def couple_backward(
    v: Tensor, s: Tensor, t: Tensor, of_out: Tensor, of_log_det: Tensor, *, inverse: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of v, s and t, from those of what `couple` makes of them."""
    of_log_det = of_log_det.reshape(-1, 1, 1, 1)
    if inverse:
        of_v = of_out * torch.exp(-s)
        return of_v, -of_v * (v - t) - of_log_det, -of_v
    of_v = of_out * torch.exp(s)
    return of_v, of_v * v + of_log_det, of_out


def run(couplings: Iterable[nn.Module], x1: Tensor, x2: Tensor, *, inverse: bool) -> tuple[Tensor, Tensor, Tensor]:
    """y1, y2 and the log-determinant; inverse: x1, x2 and theirs, of y1 and y2."""
    halves, log_det = [x1, x2], x1.new_zeros(len(x1))
    for changed, coupling in ordered(couplings, inverse=inverse):
        s, t = coupling(halves[1 - changed])
        halves[changed], more = couple(halves[changed], s, t, inverse=inverse)
        log_det = log_det + more
    return halves[0], halves[1], log_det


def ordered(couplings: Iterable[nn.Module], *, inverse: bool) -> list[tuple[int, nn.Module]]:
    """Which half each coupling changes: x1 the additive ones, x2 the affine ones."""
    pairs = [(place % 2, coupling) for place, coupling in enumerate(couplings)]
    return pairs[::-1] if inverse else pairs


def reversible(
    couplings: Iterable[nn.Module], x1: Tensor, x2: Tensor, *, inverse: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """`run`, but with a backward that needs no stored activations."""
    weights = [weight for coupling in couplings for weight in trained(coupling)]
    y1, y2, log_det = Reversible.apply(couplings, inverse, x1, x2, *weights)  # type: ignore[no-untyped-call]
    return y1, y2, log_det


def trained(coupling: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in coupling.parameters() if parameter.requires_grad]


class Reversible(torch.autograd.Function):
    """Keeps the output and no more, so memory does not grow with depth, for 4/3 of the time.

    From the last coupling to the first, backward computes s and t anew, once: to undo the coupling, which gives its input,
    and for the gradient. Gomez et al. 2017, The Reversible Residual Network.
    """

    @staticmethod
    def forward(ctx: Any, couplings: Iterable[nn.Module], inverse: bool, *tensors: Tensor) -> tuple[Tensor, ...]:  # noqa: ANN401 - torch's own
        x1, x2, *weights = tensors
        ctx.couplings, ctx.inverse, ctx.autocast = couplings, inverse, autocast_in_force(x1.device.type)
        with ctx.autocast:
            y1, y2, log_det = run(couplings, x1, x2, inverse=inverse)
        ctx.save_for_backward(y1, y2, *weights)  # the weights so that a change of them before backward is an error
        return y1, y2, log_det

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:  # noqa: ANN401 - torch's own
        # Detached, for with create_graph they have a graph of their own, which is not to be followed here.
        *of_halves, of_log_det = (each.detach() for each in gradients)
        halves, of_weights = list(ctx.saved_tensors[:2]), []
        for changed, coupling in ordered(ctx.couplings, inverse=not ctx.inverse):
            half, kept, of_half = halves[changed], halves[1 - changed], of_halves[changed]
            with ctx.autocast:
                step = undone(coupling, half, kept, of_half, of_log_det, inverse=ctx.inverse)
            halves[changed], of_halves[changed], of_kept, of_these = step
            of_halves[1 - changed] = of_halves[1 - changed] + of_kept
            of_weights.append(of_these)
        in_order = of_weights if ctx.inverse else of_weights[::-1]
        return (None, None, *of_halves, *(each for these in in_order for each in these))


def undone(
    coupling: nn.Module, out: Tensor, kept: Tensor, of_out: Tensor, of_log_det: Tensor, *, inverse: bool
) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    """What the coupling made `out` of, and the gradients: of that, of the half it kept, and of its weights.

    All that this keeps for autograd goes when it returns: one coupling's activations are the most there ever are.
    """
    kept = kept.detach().requires_grad_()
    with torch.enable_grad():
        s, t = coupling(kept)
    changed, _ = couple(out, s, t, inverse=not inverse)
    of_changed, of_s, of_t = couple_backward(changed, s, t, of_out, of_log_det, inverse=inverse)
    outputs, of_outputs = ((s, t), (of_s, of_t)) if s.requires_grad else ((t,), (of_t,))
    of_kept, *of_weights = torch.autograd.grad(outputs, (kept, *trained(coupling)), of_outputs)
    return changed, of_changed, of_kept, of_weights


def autocast_in_force(kind: str) -> AbstractContextManager[Any]:
    """To be entered again. Without its cache: casts made without gradients must not serve where they are wanted."""
    if hasattr(torch, "get_autocast_dtype"):  # from torch 2.4 on
        return torch.autocast(
            kind, torch.get_autocast_dtype(kind), torch.is_autocast_enabled(kind), cache_enabled=False
        )
    if kind == "cuda":
        return torch.autocast(kind, torch.get_autocast_gpu_dtype(), torch.is_autocast_enabled(), cache_enabled=False)
    if kind == "cpu":
        return torch.autocast(
            kind, torch.get_autocast_cpu_dtype(), torch.is_autocast_cpu_enabled(), cache_enabled=False
        )
    return contextlib.nullcontext()
