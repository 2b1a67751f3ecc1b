"""Write reference_models/data/ anew from scikit-learn's digits and scikit-image's photographs, which must be installed.

Usage: python scripts/make_model_data.py
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import skimage
from skimage.transform import resize_local_mean
from sklearn.datasets import load_digits

FOLDER = Path(__file__).resolve().parent.parent / "reference_models" / "data"
PHOTOGRAPHS = ("coffee", "rocket", "hubble_deep_field", "retina", "astronaut", "chelsea")  # as data.PHOTOGRAPHS
SIDE = 128  # pixels


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    write("digits.gz", digits())
    write("photographs.gz", b"".join(photograph(name) for name in PHOTOGRAPHS))


def digits() -> bytes:
    """1797 labels, a byte each, then 1797 images of 8 by 8 pixels, a byte each in 0 ... 16."""
    images, labels = load_digits(return_X_y=True)
    return bytes(labels.astype(np.uint8).tobytes() + images.astype(np.uint8).tobytes())


def photograph(name: str) -> bytes:
    """Its middle square, made smaller by local means; (3, SIDE, SIDE), a byte a value."""
    whole = getattr(skimage.data, name)()
    side = min(whole.shape[:2])
    top, left = (whole.shape[0] - side) // 2, (whole.shape[1] - side) // 2
    square = whole[top : top + side, left : left + side] / 255
    small = resize_local_mean(square, (SIDE, SIDE, 3), channel_axis=None)  # type: ignore[no-untyped-call]
    return bytes(np.round(small * 255).astype(np.uint8).transpose(2, 0, 1).tobytes())


def write(name: str, content: bytes) -> None:
    packed = gzip.compress(content, 9, mtime=0)
    (FOLDER / name).write_bytes(packed)
    print(f"{name}: {len(content)} bytes, packed {len(packed)}")


main()
