"""The device that a smoke-test is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDING = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
HIDDEN = ("", "-1")


def device_for(asked: str, backend: str | None, environment: Mapping[str, str]) -> str:
    """As torch calls it.

    `auto` is the kind that install-torch chooses a build for, so that a torch which does not see the GPU, or is made for
    the CPU alone, does not pass on the CPU in silence. Where the cards are hidden, torch itself chooses.
    """
    if asked != "auto":
        return asked.replace("hip", "cuda")  # AMD's cards have NVIDIA's name in torch
    if backend is None or any(environment.get(name) in HIDDEN for name in HIDING):
        return "auto"
    if backend == "xpu":
        return "xpu"
    return "cuda" if backend.startswith(("cu", "rocm")) else "auto"
