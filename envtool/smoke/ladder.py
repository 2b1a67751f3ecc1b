"""The rungs that `_in_target/ladder.py` climbs, in its order."""

from __future__ import annotations

from typing import NamedTuple


class Rung(NamedTuple):
    name: str
    what: str
    limit_s: float
    is_quick: bool = True  # whether --quick climbs it


RUNGS = (
    Rung("import-torch", "torch can be imported", 120),
    Rung("device", "torch sees the device", 60),
    Rung("allocate", "the device's memory keeps what is written", 60),
    Rung("kernel", "the build has a kernel for the device", 60),
    Rung("matmul", "matrix products in each precision, against float64", 60),
    Rung("convolution", "a convolution, against its matrix product", 60),
    Rung("attention", "scaled dot-product attention, against softmax", 60),
    Rung("autograd", "a gradient, against its closed form", 60),
    Rung("optimizer", "a step of Adam, against its formula", 60),
    Rung("copies", "what is copied there and back is what it was, and how fast", 60),
    Rung("stream", "work on a stream other than the default one", 60),
    Rung("data-loader", "two workers load data over shared memory", 60),
    Rung("out-of-memory", "too large a request is refused, and the device works on", 60),
    Rung("companions", "torchvision and torchaudio, where they are there, belong to this torch", 120),
    Rung("threads", "whether other programs keep the cores busy", 60),
    Rung("compile", "torch.compile of a small function", 180, is_quick=False),
)
EARLIEST = ("import-torch", "device", "allocate", "kernel")  # what every other rung and every model stands on
