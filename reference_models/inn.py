"""HiNet: Deep Image Hiding by Invertible Network. Jing et al., ICCV 2021.

A net hides one image in another. Run forwards, it turns a cover and a secret into a stego image, which looks like the
cover, and into what that lost. Run backwards, with noise z for the lost part, it gives the secret back. Both ways are one
function and its inverse, with the same weights: nothing is learnt twice, and nothing about the inverse is approximate.

    cover, secret (N, 3, 2H, 2W) -> Haar wavelets x1, x2 (N, 12, H, W) -> 16 blocks -> y1, y2 -> stego = IWT(y1), lost = y2

A block is an additive coupling and an affine one. Each changes one half by what it computes from the other half, which
stays; so the way back computes the same, and undoes it. phi, rho and eta may be any network: they are never inverted.

    y1 = x1 + phi(x2)                          x2 = (y2 - eta(y1)) * exp(-s)
    y2 = exp(s) * x2 + eta(y1)                 x1 = y1 - phi(x2)
    s = 2c (sigmoid(rho(y1)) - 1/2)            in [-c, c]: what grows by the forward way shrinks by the backward one

- Each coupling's Jacobian is triangular, so the logarithm of its determinant is the sum of s. Haar's is 0.
- Since inputs follow from outputs, training need not store them: see invertible.Reversible.
- Loss: the stego should look like the cover, most of all in its low frequencies, and the revealed secret like the secret.
- The last convolution of phi, rho and eta starts at zero: the net starts as the identity.

Left out: the authors' training of days on DIV2K (cover 48.99 dB, secret 52.86 dB in the paper). Subnets must not be random
(no dropout), for they are computed twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from reference_models import hiding as task
from reference_models.contract import Budget, Check, Curve, Demo, autocasts, computes, performed, tf32
from reference_models.invertible import DWT, IWT, Additive, Affine, Dense, reversible, run
from reference_models.metrics import relative
from reference_models.peak import peak_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator


class HiNet(nn.Module):
    """As published unless told otherwise: 16 blocks, 4,050,240 weights."""

    def __init__(
        self, depth: int = 16, growth: int = 32, convolutions: int = 5, c: float = 2.0, *, reversible: bool = True
    ) -> None:
        super().__init__()
        self.dwt, self.iwt, self.reversible = DWT(), IWT(), reversible

        def dense() -> Dense:
            return Dense(12, growth, convolutions)  # 3 colours in 4 bands

        blocks = ((Additive(dense()), Affine(dense(), dense(), c)) for _ in range(depth))
        self.couplings = nn.ModuleList(coupling for block in blocks for coupling in block)

    def hide(self, cover: Tensor, secret: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, 2H, 2W) both -> stego (N, 3, 2H, 2W) and lost (N, 12, H, W)."""
        y1, lost, _ = self(self.dwt(cover), self.dwt(secret))
        return self.iwt(y1), lost

    def reveal(self, stego: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """stego and z in place of lost -> cover and secret."""
        x1, x2, _ = self(self.dwt(stego), z, inverse=True)
        return self.iwt(x1), self.iwt(x2)

    def forward(self, x1: Tensor, x2: Tensor, *, inverse: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """Wavelets (N, 12, H, W) both -> the same of the other side, and the log-determinant (N,)."""
        way = reversible if self.reversible else run
        return way(self.couplings, x1, x2, inverse=inverse)


def transform(device: torch.device, _: Budget) -> Iterator[Check]:
    for dtype, limit in ((torch.float64, 1e-14), (torch.float32, 1e-6)):
        if computes(device, dtype):
            image = torch.rand(2, 3, 16, 24).to(device, dtype)
            bands = DWT()(image)
            yield Check(f"IWT of DWT, {dtype}", _apart(IWT()(bands), image), limit, "max abs error")
            kept = abs(bands.square().sum().item() / image.square().sum().item() - 1)
            yield Check(f"energy kept by the DWT, {dtype}", kept, 10 * limit, "relative change")
            mean = image.unfold(2, 2, 2).unfold(3, 2, 2).mean(dim=(-2, -1))  # (2, 3, 8, 12)
            yield Check(
                f"LL against twice the local means, {dtype}", _apart(bands[:, :3], 2 * mean), limit, "max abs error"
            )


def round_trip(device: torch.device, _: Budget) -> Iterator[Check]:
    """With weights away from the start, where the net is the identity and any inverse would do."""
    for dtype, limit in ((torch.float64, 1e-12), (torch.float32, 2e-4)):
        for depth in (4, 16):
            if computes(device, dtype):
                net, cover, secret = _moved(HiNet(depth, growth=8)).to(device, dtype), *_images(device, dtype)
                with torch.no_grad():
                    stego, lost = net.hide(cover, secret)
                    back = net.reveal(stego, lost)
                error = max(_apart(back[0], cover), _apart(back[1], secret))
                yield Check(f"round trip, {dtype}, depth {depth}", error, limit, "max abs error")
                if dtype is torch.float32:
                    yield Check(
                        f"what hiding changes, depth {depth}", relative(stego, cover), 0.01, "relative L2", "higher"
                    )


def log_determinant(device: torch.device, _: Budget) -> Iterator[Check]:
    """Against autograd's Jacobian of all 96 numbers."""
    for dtype, limit in ((torch.float64, 1e-10), (torch.float32, 5e-4)):
        if computes(device, dtype):
            net = _moved(HiNet(2, growth=8, reversible=False)).to(device, dtype)
            x = torch.randn(96).to(device, dtype)

            def whole(x: Tensor, net: HiNet = net) -> Tensor:
                return torch.cat([half.flatten() for half in net(*x.reshape(2, 1, 12, 2, 2))[:2]])

            jacobian = torch.autograd.functional.jacobian(whole, x).cpu().double()  # type: ignore[no-untyped-call]
            found = net(*x.reshape(2, 1, 12, 2, 2))[2].item()
            yield Check(f"log-determinant, {dtype}", abs(found - jacobian.slogdet()[1].item()), limit, "abs error")


def reversible_gradients(device: torch.device, _: Budget) -> Iterator[Check]:
    for dtype, limit in ((torch.float64, 1e-10), (torch.float32, 1e-4)):
        if computes(device, dtype):
            net, images = _moved(HiNet(4, growth=8)).to(device, dtype), _images(device, dtype, seed=1)
            yield Check(
                f"reversible gradients against plain, {dtype}", _against_plain(net, *images), limit, "relative L2"
            )


def clamp(device: torch.device, _: Budget) -> Iterator[Check]:
    """However large rho grows, s stays within c."""
    affine = Affine(Dense(12, 8, 5), Dense(12, 8, 5), c=2).to(device)
    for parameter in affine.rho.parameters():
        nn.init.normal_(parameter, std=100)
    s = affine(torch.randn(2, 12, 8, 8, device=device))[0]
    yield Check("largest s, c = 2", s.abs().max().item(), 2.0, "max abs value")
    yield Check("largest s, that the clamp is reached", s.abs().max().item(), 1.9, "max abs value", "higher")


def memory(device: torch.device, _: Budget) -> Iterator[Check]:
    """At the peak of forward and backward, the gradients of all weights included."""
    peak = {(depth, way): _peak(device, depth, way) for depth in (4, 16) for way in (True, False)}
    yield Check("peak memory at depth 16 against 4", peak[16, True] / peak[4, True], 1.2, "times the bytes")
    yield Check("the same, plain autograd", peak[16, False] / peak[4, False], None, "times the bytes")


def _peak(device: torch.device, depth: int, reversible: bool) -> int:
    """In bytes, of a net with few weights for the size of its images."""
    net = HiNet(depth, growth=4, convolutions=2, reversible=reversible).to(device)
    images, weights = _images(device, torch.float32, size=64), list(net.parameters())
    return peak_bytes(lambda: torch.autograd.grad(_loss(net, *images), weights))


def faster_arithmetic(device: torch.device, budget: Budget) -> Iterator[Check]:
    """What the lower precisions do, for whoever thinks of training in them: reported."""
    if not budget.training:
        return
    for dtype in (torch.bfloat16, torch.float16):
        if autocasts(device, dtype):
            with torch.autocast(device.type, dtype, cache_enabled=False):  # casts made without gradients
                yield from _errors(device, f"autocast to {dtype}")
    if device.type == "cuda":
        with tf32(allowed=True):
            yield from _errors(device, "TF32")
    yield from _errors(device, "channels_last", torch.channels_last)


def _errors(
    device: torch.device, how: str, memory_format: torch.memory_format = torch.contiguous_format
) -> Iterator[Check]:
    net = _moved(HiNet(4, growth=8)).to(device)
    net.to(memory_format=memory_format)  # type: ignore[call-overload]  # torch annotates it not
    cover, secret = (each.contiguous(memory_format=memory_format) for each in _images(device, torch.float32))
    with torch.no_grad():
        back = net.reveal(*net.hide(cover, secret))
    yield Check(f"round trip, {how}", max(_apart(back[0], cover), _apart(back[1], secret)), None, "max abs error")
    yield Check(f"reversible gradients against plain, {how}", _against_plain(net, cover, secret), None, "relative L2")


def hiding(device: torch.device, budget: Budget) -> Iterator[Check]:
    """A small net, shortly trained on four photographs, hides a fifth in a sixth."""
    if budget.training:
        found = task.hidden(device, budget, _small)
        sides = zip(("cover", "secret"), (found.cover, found.secret), (24.0, 22.5), task.lowest_bits(found))
        for what, measured, gate, bits in sides:
            yield Check(f"{what}, held out", measured, gate, "dB", "higher")
            yield Check(f"{what}, by its four lowest bits in place of a net", bits, None, "dB", "higher")


def _small() -> HiNet:
    return HiNet(depth=2, growth=16, convolutions=2)


def _images(device: torch.device, dtype: torch.dtype, seed: int = 0, size: int = 16) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    cover, secret = torch.rand(2, 2, 3, size, size, generator=generator).to(device, dtype)
    return cover, secret


def _moved(net: HiNet) -> HiNet:
    """Its last convolutions away from zero."""
    for module in net.modules():
        if isinstance(module, Dense):
            for parameter in module.layers[-1].parameters():
                nn.init.normal_(parameter, std=0.02)
    return net


def _loss(net: HiNet, cover: Tensor, secret: Tensor) -> Tensor:
    """As in training, there and back again by another way."""
    stego, lost = net.hide(cover, secret)
    revealed = net.reveal(stego, lost.sin())[1]
    return (stego - 0.5).square().sum() + (revealed - secret).square().sum()


def _against_plain(net: HiNet, cover: Tensor, secret: Tensor) -> float:
    found = _gradients(net, cover, secret)
    net.reversible = False
    return relative(found, _gradients(net, cover, secret))


def _gradients(net: HiNet, cover: Tensor, secret: Tensor) -> Tensor:
    """Of all weights and both images, in one row."""
    inputs = [each.detach().requires_grad_() for each in (cover, secret)]
    of = torch.autograd.grad(_loss(net, *inputs), (*inputs, *net.parameters()))
    return torch.cat([each.flatten() for each in of])


def _apart(measured: Tensor, expected: Tensor) -> float:
    return (measured - expected).abs().max().item()


lesson = task.lesson_of(_small)
CHECKS = (transform, round_trip, log_determinant, reversible_gradients, clamp, memory, faster_arithmetic, hiding)


def checks(device: torch.device, budget: Budget) -> Iterator[Check]:
    return performed(CHECKS, device, budget)


def demo(device: torch.device, budget: Budget) -> Demo:
    hidden = task.shown(task.hidden(device, budget, _small)) if budget.training else Demo()
    depths = (1, 2, 4, 8, 16)
    peaks = {
        how: [_peak(device, each, how == "reversible") / 2**20 for each in depths] for how in ("reversible", "plain")
    }
    axes = "depth, blocks", "memory at its peak, MiB"
    curves = (Curve(how, tuple(map(float, depths)), tuple(sizes), *axes) for how, sizes in peaks.items())
    return hidden._replace(curves=(*hidden.curves, *curves))
