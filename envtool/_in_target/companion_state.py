"""Whether torchvision or torchaudio works beside torch here: `python companion_state.py OUT.json NAME`.

Stand-alone, Python 3.6 grammar. torchvision's own operator is called: some versions load without their compiled part.
"""

import importlib
import json
import sys
from types import ModuleType


def main() -> None:
    answer = {"version": None, "error": None}  # type: dict[str, object]
    try:
        torch = importlib.import_module("torch")
        companion = importlib.import_module(sys.argv[2])
        answer["version"] = str(companion.__version__)
        if sys.argv[2] == "torchvision":
            call_operator(torch, companion)
    except Exception as error:  # noqa: BLE001 - whatever a broken companion raises is the answer
        answer["error"] = said(error)
    with open(sys.argv[1], "w", encoding="ascii") as out:
        json.dump(answer, out)


def call_operator(torch: ModuleType, torchvision: ModuleType) -> None:
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    torchvision.ops.nms(boxes, torch.ones(1), 0.5)


def said(error: BaseException) -> str:
    """With what it was raised from: torchaudio names the library alone, the loader the reason."""
    text = "{}: {}".format(type(error).__name__, error)
    return "{} ({})".format(text, said(error.__cause__)) if error.__cause__ else text


if __name__ == "__main__":
    main()
