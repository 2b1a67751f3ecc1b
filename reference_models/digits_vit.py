"""A small vision transformer, pretrained on the bundled digits, and a task to adapt it to: digits turned by a quarter."""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

from reference_models.contract import Bar, Curve, Demo, Lesson, Taught, trains_in_its_dtype
from reference_models.data import Digits, digits
from reference_models.metrics import accuracy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reference_models.contract import Budget

WIDTH, HEADS, LAYERS = 64, 4, 2
HELD_OUT = 5  # every fifth digit
STEPS, BATCH, RATE = 400, 64, 3e-3


class ViT(nn.Module):
    """Each of the eight rows of a digit is a token. 68,810 parameters."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 2 * WIDTH, dropout=0.0, batch_first=True, norm_first=True)
        self.embed = nn.Linear(8, WIDTH)
        self.place = nn.Parameter(0.02 * torch.randn(8, WIDTH))
        self.encoder = nn.TransformerEncoder(layer, LAYERS, nn.LayerNorm(WIDTH), enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, images: Tensor) -> Tensor:
        """images (N, 8, 8) in [0, 1] -> logits (N, 10)."""
        logits: Tensor = self.head(self.encoder(self.embed(images) + self.place).mean(dim=1))
        return logits


class Method(NamedTuple):
    """A way to adapt a model."""

    prepare: Callable[[nn.Module], None]  # leaves gradients to what is to be trained
    rate: float  # of learning


class Adapted(NamedTuple):
    accuracy: float  # on the held-out digits, in per cent
    losses: tuple[float, ...]  # by step
    trained: int  # weights


def split(device: torch.device, quarter_turns: int = 0) -> tuple[Digits, Digits]:
    """The digits to learn from and those held out, turned to the left."""
    images, labels = digits()
    images, held_out = torch.rot90(images, quarter_turns, (1, 2)), torch.arange(len(labels)) % HELD_OUT == 0
    learn, test = (Digits(images[part].to(device), labels[part].to(device)) for part in (~held_out, held_out))
    return learn, test


def fit(model: nn.Module, learn: Digits, steps: int, rate: float) -> tuple[float, ...]:
    """Train what in the model needs gradients; the loss of each step."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.Adam(trained, rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    losses = []
    for _ in range(steps):
        batch = torch.randint(len(learn.labels), (BATCH,)).to(learn.labels.device)
        loss = F.cross_entropy(model(learn.images[batch]), learn.labels[batch])
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return tuple(losses)


@functools.lru_cache(maxsize=1)
@trains_in_its_dtype
def turned(device: torch.device, budget: Budget, name: str, method: Method) -> dict[str, Adapted]:
    """What this method makes of the pretrained model, and what others make of it; nothing without a budget to train."""
    if not budget.training:
        return {}
    torch.manual_seed(budget.seed)
    model = ViT().to(device)
    fit(model, split(device)[0], budget.steps(STEPS), RATE)
    methods = {
        "as pretrained": Method(_leave, 0),
        "head only": Method(lambda model: _leave(model, "head"), 1e-2),
        name: method,
        "full fine-tuning": Method(lambda model: _leave(model, ""), 3e-3),
    }
    return {name: _adapted(copy.deepcopy(model), device, budget, method) for name, method in methods.items()}


def _leave(model: nn.Module, *parts: str) -> None:
    """Gradients to these parts alone; "" is all of it."""
    model.requires_grad_(False)
    for part in parts:
        model.get_submodule(part).requires_grad_(True)


def _adapted(model: nn.Module, device: torch.device, budget: Budget, method: Method) -> Adapted:
    torch.manual_seed(budget.seed)
    method.prepare(model)
    learn, test = split(device, quarter_turns=1)
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    losses = fit(model, learn, budget.steps(STEPS), method.rate) if trained else ()
    with torch.no_grad():
        return Adapted(accuracy(model.eval()(test.images), test.labels), losses, trained)


def lesson_of(method: Method) -> Callable[[int], Lesson]:
    def lesson(rows: int) -> Lesson:
        model = ViT()
        method.prepare(model)
        images, labels = (each[torch.arange(rows) % len(each)] for each in digits())
        return Lesson(Taught(model, lambda net, images, labels: F.cross_entropy(net(images), labels)), (images, labels))

    return lesson


def shown(results: Mapping[str, Adapted]) -> Demo:
    right, weights = "turned digits: held-out ones right, %", "weights trained"
    baselines = ("as pretrained", "head only", "full fine-tuning")
    return Demo(
        curves=tuple(
            Curve(name, tuple(map(float, range(len(each.losses)))), each.losses, "step", "cross entropy, nats")
            for name, each in results.items()
            if each.losses
        ),
        bars=(
            *(Bar(right, name, each.accuracy, name in baselines) for name, each in results.items()),
            *(Bar(weights, name, each.trained, name in baselines) for name, each in results.items()),
        ),
    )
