"""A task for an invertible net: hide one photograph in another, learnt on four, tried on two others."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from reference_models.contract import Bar, Curve, Demo, Lesson, Picture, Taught, trains_in_its_dtype
from reference_models.data import photographs
from reference_models.metrics import psnr

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from reference_models.contract import Budget

LEARN, COVER, SECRET = ("coffee", "rocket", "hubble_deep_field", "retina"), "astronaut", "chelsea"
CROP, BATCH, STEPS, RATE = 48, 4, 300, 4e-3
REMARKS = (
    "After so short a training the net hides worse than the four lowest bits do: it shows that the stack trains.",
    "The secret is revealed with z = 0, from a stego of 8 bits a colour.",
)


class Hidden(NamedTuple):
    pictures: tuple[Tensor, ...]  # cover, secret, stego, revealed: (3, 128, 128) in [0, 1]
    losses: tuple[float, ...]  # one a step

    @property
    def cover(self) -> float:
        """How much the stego is like the cover, in dB."""
        return psnr(self.pictures[2], self.pictures[0])

    @property
    def secret(self) -> float:
        return psnr(self.pictures[3], self.pictures[1])


@functools.lru_cache(maxsize=1)
@trains_in_its_dtype
def hidden(device: torch.device, budget: Budget, make: Callable[[], Any]) -> Hidden:
    """What the net that is made here hides and reveals, once it is trained."""
    torch.manual_seed(budget.seed)
    net = make().to(device)
    losses = _train(net, device, budget.steps(STEPS))
    cover, secret = photographs(COVER, SECRET).to(device).unsqueeze(1)  # (1, 3, 128, 128) both
    with torch.no_grad():
        stego, lost = net.hide(cover, secret)
        stego = stego.clamp(0, 1).mul(255).round() / 255
        revealed = net.reveal(stego, torch.zeros_like(lost))[1].clamp(0, 1)
    return Hidden(tuple(each[0].cpu() for each in (cover, secret, stego, revealed)), losses)


def _train(net: Any, device: torch.device, steps: int) -> tuple[float, ...]:  # noqa: ANN401 - any net that hides
    optimiser = torch.optim.Adam(net.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    learn, losses = photographs(*LEARN), []
    for _ in range(steps):
        cover, secret = _crops(learn).to(device), _crops(learn).to(device)
        loss = _loss(net, cover, secret)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return tuple(losses)


def _loss(net: Any, cover: Tensor, secret: Tensor) -> Tensor:  # noqa: ANN401 - any net that hides
    stego, lost = net.hide(cover, secret)
    revealed = net.reveal(stego, torch.zeros_like(lost))[1]
    low = (net.dwt(stego)[:, :3] - net.dwt(cover)[:, :3]).square().mean()
    result: Tensor = 5 * (revealed - secret).square().mean() + (stego - cover).square().mean() + low
    return result


def lesson_of(make: Callable[[], nn.Module]) -> Callable[[int], Lesson]:
    def lesson(rows: int) -> Lesson:
        learn = photographs(*LEARN)
        return Lesson(Taught(make(), _loss), (_crops(learn, rows), _crops(learn, rows)))

    return lesson


def _crops(images: Tensor, count: int = BATCH) -> Tensor:
    """(count, 3, CROP, CROP), each from anywhere in any of the images (N, 3, H, W), half of them mirrored."""
    room = images.shape[-1] - CROP + 1
    cut = []
    for _ in range(count):
        which, top, left = (int(torch.randint(most, ())) for most in (len(images), room, room))
        crop = images[which, :, top : top + CROP, left : left + CROP]
        cut.append(crop.flip(-1) if torch.rand(()) < 1 / 2 else crop)
    return torch.stack(cut)


def lowest_bits(found: Hidden) -> tuple[float, float]:
    """The PSNR of cover and secret where the secret's four highest bits take the place of the cover's lowest."""
    cover, secret = (each.mul(255).round().int() for each in found.pictures[:2])
    stego = (cover // 16) * 16 + secret // 16
    revealed = (stego % 16) * 16 + 8  # the middle of what the lost bits may be
    return psnr(stego / 255, cover / 255), psnr(revealed / 255, secret / 255)


def shown(found: Hidden) -> Demo:
    cover, _, stego, _ = found.pictures
    titles = ("cover", "secret", "stego", "revealed secret")
    notes = ("", "", f"PSNR {found.cover:.1f} dB", f"PSNR {found.secret:.1f} dB")
    pictures = [Picture(*each) for each in zip(titles, found.pictures, notes)]
    residual = Picture("stego less cover, ten-fold", ((stego - cover).abs() * 10).clamp(0, 1))
    steps = tuple(float(step) for step in range(len(found.losses)))
    curve = Curve("training loss", steps, found.losses, "step", "mean squared error, weighted")
    by_bits = zip(
        ("stego like the cover: PSNR, dB", "revealed secret: PSNR, dB"), (found.cover, found.secret), lowest_bits(found)
    )
    bars = [
        bar
        for group, ours, theirs in by_bits
        for bar in (Bar(group, "the net", ours, is_baseline=False), Bar(group, "the four lowest bits", theirs))
    ]
    return Demo((*pictures, residual), (curve,), tuple(bars), REMARKS)
