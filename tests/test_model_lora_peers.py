"""LoRA against loralib and peft themselves: forward, gradients, merge, and files in both directions."""

# mypy: disable-error-code="union-attr,operator,arg-type"
# To mypy an attribute of a peer's module is a tensor or a module, whatever it is.

import copy
from collections.abc import Sequence
from pathlib import Path

import loralib
import peft
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from reference_models.adapted import (
    BIASES,
    adapters,
    from_peft,
    layers,
    load,
    merge,
    only_lora_trainable,
    to_peft,
    unmerge,
)
from reference_models.lora import inject
from reference_models.metrics import relative

R, ALPHA = 4, 12
CLOSE = 1e-6  # relative L2, of the same sums in another order


class Net(nn.Module):
    """All kinds of layers that LoRA reaches, a fused qkv and one that it leaves."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.TransformerEncoderLayer(16, 2, 24, dropout=0.0, batch_first=True)
        self.qkv = nn.Linear(16, 48)
        self.head = nn.Linear(48, 3)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.qkv(self.encoder(x)).tanh())
        return logits


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def moved(model: nn.Module) -> nn.Module:
    for name, parameter in model.named_parameters():
        if "lora_B" in name or name.endswith(".B"):
            nn.init.normal_(parameter, std=0.3)
    return model


def gradients(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    torch.autograd.backward(model(x).square().sum())
    return {name: each.grad for name, each in model.named_parameters() if each.grad is not None}


# loralib: its layers stand in the model from the start.


def with_loralib(model: Net) -> Net:
    """The same weights in loralib's layers: linear1 whole, q and v of qkv."""
    theirs = copy.deepcopy(model)
    theirs.encoder.linear1 = loralib.Linear(16, 24, r=R, lora_alpha=ALPHA)
    theirs.qkv = loralib.MergedLinear(16, 48, r=R, lora_alpha=ALPHA, enable_lora=[True, False, True])
    theirs.load_state_dict(model.state_dict(), strict=False)
    loralib.mark_only_lora_as_trainable(theirs)
    return theirs


def with_ours(model: Net) -> Net:
    ours = copy.deepcopy(model)
    inject(ours, ["linear1"], R, ALPHA)
    inject(ours, ["qkv"], R, ALPHA, parts=(True, False, True))
    only_lora_trainable(ours)
    return ours


@pytest.mark.parametrize("bias", BIASES)
def test_loralib_reads_what_is_saved_here(bias: str) -> None:
    base, x = Net(), torch.randn(2, 5, 16)
    ours, theirs = with_ours(base), with_loralib(base)
    moved(ours)
    for name, parameter in ours.named_parameters():
        if "bias" in name and bias == "all":
            nn.init.normal_(parameter)
    state = adapters(ours, bias)
    assert state.keys() >= loralib.lora_state_dict(theirs, bias).keys()
    assert not theirs.load_state_dict(state, strict=False).unexpected_keys
    assert relative(theirs(x), ours(x)) < CLOSE


@pytest.mark.parametrize("bias", BIASES)
def test_what_loralib_saves_is_read_here(bias: str) -> None:
    base, x = Net(), torch.randn(2, 5, 16)
    ours, theirs = with_ours(base), moved(with_loralib(base))
    load(ours, loralib.lora_state_dict(theirs, bias))
    assert relative(ours(x), theirs(x)) < CLOSE


def test_gradients_and_merge_are_loralib_s() -> None:
    base, x = Net(), torch.randn(2, 5, 16)
    ours, theirs = with_ours(base), moved(with_loralib(base))
    load(ours, loralib.lora_state_dict(theirs))
    expected = gradients(theirs, x)
    measured = {name.replace("lora.default.", "lora_"): gradient for name, gradient in gradients(ours, x).items()}
    assert measured.keys() == expected.keys()
    assert len(measured) == 4
    assert max(relative(measured[name], expected[name]) for name in expected) < 10 * CLOSE
    merge(ours)
    theirs.qkv.eval()  # which is how loralib merges
    assert relative(layers(ours)["qkv"].W, theirs.qkv.weight) < CLOSE
    unmerge(ours)
    assert torch.equal(layers(ours)["qkv"].W0, base.qkv.weight)


# peft: wraps the layers of a model.


def configured(bias: str = "none", targets: Sequence[str] = ("linear1", "qkv")) -> peft.LoraConfig:
    return peft.LoraConfig(r=R, lora_alpha=ALPHA, target_modules=list(targets), bias=bias)


def with_peft(model: Net, config: peft.LoraConfig) -> peft.PeftModel:
    theirs = peft.get_peft_model(copy.deepcopy(model), config)
    moved(theirs)
    assert isinstance(theirs, peft.PeftModel)
    return theirs


def injected(model: Net, *targets: str) -> Net:
    ours = copy.deepcopy(model)
    inject(ours, targets, R, ALPHA)
    return ours


def test_what_peft_saves_is_read_here(tmp_path: Path) -> None:
    base, x = Net(), torch.randn(2, 5, 16)
    theirs = with_peft(base, configured())
    theirs.save_pretrained(str(tmp_path))
    ours = injected(base, "linear1", "qkv")
    load(ours, from_peft(load_file(tmp_path / "adapter_model.safetensors")))
    assert relative(ours(x), theirs(x)) < CLOSE


@pytest.mark.parametrize("bias", BIASES)
def test_peft_reads_what_is_saved_here(bias: str, tmp_path: Path) -> None:
    base, x = Net(), torch.randn(2, 5, 16)
    ours = injected(base, "linear1", "qkv")
    only_lora_trainable(ours, bias)
    moved(ours)
    configured(bias).save_pretrained(str(tmp_path))
    save_file(to_peft(adapters(ours, bias)), tmp_path / "adapter_model.safetensors")
    theirs = peft.PeftModel.from_pretrained(copy.deepcopy(base), str(tmp_path)).train()
    assert relative(theirs(x), ours(x)) < CLOSE


ALL = ("self_attn", "linear1", "linear2", "qkv")  # peft adapts out_proj wherever it adapts self_attn


def test_attention_saved_by_peft_is_read_here(tmp_path: Path) -> None:
    """By the weights that peft says: its forward, in 0.21, counts the change of out_proj twice."""
    base = Net()
    theirs = with_peft(base, configured(targets=ALL))
    theirs.save_pretrained(str(tmp_path))
    ours = injected(base, "out_proj", *ALL)
    load(ours, from_peft(load_file(tmp_path / "adapter_model.safetensors")))
    attention = theirs.base_model.model.encoder.self_attn
    weights = layers(ours)
    for path, theirs_there in (("self_attn", attention), ("self_attn.out_proj", attention.base_layer.out_proj)):
        change = weights[f"encoder.{path}"].W - weights[f"encoder.{path}"].W0
        assert relative(change, theirs_there.get_delta_weight("default")) < CLOSE


def test_attention_without_out_proj_gives_what_peft_s_gives() -> None:
    base, x = Net(), torch.randn(2, 5, 16)
    theirs = with_peft(base, configured(targets=ALL))
    for name, parameter in theirs.named_parameters():
        if "out_proj.lora_B" in name:
            nn.init.zeros_(parameter)
    ours = injected(base, "out_proj", *ALL)
    load(ours, from_peft(peft.get_peft_model_state_dict(theirs)))
    assert relative(ours(x), theirs(x)) < CLOSE


@pytest.mark.parametrize("bias", BIASES)
def test_the_names_are_those_of_peft_s_file(bias: str, tmp_path: Path) -> None:
    base = Net()
    with_peft(base, configured(bias, ALL)).save_pretrained(str(tmp_path))
    file = load_file(tmp_path / "adapter_model.safetensors")
    ours = to_peft(adapters(injected(base, "out_proj", *ALL), bias))
    assert {key: each.shape for key, each in file.items()}.items() <= {k: v.shape for k, v in ours.items()}.items()
    # peft leaves out the bias of q, k and v.
    assert ours.keys() - file.keys() <= {"base_model.model.encoder.self_attn.base_layer.in_proj_bias"}
    assert to_peft(from_peft(file)).keys() == file.keys()


def test_ranks_by_layer_and_the_other_scaling_are_peft_s() -> None:
    base, x = Net(), torch.randn(2, 5, 16)
    config = configured()
    config.rank_pattern, config.use_rslora = {"qkv": 2}, True
    theirs = with_peft(base, config)
    ours = copy.deepcopy(base)
    inject(ours, ["linear1"], R, ALPHA, rank_stabilised=True)
    inject(ours, ["qkv"], 2, ALPHA, rank_stabilised=True)
    load(ours, from_peft(peft.get_peft_model_state_dict(theirs)))
    assert relative(ours(x), theirs(x)) < CLOSE


def test_gradients_and_merge_are_peft_s() -> None:
    base, x = Net(), torch.randn(2, 5, 16)
    theirs = with_peft(base, configured())
    ours = injected(base, "linear1", "qkv")
    only_lora_trainable(ours)
    load(ours, from_peft(peft.get_peft_model_state_dict(theirs)))
    expected = from_peft({name.replace(".default.", "."): each for name, each in gradients(theirs, x).items()})
    measured = {name.replace("lora.default.", "lora_"): each for name, each in gradients(ours, x).items()}
    assert measured.keys() == expected.keys()
    assert len(measured) == 4
    assert max(relative(measured[name], expected[name]) for name in expected) < 10 * CLOSE
    merge(ours)
    merged = theirs.base_model.merge_and_unload()
    assert relative(layers(ours)["qkv"].W, merged.qkv.weight) < CLOSE
    assert relative(ours(x), merged(x)) < CLOSE
