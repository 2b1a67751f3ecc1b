"""How much memory a computation needs at its peak: counted, so the same on every device and at every run."""

# mypy: allow-untyped-calls
# as those of torch here are

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

if TYPE_CHECKING:
    from collections.abc import Callable


def peak_bytes(compute: Callable[[], object]) -> int:
    """The most bytes that the tensors made by `compute` hold at one time, on the way back too.

    Not counted is what was there before, and what an operator takes and gives back within itself.
    """
    holding = _Holding()
    with holding:
        compute()
    return holding.most


class _Holding(TorchDispatchMode):
    """Sees each operator that runs, below autograd, and what memory it returns that it was not given."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: dict[StorageWeakRef, int] = {}
        self.most = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch would import its compiler for this

    def __torch_dispatch__(self, operator: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401 - torch's own
        kwargs = kwargs or {}
        given, returned = _memory((args, kwargs)), operator(*args, **kwargs)
        made = {memory: size for memory, size in _memory(returned).items() if memory not in given}
        for memory in [memory for memory in self.alive if memory.expired()]:
            del self.alive[memory]
        self.alive.update(made)
        self.most = max(self.most, sum(self.alive.values()))
        return returned


def _memory(nested: object) -> dict[StorageWeakRef, int]:
    """What the tensors in there lie in, once each, with its size in bytes. Views share it."""
    tensors = [leaf for leaf in tree_flatten(nested)[0] if isinstance(leaf, Tensor)]
    storages = [each.untyped_storage() if hasattr(each, "untyped_storage") else each.storage() for each in tensors]
    return {StorageWeakRef(storage): storage.nbytes() for storage in storages}
