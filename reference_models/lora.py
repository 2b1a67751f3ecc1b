"""LoRA: Low-Rank Adaptation of Large Language Models. Hu et al. 2021, arXiv:2106.09685.

Fine-tuning changes every weight of a pretrained model, so each task costs a full copy of it, and Adam keeps two more
numbers beside each weight. But the change that a task needs is simple: it has low rank. So freeze the pretrained weight
W0 (out, in) and learn only its change, as a product of two thin matrices (section 4.1, eq. 3):

    h = W0 x + (alpha / r) B A x        A (r, in), B (out, r), r far below in and out

- r (in + out) numbers instead of in * out. At 768 x 768 and r = 8: 12,288 instead of 589,824, gradients and Adam alike.
- A starts random and B zero. B A = 0, so training starts from exactly the pretrained model; yet it can move, for B's
  gradient carries A. With both zero, each gradient would carry a zero for ever; with both random, the start is spoilt.
- alpha / r spares another search for the rate when r is varied; for large r, alpha / sqrt(r) (arXiv:2312.03732).
- Computed as B (A x), two thin products: neither the change (out, in) nor its gradient is ever formed.
- W0 + (alpha / r) B A is a weight like any other: merged into one matrix, it costs what the model cost before LoRA.
  Here the merged matrix lies beside W0: unmerging gives W0 back bit by bit, as (W0 + D) - D in floating point does not.
- An adapter, all A and B, is a small file. One base model carries many by name, and switches.

Use: inject(model, ["q_proj", "v_proj"]); only_lora_trainable(model); train as ever; torch.save(adapters(model), file).
Left out: embeddings, convolutions, quantised weights, and different adapters within one batch.
"""

from __future__ import annotations

import copy
import io
import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear  # what nn.MultiheadAttention has for out_proj

from reference_models import adapted
from reference_models.adapted import AdaptedLayer, adapters, load, merge, only_lora_trainable, switch, unmerge
from reference_models.contract import Budget, Check, Demo, computes, equal, performed
from reference_models.digits_vit import Method, ViT, fit, lesson_of, shown, split, turned
from reference_models.metrics import relative

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reference_models.adapted import Targets


class LowRank(nn.Module):
    """One adapter of one weight.

    A fused weight, q, k and v in one matrix, has a low-rank change for each of its `parts` that is on, (True, False,
    True) for q and v. Their A's are stacked, and so are their B's.
    """

    def __init__(self, W0: Tensor, r: int, scale: float, dropout: float, parts: tuple[bool, ...]) -> None:
        super().__init__()
        rows, on = len(W0) // len(parts), sum(parts)
        if r < 1 or not on or rows * len(parts) != len(W0):
            raise ValueError(f"a weight of {len(W0)} rows takes no adapter of rank {r} and parts {parts}")
        self.scale, self.dropout, self.parts = scale, dropout, parts
        self.A = nn.Parameter(W0.new_empty(on * r, W0.shape[1]))
        self.B = nn.Parameter(W0.new_zeros(on * rows, r))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        """h + scale B A x, in the memory of h, for x (N, in) and h (N, out); dropout acts on the x of this path alone."""
        Ax = F.linear(F.dropout(x, self.dropout, self.training), self.A)  # (N, on * r)
        return h.addmm_(Ax, self.wide_B().T.to(h.dtype), alpha=self.scale)  # which autocast would not cast

    def change(self) -> Tensor:
        """scale B A (out, in)."""
        return self.scale * (self.wide_B() @ self.A)

    def wide_B(self) -> Tensor:
        """B (out, on * r), where each part's rows meet its own A alone, and those of a part that is off are zero."""
        if len(self.parts) == 1:
            return self.B
        blocks, nothing = iter(self.B.chunk(sum(self.parts))), self.B.new_zeros(len(self.B) // sum(self.parts), 0)
        wide: Tensor = torch.block_diag(*(next(blocks) if on else nothing for on in self.parts))  # type: ignore[no-untyped-call]
        return wide


class LoRALinear(AdaptedLayer, nn.Linear):
    """Called, it takes the two thin products; who reads its `weight` instead gets W = W0 + scale B A.

    torch reads: nn.MultiheadAttention never calls its out_proj, and nn.TransformerEncoderLayer in eval mode no layer.
    """

    adapted = "weight"
    weight = AdaptedLayer.W  # a property where the parameter was

    def forward(self, x: Tensor) -> Tensor:
        """x (..., in) -> h (..., out)."""
        if self.merged is not None or self.active is None:
            return F.linear(x, self.W, self.bias)
        rows = x.reshape(-1, self.in_features)
        h: Tensor = self.lora[self.active](rows, F.linear(rows, self.W0, self.bias))
        return h.view(*x.shape[:-1], self.out_features)


class LoRAAttention(AdaptedLayer, nn.MultiheadAttention):
    """Its q, k and v are one weight (3 E, E), which no layer owns: all that can be done is to have W read for it."""

    adapted = "in_proj_weight"
    in_proj_weight = AdaptedLayer.W  # type: ignore[assignment] # a property where the parameter was


VARIANTS = {nn.Linear: LoRALinear, NonDynamicallyQuantizableLinear: LoRALinear, nn.MultiheadAttention: LoRAAttention}


def inject(
    model: nn.Module,
    targets: Targets,
    r: int = 8,
    alpha: float = 16,
    dropout: float = 0.0,
    *,
    name: str = "default",
    rank_stabilised: bool = False,
    parts: tuple[bool, ...] = (True,),
) -> None:
    """Give each target an adapter of this name, and put that in force.

    targets: ends of layers' names ("q_proj", "layers.0.linear1"), or a predicate of name and layer. The name of an
    nn.MultiheadAttention means its q, k and v; its out_proj is a target of its own.
    Call again, with the same name, for layers that want another r, alpha or parts.
    """
    scale = alpha / max(r, 1) ** (0.5 if rank_stabilised else 1)  # LowRank refuses an r below 1
    adapted.attach(model, targets, VARIANTS, name, lambda W0: LowRank(W0, r, scale, dropout, parts))


TARGETS, R, ALPHA, L2 = ("self_attn", "out_proj", "linear1", "linear2"), 4, 8, "relative L2"


def starts_at_the_base(device: torch.device, _: Budget) -> Iterator[Check]:
    model, images = ViT().to(device), torch.rand(16, 8, 8, device=device)
    base = model(images)
    _adapt(model)
    yield equal("output at the start against the base", model(images), base)
    torch.autograd.backward(model(images).square().mean())
    B = [each for key, each in model.named_parameters() if key.endswith(".B")]
    still = sum(each.grad is None or not each.grad.any() for each in B)
    yield Check("B without a gradient at the start", still, 0, "matrices")
    moved = _moved(model)(images)
    yield Check("what the adapter then changes", relative(moved, base), 0.01, L2, "higher")
    with torch.no_grad():  # torch's path that reads weights
        yield Check("eval mode against train mode", relative(model.eval()(images), moved), 1e-5, L2)
    switch(model.train(), None)
    yield equal("output with the adapter off against the base", model(images), base)


def gradients(device: torch.device, _: Budget) -> Iterator[Check]:
    """With G = (dL/dh)^T x (out, in), the gradient that a full weight has: dL/dA = s B^T G and dL/dB = s G A^T."""
    layer, x, dh = _linear(device), torch.randn(32, 96, device=device), torch.randn(32, 64, device=device)
    A, B, s, G = layer.lora["default"].A, layer.lora["default"].B, ALPHA / R, dh.T @ x
    for way, h in (("layer called", layer(x)), ("weight read", F.linear(x, layer.W))):
        dA, dB = torch.autograd.grad(h, (A, B), dh)
        yield Check(f"gradient of A against its closed form, {way}", relative(dA, s * B.T @ G), 1e-5, L2)
        yield Check(f"gradient of B against its closed form, {way}", relative(dB, s * G @ A.T), 1e-5, L2)
    model = ViT().to(device)
    _adapt(model)
    others = {key: each for key, each in model.named_parameters() if ".lora." not in key}
    before = copy.deepcopy(others)
    fit(model, split(device)[0], steps=3, rate=0.1)
    touched = sum(each.grad is not None or not torch.equal(each, before[key]) for key, each in others.items())
    yield Check("beside A and B, what training touched", touched, 0, "weights")


def merging(device: torch.device, _: Budget) -> Iterator[Check]:
    for dtype, limit in ((torch.float32, 5e-6), (torch.bfloat16, 1.5e-2), (torch.float16, 3e-3)):
        if computes(device, dtype):
            layer, x = _linear(device).to(dtype), torch.randn(32, 96, device=device).to(dtype)
            W0, h = layer.W0.clone(), layer(x)
            merge(layer)
            yield Check(f"merged against unmerged, {dtype}", relative(layer(x), h), limit, L2)
            unmerge(layer)
            yield equal(f"W0 after unmerging, {dtype}", layer.W0, W0)
    calls = (layer.eval, layer.train)
    wrong = sum(call() is not layer or layer.merged is not None or not torch.equal(layer.W0, W0) for call in calls)
    yield Check("train() and eval() that merge or return another", wrong, 0, "calls")


def switching(device: torch.device, _: Budget) -> Iterator[Check]:
    model, images = ViT().to(device), torch.rand(16, 8, 8, device=device)
    copied = copy.deepcopy(model)
    inject(model, TARGETS, R, ALPHA, name="one")
    one = _moved(model)(images)
    inject(model, TARGETS, R, ALPHA, name="two")
    two = _moved(model, "two")(images)
    yield Check("what another adapter changes", relative(two, one), 0.01, L2, "higher")
    merge(model)
    switch(model, "one")
    yield equal("back at the first adapter, from the second one merged", model(images), one)
    inject(copied, TARGETS, R, ALPHA)
    load(copied, adapted.from_peft(adapted.to_peft(adapters(model, name="one"))))
    yield equal("the first adapter, loaded into a copy of the base", copied(images), one)


def sizes(device: torch.device, _: Budget) -> Iterator[Check]:
    model, base, adapter = ViT().to(device), io.BytesIO(), io.BytesIO()
    whole = sum(each.numel() for each in model.parameters())
    torch.save(model.state_dict(), base)
    _adapt(model)
    torch.save(adapters(model), adapter)
    trained = sum(each.numel() for each in model.parameters() if each.requires_grad)
    yield Check("trained, of the model's weights", 100 * trained / whole, 11, "%")
    yield Check("the adapter's file, of the model's", 100 * adapter.tell() / base.tell(), 20, "%")


def turned_digits(device: torch.device, budget: Budget) -> Iterator[Check]:
    """Pretrained on upright digits, adapted to digits turned by a quarter: of the held-out ones, how many are right."""
    right = {method: result.accuracy for method, result in turned(device, budget, "LoRA", METHOD).items()}
    if right:
        yield Check("LoRA on turned digits", right["LoRA"], None, "% right")
        yield Check("full fine-tuning above LoRA", right["full fine-tuning"] - right["LoRA"], 4, "points")
        yield Check("LoRA above the head alone", right["LoRA"] - right["head only"], 3, "points", "higher")


def _adapt(model: nn.Module) -> None:
    inject(model, TARGETS, R, ALPHA)
    only_lora_trainable(model)


def _moved(model: nn.Module, name: str = "") -> nn.Module:
    """Its adapter of this name away from B = 0, where much would hold of any code."""
    for key, parameter in model.named_parameters():
        if key.endswith(f"{name}.B"):
            nn.init.normal_(parameter, std=0.1)
    return model


def _linear(device: torch.device) -> AdaptedLayer:
    layer = nn.Linear(96, 64).to(device)
    inject(layer, lambda *_: True, R, ALPHA)
    return adapted.layers(_moved(layer))[""]


CHECKS = (starts_at_the_base, gradients, merging, switching, sizes, turned_digits)
METHOD = Method(_adapt, rate=1e-2)
lesson = lesson_of(METHOD)
REMARKS = (
    "LoRA saves memory and files, not time: on a model as small as this its steps take as long as full fine-tuning's.",
    "One small task. Each method has the best of a few learning rates, chosen by these same held-out digits.",
)


def checks(device: torch.device, budget: Budget) -> Iterator[Check]:
    return performed(CHECKS, device, budget)


def demo(device: torch.device, budget: Budget) -> Demo:
    return shown(turned(device, budget, "LoRA", METHOD))._replace(remarks=REMARKS)
