"""Reference models, one file each: the method from its paper, and checks of the properties that define it."""

from __future__ import annotations

from pathlib import Path

# Files of this folder that are no model.
SERVING = (
    "__init__",
    "__main__",
    "adapted",
    "contract",
    "data",
    "digits_mlp",
    "digits_vit",
    "hiding",
    "invertible",
    "metrics",
    "peak",
)


def names() -> tuple[str, ...]:
    """The models, by listing the folder: none is imported."""
    return tuple(sorted(file.stem for file in Path(__file__).parent.glob("*.py") if file.stem not in SERVING))
