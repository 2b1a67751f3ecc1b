"""The index that this interpreter's pip asks where nothing else is configured: `python index_probe.py OUT.json`.

Stand-alone, Python 3.6 grammar; read by `surroundings.network`.
"""

import importlib
import json
import os
import sys

STDLIB = os.path.dirname(os.__file__)


def main() -> None:
    sys.path[:] = [STDLIB] + sys.path[1:]  # noqa: RUF005 - as in probe.py, which says why
    try:
        index = importlib.import_module("pip._internal.models.index").PyPI.simple_url
    except Exception:  # noqa: BLE001 - no pip, a broken one, or one that keeps it elsewhere
        index = None
    with open(sys.argv[1], "w", encoding="ascii") as out:
        json.dump({"index": index}, out)


if __name__ == "__main__":
    main()
