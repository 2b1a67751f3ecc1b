"""What torch in this interpreter is and does: `python torch_state.py OUT.jsonl`, a JSON object a line.

Stand-alone, Python 3.6 grammar. Each line adds to what is known and is written at once: where the process dies or hangs,
the last "doing" names what it was at. What torch, numpy and scikit-learn raise is an answer too.
"""

import importlib
import json
import re
import sys
import time
import warnings
from types import ModuleType
from typing import Callable, List, Optional

OPENMP = re.compile(r"(/\S.*/lib(?:gomp|iomp5|omp)\b[^/]*\.so[^/\n]*)$")


def main() -> None:
    with open(sys.argv[1], "w", encoding="ascii") as out:

        def tell(**known: object) -> None:
            out.write(json.dumps(known) + "\n")
            out.flush()

        examine(tell)
        tell(doing=None)


def examine(tell: Callable[..., None]) -> None:
    tell(doing="import torch")
    started = time.time()
    try:
        torch = importlib.import_module("torch")
        tell(seconds=round(time.time() - started, 1), **identity(torch))
    except Exception as error:  # noqa: BLE001 - whatever a broken torch raises is the answer
        tell(error=said(error), absent=isinstance(error, ModuleNotFoundError) and error.name == "torch")
        return
    tell(doing="compute on the GPU")
    tell(**try_device(torch))
    tell(doing="import numpy")
    tell(**try_numpy(torch))
    for name in ("scipy.linalg", "sklearn"):
        tell(doing="import " + name)
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001, S112 - only what it loads counts here
            continue
    tell(openmp=loaded_openmp())


def said(error: Exception) -> str:
    return "{}: {}".format(type(error).__name__, error)


def identity(torch: ModuleType) -> "dict[str, object]":
    found = {kind: getattr(torch.version, kind, None) for kind in ("cuda", "hip", "xpu")}
    return dict(found, version=str(torch.__version__), file=getattr(torch, "__file__", None), kernels=kernels(torch))


def kernels(torch: ModuleType) -> List[str]:
    """What the build has kernels for: sm_80, compute_90, gfx1100. Without a GPU at work, as it was compiled."""
    listed = torch.cuda.get_arch_list() if hasattr(torch.cuda, "get_arch_list") else []
    compiled = getattr(getattr(torch, "_C", None), "_cuda_getArchFlags", None)
    return list(listed) or ((compiled() or "").split() if compiled else [])


def try_device(torch: ModuleType) -> "dict[str, object]":
    """The first device that torch finds, and why it does not compute there."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        device = None  # type: Optional[str]
        try:
            for kind in ("cuda", "xpu"):
                devices = getattr(torch, kind, None)
                if devices is not None and devices.is_available():
                    device = str(devices.get_device_name(0))
                    torch.ones(2, device=kind).sum().item()
                    return {"device": device, "device_error": None}
        except Exception as error:  # noqa: BLE001 - as above
            return {"device": device, "device_error": said(error)}
    return {"device": None, "device_error": str(caught[-1].message) if caught else None}


def try_numpy(torch: ModuleType) -> "dict[str, object]":
    """Its version and whether torch takes an array of it; the version is None where it is not installed."""
    try:
        numpy = importlib.import_module("numpy")
    except Exception as error:  # noqa: BLE001 - as above
        absent = isinstance(error, ModuleNotFoundError) and error.name == "numpy"
        return {"numpy": None, "numpy_error": None if absent else said(error)}
    version = str(numpy.__version__)
    try:
        torch.from_numpy(numpy.zeros(2, dtype="float32")).numpy()
    except Exception as error:  # noqa: BLE001 - as above
        return {"numpy": version, "numpy_error": said(error)}
    return {"numpy": version, "numpy_error": None}


def loaded_openmp() -> Optional[List[str]]:
    """The files of OpenMP runtimes in this process; None where the system does not show them."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            found = [OPENMP.search(line) for line in maps]
    except OSError:
        return None
    return sorted({match.group(1) for match in found if match})


if __name__ == "__main__":
    main()
