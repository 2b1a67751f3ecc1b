"""A linear layer of a transformer with an adapter: ours, loralib's, peft's, all with the same A and B."""

# mypy: disable-error-code="index,operator,arg-type,dict-item"
# To mypy an attribute of a peer's module is a tensor or a module, whatever it is.

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING

import loralib
import peft
import torch
from torch import Tensor, nn

from model_rivals.contest import Contest, must_agree
from reference_models.adapted import adapters, merge, only_lora_trainable, to_peft
from reference_models.contract import Check
from reference_models.lora import inject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from model_rivals.contest import Outcome, Way

D, R, ALPHA = 768, 8, 16
SHAPES = {"8 x 128": (8, 128, D), "one token": (1, 1, D)}
LINEAR, OURS, RIVALS = "linear", "ours", ("loralib", "peft")
STEP, INFERENCE = "LoRA, training step, 8 x 128", "LoRA, inference, {}"
MOST_MERGED, MOST_UNMERGED = {"8 x 128": 1.02, "one token": 1.05}, 1.12


def contests(device: torch.device) -> Iterator[Contest]:
    torch.manual_seed(0)
    base = nn.Sequential(nn.Linear(D, D)).requires_grad_(False).to(device)
    layers, merged = _layers(base), _merged(base)
    x, dh = (torch.randn(SHAPES["8 x 128"], device=device) for _ in range(2))
    must_agree("LoRA", {name: layer(x).detach() for name, layer in (layers | merged).items()})
    _share(base[0].weight, [*layers.values(), *merged.values()])
    steps = {name: functools.partial(_step, layer, x.requires_grad_(), dh) for name, layer in layers.items()}
    yield Contest(STEP, {f"{LINEAR}, frozen": functools.partial(_step, base[0], x, dh), **steps})
    for name, shape in SHAPES.items():
        yield Contest(INFERENCE.format(name), _inferences(torch.randn(shape, device=device), base, layers, merged))


def bars(outcomes: Mapping[str, Outcome]) -> Iterator[Check]:
    slowest = max(outcomes[STEP].ratio(OURS, rival).median for rival in RIVALS)
    yield Check("LoRA, training step, against the better of loralib and peft", slowest, 1.0, "times the time")
    for shape, most in MOST_MERGED.items():
        measured = outcomes[INFERENCE.format(shape)].ratio(f"{OURS}, merged", LINEAR).median
        yield Check(f"LoRA, merged against a linear layer, {shape}", measured, most, "times the time")
    measured = outcomes[INFERENCE.format("8 x 128")].ratio(OURS, LINEAR).median
    yield Check("LoRA, not merged against a linear layer, 8 x 128", measured, MOST_UNMERGED, "times the time")


def _layers(base: nn.Sequential) -> dict[str, nn.Module]:
    ours = _ours(base)
    by_loralib = nn.Sequential(loralib.Linear(D, D, r=R, lora_alpha=ALPHA, merge_weights=False)).to(base[0].weight)
    by_loralib.load_state_dict({**base.state_dict(), **adapters(ours)})
    loralib.mark_only_lora_as_trainable(by_loralib)
    return {OURS: ours[0], "loralib": by_loralib[0], "peft": _by_peft(base).base_model.model[0]}


def _merged(base: nn.Sequential) -> dict[str, nn.Module]:
    ours = _ours(base)
    by_loralib = nn.Sequential(loralib.Linear(D, D, r=R, lora_alpha=ALPHA)).to(base[0].weight)
    by_loralib.load_state_dict({**base.state_dict(), **adapters(ours)})
    by_loralib.eval()  # which is how loralib merges
    merge(ours)
    by_peft = _by_peft(base).base_model.merge_and_unload()
    return {f"{OURS}, merged": ours[0], "loralib, merged": by_loralib[0], "peft, merged": by_peft[0]}


def _ours(base: nn.Sequential) -> nn.Sequential:
    ours = copy.deepcopy(base)
    inject(ours, ["0"], R, ALPHA)
    only_lora_trainable(ours)
    torch.manual_seed(1)
    for each in adapters(ours).values():
        nn.init.normal_(each, std=0.1)
    return ours


def _by_peft(base: nn.Sequential) -> peft.PeftModel:
    theirs = peft.get_peft_model(copy.deepcopy(base), peft.LoraConfig(r=R, lora_alpha=ALPHA, target_modules=["0"]))
    peft.set_peft_model_state_dict(theirs, to_peft(adapters(_ours(base))))
    return theirs


def _share(matrix: Tensor, layers: Iterable[nn.Module]) -> None:
    """Let all read one matrix: where in memory it lies changes a short product's time by a tenth."""
    for layer in layers:
        for tensor in (*layer.parameters(), *layer.buffers()):
            if tensor.shape == matrix.shape:
                tensor.data = matrix.data


def _step(layer: nn.Module, x: Tensor, dh: Tensor) -> None:
    """Forward and backward, to the input too, as in the midst of a model."""
    torch.autograd.backward(layer(x), dh)
    layer.zero_grad()
    x.grad = None


def _inferences(
    x: Tensor, base: nn.Sequential, layers: Mapping[str, nn.Module], merged: Mapping[str, nn.Module]
) -> dict[str, Way]:
    every = {LINEAR: base[0], **merged, **layers}
    return {name: torch.no_grad()(functools.partial(layer, x)) for name, layer in every.items()}
