"""The bundled data are those of their source, and the metrics are those of scikit-image."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.datasets import load_digits

from reference_models import data, metrics

COFFEE, CAT = data.photographs("coffee", "chelsea")


def test_the_digits_are_scikit_learns() -> None:
    images, labels = load_digits(return_X_y=True)
    ours = data.digits()
    np.testing.assert_array_equal(ours.images.reshape(-1, 64).numpy() * 16, images)
    np.testing.assert_array_equal(ours.labels.numpy(), labels)


def test_the_photographs_are_small_enough_to_bundle() -> None:
    assert COFFEE.shape == (3, 128, 128)
    assert 0 <= float(COFFEE.min()) < float(COFFEE.max()) <= 1
    assert sum(file.stat().st_size for file in data.FOLDER.iterdir()) < 300_000


def test_every_file_has_its_source_and_licence() -> None:
    stated = Path(data.FOLDER, "README.md").read_text(encoding="utf-8")
    for name in (*data.PHOTOGRAPHS, "digits.gz", "photographs.gz"):
        assert name in stated


def test_psnr_and_ssim_are_scikit_images() -> None:
    one, two = COFFEE.double().numpy(), CAT.double().numpy()
    psnr = peak_signal_noise_ratio(one, two, data_range=1)  # type: ignore[no-untyped-call]
    ssim = structural_similarity(one, two, data_range=1, channel_axis=0)  # type: ignore[no-untyped-call]
    assert metrics.psnr(CAT, COFFEE) == pytest.approx(psnr, abs=1e-9)
    assert metrics.ssim(CAT, COFFEE) == pytest.approx(ssim, abs=1e-9)


def test_values_by_hand() -> None:
    flat = torch.zeros(1, 8, 8)
    assert metrics.mae(flat + 0.5, flat) == metrics.rmse(flat + 0.5, flat) == 0.5
    assert metrics.psnr(flat + 0.1, flat) == pytest.approx(20, abs=1e-5)
    assert metrics.psnr(flat, flat) == math.inf
    assert metrics.ssim(COFFEE, COFFEE) == pytest.approx(1)
    assert metrics.accuracy(torch.eye(4), torch.tensor([0, 1, 2, 0])) == 75
