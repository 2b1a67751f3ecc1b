"""How far an image is from another, as scikit-image computes it, and how often a classifier is right.

Images are float tensors in [0, peak]. All is computed in double precision, on the device of the images.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name

if TYPE_CHECKING:
    from torch import Tensor

WINDOW, K1, K2 = 7, 0.01, 0.03  # Wang et al. 2004, with scikit-image's flat window


def mae(image: Tensor, reference: Tensor) -> float:
    """Mean absolute error."""
    return (image.double() - reference.double()).abs().mean().item()


def rmse(image: Tensor, reference: Tensor) -> float:
    """Root of the mean squared error."""
    return (image.double() - reference.double()).square().mean().sqrt().item()


def psnr(image: Tensor, reference: Tensor, peak: float = 1.0) -> float:
    """Peak signal-to-noise ratio in dB; infinite for equal images."""
    error = rmse(image, reference)
    return 20 * math.log10(peak / error) if error else math.inf


def ssim(image: Tensor, reference: Tensor, peak: float = 1.0) -> float:
    """Structural similarity, 1 for equal images: mean over (..., C, H, W) of Wang et al. 2004, eq. 13.

    A flat window of 7 by 7, sample covariance, no window across the border; H and W at least 7.
    """
    x, y = (each.double().reshape(-1, 1, *each.shape[-2:]) for each in (image, reference))
    mean_x, mean_y, xx, yy, xy = (F.avg_pool2d(each, WINDOW, stride=1) for each in (x, y, x * x, y * y, x * y))
    sample = WINDOW**2 / (WINDOW**2 - 1)
    var_x, var_y, covariance = ((xx - mean_x**2) * sample, (yy - mean_y**2) * sample, (xy - mean_x * mean_y) * sample)
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    likeness = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return (likeness / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))).mean().item()


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """In per cent; logits (N, K), labels (N,) int64."""
    return 100 * (logits.argmax(dim=-1) == labels).cpu().double().mean().item()


def relative(measured: Tensor, expected: Tensor) -> float:
    """The L2 norm of the difference over that of `expected`."""
    measured, expected = (each.detach().cpu().double() for each in (measured, expected))
    return float(torch.linalg.vector_norm(measured - expected) / torch.linalg.vector_norm(expected))
