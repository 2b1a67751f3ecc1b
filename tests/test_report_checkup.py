"""What the checks found, in words: for a terminal, for a pipe, as Markdown and as JSON."""

from __future__ import annotations

import json

import pytest
from machines import linux

from envtool.checkup import CHECKS, PARTS, Checked
from envtool.checkup.check import Verdict
from envtool.report.checkup import checks_text, checkup_text
from envtool.report.screen import Screen

PIPE = Screen()
PIP = Verdict("error", "pip 19.2 is too old", ("python -m pip install --upgrade pip",))
LONG = Verdict("warning", "a sentence that goes on " * 9, ("a-command " * 12,))
ONLINE = Verdict("note", "not looked at: --online does")
WELL = Verdict("ok", "all is well")


def found(*verdicts: Verdict, ids: tuple[str, ...] = tuple(CHECKS)) -> list[Checked]:
    return [Checked(CHECKS[name], verdict) for name, verdict in zip(ids, verdicts, strict=False)]


def text(*verdicts: Verdict, screen: Screen = PIPE, form: str = "text") -> str:
    return checkup_text(linux(), found(*verdicts), form, screen)


class TestText:
    def test_the_worst_first_then_what_is_well(self) -> None:
        first, second, third, *_ = CHECKS
        assert text(WELL, ONLINE, PIP).splitlines() == [
            f"error    {third}",
            "         pip 19.2 is too old",
            "         To mend it:",
            "           python -m pip install --upgrade pip",
            "",
            f"note     {second}",
            "         not looked at: --online does",
            "",
            f"ok       {first}  all is well",
            "",
            "3 checks: 1 error, 1 note, 1 ok",
        ]

    def test_what_is_the_same_is_said_once(self) -> None:
        lines = text(ONLINE, ONLINE, ONLINE).splitlines()
        assert lines[0] == f"note     {', '.join(list(CHECKS)[:3])}"
        assert lines[-1] == "3 checks: 3 notes"
        assert len(lines) == 4

    def test_all_that_is_well_is_named_below_its_part(self) -> None:
        lines = text(*[WELL] * len(CHECKS), screen=PIPE).splitlines()
        assert [line.split(":")[0] for line in lines[: len(PARTS)]] == [f"ok       {title}" for title in PARTS]
        assert all(name in " ".join(lines) for name in CHECKS)
        assert "all is well" not in " ".join(lines)

    @pytest.mark.parametrize("width", [60, 80, 300])
    def test_words_are_wrapped_and_commands_stay_whole(self, width: int) -> None:
        lines = text(LONG, screen=Screen(width)).splitlines()
        [command] = [line for line in lines if "a-command" in line]
        assert command.strip() == LONG.do[0].strip()
        assert all(len(line) <= min(width, 100) for line in lines if line != command)
        assert len(lines) > 5

    def test_a_pipe_gets_whole_lines(self) -> None:
        assert f"         {' '.join(LONG.seen.split())}" in text(LONG).splitlines()

    def test_colour_is_for_the_status_alone(self) -> None:
        plain = text(PIP, ONLINE, WELL, screen=Screen(80))
        coloured = text(PIP, ONLINE, WELL, screen=Screen(80, colour=True))
        assert "\x1b" not in plain
        assert coloured.startswith("\x1b[1;31merror\x1b[0m    ")
        assert coloured.count("\x1b[") == 6

    def test_what_was_seen_does_not_steer_the_terminal(self) -> None:
        evil = Verdict("error", "a\x1b[2Jb\nc\td\udce4", ("mv \x07 x",))
        shown = text(evil)
        assert "a\N{REPLACEMENT CHARACTER}[2Jb c d\N{REPLACEMENT CHARACTER}" in shown
        assert "\x07" not in shown + text(evil, form="markdown")


def test_markdown_is_one_table() -> None:
    verdict = Verdict("warning", "needs numpy<2 | torch", ("pip install 'numpy<2' | cat", "say `this`"))
    lines = text(WELL, verdict, form="markdown").splitlines()
    second = list(CHECKS)[1]
    assert lines[2] == (
        f"| warning | `{second}` | needs numpy&lt;2 \\| torch | `pip install 'numpy<2' \\| cat`<br>`` say `this` `` |"
    )
    assert lines[3] == f"| ok | `{next(iter(CHECKS))}` | all is well |  |"


def test_json_is_in_the_order_of_the_table() -> None:
    body = json.loads(text(WELL, Verdict("note", "ö\udce4"), PIP, form="json"))
    assert (body["schema"], body["findings"]) == (1, [])
    assert [check["id"] for check in body["checks"]] == list(CHECKS)[:3]
    assert body["checks"][2] == {"id": list(CHECKS)[2], "status": "error", "message": PIP.seen, "fix": list(PIP.do)}
    assert text(Verdict("note", "ö"), form="json").isascii()


def test_every_check_is_listed_below_its_part() -> None:
    blocks = checks_text().split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == list(PARTS)
    assert [line.split()[0] for block in blocks for line in block.splitlines()[1:]] == list(CHECKS)
    assert max(map(len, checks_text().splitlines())) <= 100
