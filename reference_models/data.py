"""The bundled data, whose source and licence `data/README.md` states."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor

FOLDER = Path(__file__).with_name("data")
DIGITS = 1797
PHOTOGRAPHS = ("coffee", "rocket", "hubble_deep_field", "retina", "astronaut", "chelsea")
SIDE = 128  # pixels of a photograph, both ways


class Digits(NamedTuple):
    images: Tensor  # (N, 8, 8) of torch's default dtype, in [0, 1], 17 levels
    labels: Tensor  # (N,) int64 in 0 ... 9


def digits() -> Digits:
    """All 1797, in the order of their source."""
    content = _bytes("digits.gz")
    images = content[DIGITS:].reshape(DIGITS, 8, 8).to(torch.get_default_dtype()) / 16
    return Digits(images, content[:DIGITS].long())


def photographs(*names: str) -> Tensor:
    """Those of PHOTOGRAPHS that are named, (N, 3, 128, 128) of torch's default dtype, in [0, 1], RGB."""
    every = _bytes("photographs.gz").reshape(len(PHOTOGRAPHS), 3, SIDE, SIDE)
    return every[[PHOTOGRAPHS.index(name) for name in names]].to(torch.get_default_dtype()) / 255


def _bytes(name: str) -> Tensor:
    return torch.frombuffer(bytearray(gzip.decompress((FOLDER / name).read_bytes())), dtype=torch.uint8)
