"""How many devices of each kind torch sees: `python devices.py OUT.json`.

Stand-alone, Python 3.6 grammar. The CPU is not among them.
"""

import json
import sys
from typing import Dict

import torch


def seen() -> Dict[str, int]:
    found = {}
    for kind, backend in (("cuda", torch.cuda), ("xpu", getattr(torch, "xpu", None))):
        found[kind] = backend.device_count() if backend is not None and backend.is_available() else 0
    mps = getattr(torch.backends, "mps", None)
    found["mps"] = int(mps is not None and mps.is_available())
    return found


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(seen(), file)
