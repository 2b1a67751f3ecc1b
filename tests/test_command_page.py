"""The page of a command that doctor ran."""

from __future__ import annotations

from typing import Any

import pytest
from pages import MEMORY, SAMPLES, USAGE, WORKED, faults, page_of_command, tree, words

from envtool.usage import Usage

VARIANTS: dict[str, dict[str, Any]] = {
    "failed": {},
    "worked": {"ran": WORKED, "usage": USAGE._replace(status=0)},
    "no memory": {"usage": USAGE._replace(memory=None)},
    "short": {"usage": USAGE._replace(samples=SAMPLES[:1])},
    "nothing": {"usage": Usage(0.0, 1)},
    "unexplained": {"log": b"error: nobody knows this one\n"},
    "full": {"usage": USAGE._replace(samples=tuple(each._replace(free_bytes=(0, 0)) for each in SAMPLES))},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_is_whole_and_can_be_read_by_everyone(variant: str) -> None:
    drawn = page_of_command(**VARIANTS[variant])
    assert faults(drawn) == []
    assert "<script>alert" not in drawn


def test_finding_and_fix_stand_on_top() -> None:
    root = tree(page_of_command())
    assert words(next(root.iter("h1"))).startswith("The disk")
    body = words(root)
    assert body.index("No space left on device") < body.index("pip cache purge") < body.index("Where the log turns")


def test_no_password_is_shown() -> None:
    assert "secret" not in page_of_command()
    assert "https://localhost/simple" in page_of_command()


def test_what_was_used_is_said() -> None:
    facts = {
        words(fact[0]): words(fact[1])
        for fact in tree(page_of_command()).iter("div")
        if len(fact) == 2 and fact[0].tag == "dt"
    }
    assert facts["Took"] == "3.0 s"
    assert facts["Memory"] == "5.00 GB at most, of 8.00 GB of this machine"
    assert facts["/$tmp"] == "8 MB taken at most, 0 kB left of 9 MB"


def test_a_kill_for_want_of_memory_is_said() -> None:
    drawn = page_of_command(usage=USAGE._replace(memory=MEMORY._replace(oom_kills=1, ended=("cc1plus (7)",))))
    assert "the kernel ended cc1plus (7)" in words(tree(drawn))


def test_memory_and_each_disk_are_drawn_over_time_with_the_turns() -> None:
    root = tree(page_of_command())
    said = [each.get("aria-label") for each in root.iter("div") if each.get("role") == "img"]
    assert said[0] == "Memory, over time: from 0 to 3 GB"
    assert said[1] == "Free on /$tmp (TMPDIR), over time: from 5 to 8 MB"
    assert len(said) == 3
    [turns] = [table for table in root.iter("table") if table.get("class") == "turns"]
    assert "1 1.0 s Collecting six" in words(turns)
    assert "2 2.0 s ERROR: [Errno 28]" in words(turns)


def test_where_it_worked_there_is_nothing_to_mend() -> None:
    body = words(tree(page_of_command(WORKED, USAGE._replace(status=0))))
    assert "pip ended with exit status 0" in body
    assert "To mend it" not in body
