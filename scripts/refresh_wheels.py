"""Brings the wheel tables of `envtool/data/` up to date.

python scripts/refresh_wheels.py                   read the wheel index: confirm the rows it lists, add the new ones
python scripts/refresh_wheels.py --registry URL    read the package registry too
python scripts/refresh_wheels.py --check           write nothing; exit 1 where the tables differ from the pages
python scripts/refresh_wheels.py --facts DIR       compile every table from gathered facts

Drift is printed a line each: + new, ^ confirmed, - gone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import urlsplit

from wheel_facts import compile_facts
from wheel_live import refreshed, write
from wheel_tables import RefreshError

DATA = Path(__file__).resolve().parent.parent / "envtool" / "data"
INDEX = "https://download.pytorch.org/whl"


def main(argv: list[str]) -> int:
    options = arguments(argv)
    try:
        if options.facts:
            compile_facts(options.facts, options.data)
            return 0
        live = refreshed(options.data, options.index, options.registry)
        if live.drift and not options.check:
            write(options.data, live)
    except RefreshError as error:
        print(f"refresh_wheels: {error}", file=sys.stderr)
        return 3
    print("\n".join(live.drift or ["no drift"]))
    for note in live.notes:
        print(f"refresh_wheels: {note}", file=sys.stderr)
    return 1 if live.drift and options.check else 0


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=web_address, default=INDEX, metavar="URL", help="default: %(default)s")
    parser.add_argument("--registry", type=web_address, metavar="URL", help="the registry's simple index")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="where the tables are")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="write nothing, report drift")
    what.add_argument("--facts", type=Path, metavar="DIR", help="the gathered facts")
    return parser.parse_args(argv)


def web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise argparse.ArgumentTypeError(f"{text!r} is no http address")
    return text.rstrip("/")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
