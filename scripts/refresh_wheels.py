"""Brings the wheel tables of `envtool/data/` up to date.

python scripts/refresh_wheels.py --facts DIR    compile them from gathered facts
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wheel_facts import compile_facts
from wheel_tables import RefreshError

DATA = Path(__file__).resolve().parent.parent / "envtool" / "data"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=Path, required=True, metavar="DIR", help="the gathered facts")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="where the tables are")
    options = parser.parse_args(argv)
    try:
        compile_facts(options.facts, options.data)
    except RefreshError as error:
        print(f"refresh_wheels: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
