"""What a model shows, from its own process into values."""

from __future__ import annotations

import json
import sys

import pytest

from envtool import trial
from envtool.demo import Bar, Curve, Demo, Picture
from envtool.events import parse_event

PNG = "iVBORw0KGgo="  # the eight bytes that each begins with
SAID = {
    "event": "demo",
    "item": "inn",
    "about": "HiNet",
    "pictures": [{"title": "stego", "note": "28.5 dB", "png": PNG}],
    "curves": [{"title": "loss", "x": [0, 1], "y": [0.5, 0.25], "x_label": "step", "y_label": "nats"}],
    "bars": [{"group": "right, %", "label": "LoRA", "value": 96, "is_baseline": False}],
    "remarks": ["One small task."],
}


def test_a_demo_is_read_as_values() -> None:
    assert parse_event(json.dumps(SAID)) == Demo(
        item="inn",
        about="HiNet",
        pictures=(Picture("stego", "28.5 dB", b"\x89PNG\r\n\x1a\n"),),
        curves=(Curve("loss", (0.0, 1.0), (0.5, 0.25), "step", "nats"),),
        bars=(Bar("right, %", "LoRA", 96.0, is_baseline=False),),
        remarks=("One small task.",),
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"pictures": [{"title": "stego", "note": "", "png": "PHN2Zz4="}]},  # <svg>
        {"pictures": [{"title": "stego", "note": "", "png": "?" + PNG}]},
        {"pictures": ["stego"]},
        {"curves": [{**SAID["curves"][0], "y": [1]}]},  # type: ignore[dict-item]  # a curve is an object
        {"bars": [{"group": "", "label": "", "value": "96", "is_baseline": False}]},
        {"remarks": "one"},
    ],
)
def test_what_is_of_another_form_is_no_demo(wrong: dict[str, object]) -> None:
    assert parse_event(json.dumps(SAID | wrong)) is None


def test_what_a_model_shows_arrives() -> None:
    work = trial.Work(("inn",), device="cpu", training=0.0, demo=True)
    [shown] = [event for event in trial.perform(sys.executable, work, {"inn": 120.0}) if isinstance(event, Demo)]
    assert shown.about.startswith("HiNet")
    peaks = {curve.title: curve.y for curve in shown.curves if curve.x_label == "depth, blocks"}
    assert peaks["reversible"][-1] < 2 * peaks["reversible"][0]
    assert peaks["plain"][-1] > 4 * peaks["plain"][0]
