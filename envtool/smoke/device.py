"""The devices that a smoke-test is about, and one report of them all."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from envtool.smoke import SmokeReport

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


def every_device(wanted: str, seen: Mapping[str, int]) -> tuple[str, ...]:
    """All that torch sees, the CPU last; before them the kind that is wanted, where torch sees none of it.

    wanted: as `device_for` gives it for `auto`.   seen: how many of each kind there are.
    """
    numbered = [f"{kind}:{number}" for kind in ("cuda", "xpu") for number in range(seen.get(kind, 0))]
    unseen = [wanted] if wanted not in ("auto", "cpu") and not seen.get(wanted) else []
    return (*unseen, *numbered, *(["mps"] if seen.get("mps") else []), "cpu")


def joined(of_devices: Mapping[str, SmokeReport]) -> SmokeReport:
    """Their reports as one, each item with its device; they were made one after another."""
    reports = tuple(of_devices.values())
    began = accumulate((report.seconds for report in reports), initial=0.0)
    placed = [_placed(*each) for each in zip(of_devices, reports, began)]  # noqa: B905 - one sum more than reports
    stages = [report.stage for report in reports if report.stage]
    names = ", ".join(dict.fromkeys(stage.device_name for stage in stages))
    return SmokeReport(
        stages[0]._replace(device="all", device_name=names) if stages else None,
        reports[0].seed,
        rungs=tuple(rung for report in placed for rung in report.rungs),
        models=tuple(model for report in placed for model in report.models),
        seconds=sum(report.seconds for report in reports),
    )


def _placed(device: str, report: SmokeReport, began_s: float) -> SmokeReport:
    rungs, models = (
        tuple(item.later(began_s)._replace(device=device) for item in items) for items in (report.rungs, report.models)
    )
    return report._replace(rungs=rungs, models=models)
