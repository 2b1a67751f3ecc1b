"""Whether torch works in this interpreter, and on which device: `python torch_check.py OUT.json`.

Stand-alone, Python 3.6 grammar. A torch that is absent or broken is an answer too, in "error". A device is available
once it has done a sum, for that a build has no kernels for a card does not show before.
"""

import importlib
import json
import sys
import warnings
from types import ModuleType
from typing import Dict, Optional, Tuple


def main() -> None:
    answer = dict.fromkeys(("version", "cuda", "hip", "xpu", "device", "available", "error"))  # type: Dict[str, object]
    answer["available"] = False
    caught = []
    try:
        torch = importlib.import_module("torch")
        with warnings.catch_warnings(record=True) as caught:  # of the devices alone: that NumPy is absent is no fault
            warnings.simplefilter("always")
            look(torch, answer)
    except Exception as error:  # noqa: BLE001 - whatever a broken torch raises is the answer
        answer["error"] = "{}: {}".format(type(error).__name__, error)
    if not answer["device"] and not answer["error"] and caught:
        answer["error"] = str(caught[-1].message)  # "The NVIDIA driver on your system is too old ..."
    with open(sys.argv[1], "w", encoding="ascii") as out:
        json.dump(answer, out)


def look(torch: ModuleType, answer: Dict[str, object]) -> None:
    """Fill in the answer as far as this torch gets."""
    answer["version"] = str(torch.__version__)
    for kind in ("cuda", "hip", "xpu"):
        answer[kind] = getattr(torch.version, kind, None)
    found = first_device(torch)
    if found:
        kind, answer["device"] = found
        torch.ones(2, device=kind).sum().item()
        answer["available"] = True


def first_device(torch: ModuleType) -> Optional[Tuple[str, str]]:
    """Its kind as torch calls it, and its name."""
    if torch.cuda.is_available():  # an AMD card counts as one of these
        return "cuda", torch.cuda.get_device_name(0)
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        return "xpu", torch.xpu.get_device_name(0)
    if hasattr(torch.backends, "mps") and torch.backends.mps.is_available():
        return "mps", "Apple GPU"
    return None


if __name__ == "__main__":
    main()
