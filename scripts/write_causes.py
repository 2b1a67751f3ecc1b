"""Write docs/causes.md: every cause that envtool doctor knows, from the rules."""

import argparse
import sys

import environment

PAGE = environment.ROOT / "docs" / "causes.md"
HEAD = """# Why installs fail

The causes that `envtool doctor` tells apart, with what a log shows of each, why it comes about, what mends it, and what it
is taken for. Words in braces are filled in from the log. Written by `scripts/write_causes.py` from `envtool/rules/`.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/write_causes.py", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; 1 where the page is not what the rules say"
    )
    check = parser.parse_args().check
    text = page()
    if check:
        sys.exit(0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text else f"{PAGE} is out of date")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")


def page() -> str:
    sys.path.insert(0, str(environment.ROOT))
    from envtool.report.doctor import cause_text  # noqa: PLC0415 - found in the checkout
    from envtool.rules import CAUSES  # noqa: PLC0415

    index = "\n".join(f"- [{name}](#{name}): {cause.what}" for name, cause in sorted(CAUSES.items()))
    return "\n\n".join([HEAD.strip(), index, *(cause_text(cause) for _, cause in sorted(CAUSES.items()))]) + "\n"


if __name__ == "__main__":
    environment.run(main)
