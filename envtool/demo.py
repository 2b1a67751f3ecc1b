"""What a report draws of a model, as values; told by the smoke runner in one line of JSON.

{"event": "demo", "item": "inn", "about": "HiNet: ...", "pictures": [{"title": ..., "note": ..., "png": base64}],
 "curves": [{"title": ..., "x": [...], "y": [...], "x_label": ..., "y_label": ...}],
 "bars": [{"group": ..., "label": ..., "value": ..., "is_baseline": ...}], "remarks": [...]}
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    Object = dict[str, object]

PNG = b"\x89PNG\r\n\x1a\n"


class Picture(NamedTuple):
    title: str
    note: str  # "27.3 dB"
    png: bytes


class Curve(NamedTuple):
    title: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    x_label: str
    y_label: str  # with its unit


class Bar(NamedTuple):
    """One of the values of a group, to compare."""

    group: str
    label: str
    value: float
    is_baseline: bool


class Demo(NamedTuple):
    item: str
    about: str  # the model's name and paper
    pictures: tuple[Picture, ...] = ()
    curves: tuple[Curve, ...] = ()
    bars: tuple[Bar, ...] = ()
    remarks: tuple[str, ...] = ()


def parse_demo(said: Object) -> Demo:
    """Raises KeyError, TypeError or ValueError where it is not of that form."""
    return Demo(
        item=str(said["item"]),
        about=str(said["about"]),
        pictures=tuple(
            Picture(str(it["title"]), str(it["note"]), _png(it["png"])) for it in _objects(said["pictures"])
        ),
        curves=tuple(_curve(it) for it in _objects(said["curves"])),
        bars=tuple(
            Bar(str(it["group"]), str(it["label"]), _number(it["value"]), bool(it["is_baseline"]))
            for it in _objects(said["bars"])
        ),
        remarks=tuple(str(remark) for remark in _list(said["remarks"])),
    )


def _curve(said: Object) -> Curve:
    x, y = (tuple(_number(value) for value in _list(said[axis])) for axis in ("x", "y"))
    if len(x) != len(y):
        raise ValueError(f"{len(x)} values of x and {len(y)} of y")
    return Curve(str(said["title"]), x, y, str(said["x_label"]), str(said["y_label"]))


def _png(value: object) -> bytes:
    png = base64.b64decode(str(value), validate=True)
    if not png.startswith(PNG):
        raise ValueError("a picture that is no PNG")
    return png


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _objects(value: object) -> Iterator[Object]:
    for each in _list(value):
        if not isinstance(each, dict):
            raise TypeError
        yield each


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError
    return float(value)
