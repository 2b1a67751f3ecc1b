"""Compiles the tables of `envtool/data/` that say which distribution an import comes from.

python scripts/refresh_imports.py --facts DIR      compile every table from gathered facts

Left out is what needs no row: a name whose distribution has the same name, and what hardly anyone imports.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DATA = Path(__file__).resolve().parent.parent / "envtool" / "data"
EMPTY = "-"
OLDEST_MINOR = 6  # Python 3.6 is the oldest that the tables speak of
Cells = tuple[str, ...]
Fact = dict[str, str]

# What the gathered facts lack or get wrong, read in the projects themselves on 2026-11-24: import, distribution, why.
CORRECTIONS = (
    ("psycopg2", "psycopg2", "the project advises psycopg2 in production; psycopg2-binary is the same import, built"),
    ("forgery_py", "ForgeryPy", ""),
    ("goose", "goose-extractor", "Python 2; for Python 3 it is goose3, imported as goose3"),
)
EARLY_PILLOW = (  # modules of PIL that were imported without it in the days of Python 2, as Image was
    "ImageChops ImageColor ImageDraw ImageEnhance ImageFile ImageFilter ImageFont ImageGrab ImageMath ImageOps"
    " ImagePalette ImagePath ImageSequence ImageStat ImageTk ImageWin PSDraw"
)
ABSENT = (("_typeshed", "type checkers alone have it"), ("google.colab", "Colab alone has it"))

# Generated families. Each stub has a distribution of its own, which beats the one that holds them all.
GENERATED = re.compile(r"(mypy_boto3|types_boto3|types_aiobotocore)_\w+|(volcengine|byteplus)sdk\w+")

NO_NEWS = (
    r"PyPI `?[\w.-]+`? is another project name .*",
    r"not among the 15,000 most downloaded",
    r"only claimant",
    r"picked by its summary",
    r"\d+ PyPI distributions install it",
    r"secondary top-level of that distribution",
    r"no package content read",
    r"(?:most downloaded claimant is|PyPI also has an unranked) .*",
    r"not in the .* wheel read.*",
)
NO_MARKER = r"never suggest|still needs it|imports as graphlib|other API"
TRAPS = {  # by the kinds of ambiguous.tsv
    "local-module name": "local",
    "real project and common local name": "local",
    "dummy, squat or namesake of an import": "namesake",
}


class Facts(NamedTuple):
    folder: Path
    read: str  # when they were gathered

    def rows(self, name: str) -> list[Fact]:
        path = self.folder / name
        if not path.is_file():
            raise SystemExit(f"refresh_imports: {path} is not there: --facts takes the folder imports/ of the facts")
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=Path, required=True, metavar="DIR", help="the gathered facts")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="where the tables go")
    options = parser.parse_args(argv)
    facts = Facts(options.facts, heading_date(options.facts / "README.md"))
    names, traps = list(import_names(facts)), list(import_traps(facts))
    named = {row[0] for row in names}
    write(
        options.data / "import_names.tsv",
        "an import, dotted inside a namespace, with the distribution to install",
        ("import", "distribution", "alternatives", "confidence", "note", "source"),
        names,
        facts.read,
    )
    write(
        options.data / "import_traps.tsv",
        "an import for which no distribution may be named in silence, the one of the same name least of all",
        ("import", "kind", "note", "source"),
        [shared(row, named) for row in traps if row[0] not in named],
        facts.read,
    )
    write(
        options.data / "stdlib.tsv",
        "a module of the standard library, with the first and the last Python 3 that has it",
        ("module", "python_2", "first", "last", "source"),
        stdlib(facts),
        facts.read,
    )
    write(
        options.data / "backports.tsv",
        "an import that a Python of some versions needs a distribution for",
        ("import", "distribution", "marker", "note", "source"),
        backports(facts),
        facts.read,
    )


def heading_date(readme: Path) -> str:
    found = re.search(r"^#.*?(\d{4}-\d\d)", readme.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise SystemExit(f"refresh_imports: {readme} has no heading with a date: facts without a date cannot be used")
    return found.group(1)


def write(path: Path, what: str, columns: Cells, rows: Iterable[Cells], read: str) -> None:
    """Replace the table at once, so that no reader meets half of it."""
    head = f"# {what}; written by scripts/refresh_imports.py; facts as of {read}"
    ordered = sorted(set(rows), key=lambda cells: (cells[0].lower(), cells))
    lines = [head, "\t".join(columns), *("\t".join(cell or EMPTY for cell in cells) for cells in ordered)]
    temporary = path.with_suffix(".tmp")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    temporary.replace(path)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def news(note: str) -> str:
    """A note without what the row says anyway."""
    parts = [part.strip() for part in re.split(r";\s+", note.replace(": never suggest", ""))]
    return "; ".join(part for part in parts if part and not any(re.fullmatch(said, part) for said in NO_NEWS))


def import_names(facts: Facts) -> Iterator[Cells]:
    for name, distribution, note in CORRECTIONS:
        yield name, distribution, "", "certain", note, "the project itself"
    for name in EARLY_PILLOW.split():
        yield name, "pillow", "", "likely", f"Python 2 era `import {name}`; now PIL.{name}", "the project itself"
    corrected = {name for name, *_ in (*CORRECTIONS, *ABSENT)}
    kept: dict[str, str] = {}
    gathered = sorted(facts.rows("import_names.tsv"), key=lambda fact: fact["import"])
    for fact in gathered:
        name, distribution = fact["import"], fact["distribution"]
        if name in corrected or not is_wanted(fact) or distribution in ("", owner(name, kept)):
            continue
        kept[name] = distribution
        alternatives = " ".join(fact["alternatives"].replace("|", " ").split())
        yield name, distribution, alternatives, fact["confidence"], news(fact["note"]), fact["sources"]
    known = {fact["import"] for fact in gathered} | corrected
    for fact in facts.rows("pipreqs_wrong.tsv"):
        installs_it_too = fact["kind"] == "other claimant" and fact["confidence"] == "disputed"
        if fact["import"] not in known and not fact["right"].startswith("(") and not installs_it_too:
            yield fact["import"], fact["right"], "", fact["confidence"], "", f"against {fact['source']}"


def owner(name: str, kept: dict[str, str]) -> str | None:
    """What the longest prefix that has a row says already."""
    while "." in name:
        name = name.rpartition(".")[0]
        if name in kept:
            return kept[name]
    return None


def is_wanted(fact: Fact) -> bool:
    name = fact["import"]
    if GENERATED.fullmatch(name):
        return False
    if "." not in name and canonical(name) == canonical(fact["distribution"]):
        return False  # the same-name rule says so
    is_rare = "not among the 15,000 most downloaded" in fact["note"]
    return fact["confidence"] != "likely" or not is_rare or "curated" in fact["sources"]


def import_traps(facts: Facts) -> Iterator[Cells]:
    for name, note in ABSENT:
        yield name, "absent", note, "the project itself"
    told: set[str] = set()
    for fact in facts.rows("ambiguous.tsv"):
        kind = TRAPS.get(fact["kind"], "absent")
        if fact["most_likely"] in ("(none)", "(local folder)"):
            told.add(fact["import"])
            kind = "namespace" if "namespace" in fact["why"] else kind
            note = "" if kind == "local" else "; ".join(filter(None, (news(fact["why"]), unlike(fact))))
            yield fact["import"], kind, note, f"ambiguous names, {fact['confidence']}"
    for fact in facts.rows("pipreqs_wrong.tsv"):
        name = fact["import"]
        if name not in told and fact["right"].startswith(("(unknown)", "(namespace", "(none)")):
            kind = "namespace" if fact["kind"] == "namespace" else "absent"
            yield name, kind, fact["why"], f"against {fact['source']}"


def shared(row: Cells, named: set[str]) -> Cells:
    """The trap; a namespace where distributions are known below it."""
    name, _, note, source = row
    is_namespace = any(other.startswith(f"{name}.") for other in named)
    if is_namespace:
        return name, "namespace", note or "shared by many distributions", source
    return row


def unlike(fact: Fact) -> str:
    """What the distribution of that name is, where it is something else and nothing said so yet."""
    said = re.fullmatch(r'never suggest: (\S+) .*?"(.*)"', fact["never_suggest_or_state"])
    if not said or f"PyPI `{said[1]}`" in fact["why"]:
        return ""
    about = textwrap.shorten(said[2], 60, placeholder=" ...")
    return f"{said[1]} is another project{f': {about}' if about else ''}"


def stdlib(facts: Facts) -> Iterator[Cells]:
    for fact in facts.rows("stdlib.tsv"):
        python_2 = "yes" if fact["in_2.7"] == "yes" else ""
        last = fact["last_version_if_removed"] or (fact["first_3.x"] and "now")
        yield fact["module"], python_2, fact["first_3.x"], last, fact["sources"].partition(";")[0]


def backports(facts: Facts) -> Iterator[Cells]:
    """Those that Python 3.6 or a later one needs, by the name that is imported."""
    rows = facts.rows("backports.tsv")
    for fact in rows:
        lacking = re.fullmatch(r'python_version < "3\.(\d+)"', fact["marker"])
        if lacking and int(lacking[1]) > OLDEST_MINOR and not re.search(NO_MARKER, fact["note"]):
            alias = re.search(r"imports as (\w+)$", fact["note"])
            name = alias[1] if alias else fact["backport_name"]
            yield name, fact["distribution"], fact["marker"], "" if alias else fact["note"], "backports"
    gone: dict[str, Fact] = {}
    for fact in sorted(rows, key=downloads):
        if fact["note"].startswith("REVERSE") and not re.search(r"imports as (crypt_r|fissix)", fact["note"]):
            gone |= {name: fact for name in fact["stdlib"].split(", ") if name not in gone}
    for name, fact in gone.items():
        yield name, fact["distribution"], fact["marker"], "", "modules that left the standard library"


def downloads(fact: Fact) -> int:
    rank = re.search(r"rank (\d+)", fact["state_on_list"])
    return int(rank[1]) if rank else sys.maxsize


if __name__ == "__main__":
    main(sys.argv[1:])
