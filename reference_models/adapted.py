"""Adapters beside the weights of a model: by name, one of them in force, merged, and saved as loralib and peft do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping, Sequence

    Targets = Sequence[str] | Callable[[str, nn.Module], bool]
    Variants = Mapping[type[nn.Module], "type[AdaptedLayer]"]

BIASES = ("none", "all", "lora_only")
PEFT = "base_model.model."  # before every name in a file of peft


class AdaptedLayer(nn.Module):
    """A layer that was there before: the same object of another class, with adapters beside its weight.

    So W0 keeps its name in state dicts, and who shares it (a tied embedding) keeps sharing it, unchanged when merged.
    train() and eval() are nn.Module's: they return self and merge nothing.
    """

    adapted: str  # the weight's name
    lora: MutableMapping[str, Any]  # an nn.ModuleDict of adapters: change() is what each adds to W0
    active: str | None = None  # the adapter in force
    merged: Tensor | None  # W, while merged; in no state dict

    @classmethod
    def take_over(cls, layer: nn.Module) -> None:
        """Make it one of this class, without any adapter."""
        layer.get_parameter(cls.adapted).requires_grad_(False)
        layer.__class__ = cls
        layer.add_module("lora", nn.ModuleDict())
        layer.register_buffer("merged", None, persistent=False)

    @property
    def W0(self) -> Tensor:
        return self._parameters[self.adapted]  # type: ignore[return-value] # is there: see _is_able

    @property
    def W(self) -> Tensor:
        """The weight in force."""
        if self.merged is not None:
            return self.merged
        return self.W0 if self.active is None else self.W0 + self.lora[self.active].change()

    def _load_from_state_dict(self, *arguments: Any) -> None:  # noqa: ANN401 - torch's own
        self.merged = None  # it was made of what is replaced now
        super()._load_from_state_dict(*arguments)


def attach(
    model: nn.Module, targets: Targets, variants: Variants, name: str, made: Callable[[Tensor], nn.Module]
) -> None:
    """Turn each target into its variant, give it the adapter that is made for its W0, and put the name in force.

    Nothing is changed when any of it is refused.
    """
    found = _chosen(model, targets, variants)
    adapters = {path: made(_weight(layer, variants)) for path, layer in found.items()}
    for path, layer in found.items():
        if adapters[path].dropout and _is_read(model, path):
            raise ValueError(f"no dropout for {path}: nn.MultiheadAttention reads its weight and gives it no input")
        if isinstance(layer, AdaptedLayer) and name in layer.lora:
            raise ValueError(f"{path} has an adapter {name!r} already")
    for layer in found.values():
        if not isinstance(layer, AdaptedLayer):
            variants[type(layer)].take_over(layer)
    there = layers(model)
    for path, adapter in adapters.items():
        there[path].lora[name] = adapter
    switch(model, name)


def layers(model: nn.Module) -> dict[str, AdaptedLayer]:
    return {path: layer for path, layer in model.named_modules() if isinstance(layer, AdaptedLayer)}


def switch(model: nn.Module, name: str | None) -> None:
    """Put this adapter in force, unmerged; None: the base model. A layer that has none of this name is the base's."""
    if name is not None:
        _carrying(model, name)
    for layer in layers(model).values():
        layer.active, layer.merged = name if name in layer.lora else None, None


def merge(model: nn.Module) -> None:
    """Form W once, for inference, of W0 and what is in force. Whatever loads or switches afterwards unmerges."""
    unmerge(model)
    for layer in layers(model).values():
        layer.merged = layer.W.detach()


def unmerge(model: nn.Module) -> None:
    for layer in layers(model).values():
        layer.merged = None


def only_lora_trainable(model: nn.Module, bias: str = "none", name: str = "default") -> None:
    """Freeze all but this adapter, and the biases: "none", "all", or "lora_only", those of its layers.

    A bias belongs to no adapter: once trained, it stays when adapters are switched.
    """
    trained = _parameters(model, name, bias).values()
    model.requires_grad_(False)
    for parameter in trained:
        parameter.requires_grad_(True)


def adapters(model: nn.Module, bias: str = "none", name: str = "default") -> dict[str, Tensor]:
    """A state dict of the adapter alone, and of the biases that were trained with it, under loralib's names."""
    return {key: parameter.detach() for key, parameter in _parameters(model, name, bias).items()}


def load(model: nn.Module, state: Mapping[str, Tensor], name: str = "default") -> None:
    """Take what `adapters` gave into an adapter that was injected alike: all of it, or a ValueError and nothing."""
    own, known = _parameters(model, name, "none"), _parameters(model, name, "all")
    wrong = [key for key, tensor in state.items() if key not in known or tensor.shape != known[key].shape]
    if wrong:
        raise ValueError(f"the adapter {name!r} here has no {wrong[0]} {tuple(state[wrong[0]].shape)}")
    missing = sorted(own.keys() - state.keys())
    if missing:
        raise ValueError(f"the adapter {name!r} here needs {missing[0]}, which the state lacks")
    unmerge(model)
    with torch.no_grad():
        for key, tensor in state.items():
            known[key].copy_(tensor)


def to_peft(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What `adapters` gave, as in peft's adapter_model.safetensors."""
    paths = sorted({key.rpartition(".")[0] for key in state if ".lora_" in key}, key=len, reverse=True)
    return {_in_peft(key, paths): tensor for key, tensor in state.items()}


def from_peft(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What peft's file holds, as `load` takes it."""
    plain = ((key[len(PEFT) :].replace(".base_layer.", "."), tensor) for key, tensor in state.items())
    return {key[: -len(".weight")] if ".lora_" in key else key: tensor for key, tensor in plain}


def _in_peft(key: str, paths: Sequence[str]) -> str:
    """peft wraps each adapted layer (paths, the longest first): what it held before is in base_layer now."""
    if ".lora_" in key:
        key += ".weight"
    for path in paths:
        if key.startswith(f"{path}.") and not key.startswith(f"{path}.lora_"):
            key = f"{path}.base_layer{key[len(path) :]}"
    return PEFT + key


def _chosen(model: nn.Module, targets: Targets, variants: Variants) -> dict[str, nn.Module]:
    able = {path: layer for path, layer in model.named_modules() if _is_able(layer, variants.get(type(layer)))}
    if callable(targets):
        found = {path: layer for path, layer in able.items() if targets(path, layer)}
        missing = [] if found else ["what the predicate takes"]
    else:
        found = {path: layer for path, layer in able.items() if any(_ends(path, end) for end in targets)}
        missing = [end for end in targets if not any(_ends(path, end) for path in able)]
    if missing:
        raise ValueError(f"no layer is {missing[0]}, of those that can be adapted: {', '.join(able) or 'none'}")
    return found


def _is_able(layer: nn.Module, variant: type[AdaptedLayer] | None) -> bool:
    """An nn.MultiheadAttention with k or v of another size has no in_proj_weight, but three of which none is reached."""
    return isinstance(layer, AdaptedLayer) or (variant is not None and getattr(layer, variant.adapted) is not None)


def _weight(layer: nn.Module, variants: Variants) -> Tensor:
    return layer.W0 if isinstance(layer, AdaptedLayer) else layer.get_parameter(variants[type(layer)].adapted)


def _is_read(model: nn.Module, path: str) -> bool:
    """nn.MultiheadAttention calls no layer: it reads its own weight, and that of its out_proj."""
    either = (path, path.rpartition(".")[0])
    return any(isinstance(model.get_submodule(each), nn.MultiheadAttention) for each in either)


def _ends(path: str, end: str) -> bool:
    return f".{path}".endswith(f".{end}")


def _carrying(model: nn.Module, name: str) -> dict[str, nn.Module]:
    """The adapters of this name, by the name of their layer."""
    found = {path: layer.lora[name] for path, layer in layers(model).items() if name in layer.lora}
    if not found:
        there = sorted({other for layer in layers(model).values() for other in layer.lora})
        raise ValueError(f"no adapter is called {name!r} here; these are: {', '.join(there) or 'none'}")
    return found


def _parameters(model: nn.Module, name: str, bias: str) -> dict[str, nn.Parameter]:
    """An adapter's own, and the biases of this choice, under loralib's names."""
    if bias not in BIASES:
        raise ValueError(f"bias is one of {', '.join(BIASES)}, not {bias!r}")
    carrying = _carrying(model, name)
    found = {
        f"{path}.lora_{letter}".lstrip("."): parameter
        for path, adapter in carrying.items()
        for letter, parameter in adapter.named_parameters()
    }
    for key, parameter in model.named_parameters():
        path, _, last = key.rpartition(".")
        if "bias" in last and (bias == "all" or (bias == "lora_only" and path in carrying)):
            found[key] = parameter
    return found
