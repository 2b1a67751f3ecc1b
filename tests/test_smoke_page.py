"""The page of a smoke-test: whole in itself, with every check in it, and nothing in it that was not meant."""

from __future__ import annotations

import re

import pytest
from pages import EXACT, HOSTILE, eventful, faults, page_of, tree, words

from envtool.events import End, Measured, Start
from envtool.report.figure import WINDOW, Frame, Line, curves_svg, mark_labels, running_mean
from envtool.report.gauge import gauge
from envtool.report.page import MARK, number
from envtool.smoke import Seat, fold
from envtool.smoke.device import joined


@pytest.fixture(scope="module")
def page() -> str:
    return page_of(eventful())


class TestPage:
    def test_it_is_whole_and_can_be_read_by_everyone(self, page: str) -> None:
        assert faults(page) == []
        assert tree(page).get("lang") == "en"
        assert MARK in page

    @pytest.mark.parametrize(
        "planted",
        [
            "<script/>",
            '<img src="http://127.0.0.1/x.png" alt="x"/>',
            '<img src="data:image/png;base64,x"/>',
            '<a href="#nowhere">x</a>',
            '<p id="inn"/>',
            '<p style="background: url(x.png)"/>',
            '<p onclick="x()"/>',
            "<h1>x</h1><h3>y</h3>",
            "<table/>",
        ],
    )
    def test_a_planted_fault_is_found(self, page: str, planted: str) -> None:
        assert faults(page.replace("<main>", f"<main>{planted}", 1))

    def test_what_names_hold_stays_text(self, page: str) -> None:
        assert "<script>alert" not in page
        assert words(tree(page).findall(".//section")[1]).count("alert('$x_1$')") > 5

    def test_every_check_is_there_with_its_numbers_and_verdict(self, page: str) -> None:
        rows = {words(row[0]): [words(cell) for cell in row[1:]] for row in tree(page).iter("tr") if len(row) == 5}
        assert rows["values that differ"] == ["0", "≤ 0 values", "exactly 0", "passed"]
        assert rows["round trip"] == ["3 × 10−6", "≤ 0.0002 max abs error", "0.015 of the limit", "passed"]
        assert rows["cover, held out"] == ["28.5", "≥ 24 dB", "1.2 of the limit", "passed"]
        assert rows["by its lowest bits"] == ["33.2", "dB", "", "reported"]
        assert rows[HOSTILE] == ["nan", f"≤ 1 × 10−5 {HOSTILE}", "nan of the limit", "failed"]

    def test_what_did_not_pass_stands_on_top(self, page: str) -> None:
        [header] = tree(page).iter("header")
        assert words(header).startswith("envtool smoke-test 1 model passed; lora failed; kd crashed; late not run on")
        assert "kd crashed: during ensemble: was ended by SIGSEGV" in words(header)
        assert "HiNet passed, 4 of 4 checks hold" in words(header)
        assert "CUDA 12.8" in words(header)

    def test_several_ranks_and_the_worst_of_them(self) -> None:
        seats = tuple(Seat(rank, f"node-{rank}", "cuda:0", HOSTILE, "2.13.0") for rank in range(2))
        report = fold(
            (Start("inn", None, 0.1), EXACT._replace(rank=1), End("inn", None, 2.0, 518.0)), (), ("inn",), 0, 9.0
        )
        drawn = page_of(report._replace(seats=seats))
        assert faults(drawn) == []
        assert f"1 node-1 cuda:0 {HOSTILE} 2.13.0" in words(tree(drawn))
        assert "values that differ worst on rank 1" in words(tree(drawn))
        assert "passed in 2.0 s, at most 518 MiB" in words(tree(drawn))

    def test_several_devices_stand_apart(self) -> None:
        drawn = page_of(joined({"cuda:0": eventful(), "cpu": eventful()}))
        assert faults(drawn) == []
        assert {"HiNet on cuda:0", "HiNet on cpu"} <= {words(each) for each in tree(drawn).iter("h2")}

    def test_what_was_not_run_says_why(self, page: str) -> None:
        body = words(tree(page))
        assert "stream a second stream: only CUDA devices have streams not run" in body
        assert "late not run: it was not reached" in body
        assert "torch sees the device; other programs keep the cores busy" in body

    def test_what_died_lasted_until_the_end(self, page: str) -> None:
        [timeline] = [table for table in tree(page).iter("table") if table.get("class") == "timeline"]
        assert "kd 33.5 s 7.7 s" in words(timeline)
        assert "late" not in words(timeline)

    def test_curves_of_the_same_axes_share_a_drawing(self, page: str) -> None:
        drawn = [each.get("aria-label") for each in tree(page).iter("div") if each.get("role") == "img"]
        assert len(drawn) == 3
        assert drawn[1] == (
            "reversible: from 0.5 at depth, blocks 1 to 0.5 at 2; plain: from 0.5 at depth, blocks 1 to 1 at 2"
        )

    def test_a_test_that_got_nowhere_says_what_to_do(self) -> None:
        nowhere = page_of(fold((), ("import-torch",), ("inn",), 0, 0.0))
        assert faults(nowhere) == []
        assert "pip install torch" in words(tree(nowhere))


class TestGauge:
    @pytest.mark.parametrize(
        ("measured", "limit", "better", "filled", "is_log"),
        [
            (1.0, 2.0, "lower", 37.5, False),
            (2.0, 2.0, "lower", 75.0, False),
            (2e-6, 2e-4, "lower", 50.0, True),
            (0.0, 2e-4, "lower", 0.0, True),
            (1e-20, 1.0, "lower", 0.0, True),
            (10.0, 1.0, "lower", 87.5, True),
            (float("inf"), 1.0, "lower", 100.0, True),
            (float("nan"), 1.0, "lower", 100.0, True),
            (0.0, 0.0, "lower", 0.0, False),
            (1.0, 0.0, "lower", 100.0, False),
            (3.0, 2.0, "higher", 37.5, False),
            (1.0, 0.01, "higher", 50.0, True),
            (-1.0, 2.0, "higher", 0.0, True),
        ],
    )
    def test_places(self, measured: float, limit: float, better: str, filled: float, is_log: bool) -> None:
        found = gauge(Measured("inn", "x", measured, limit, "", better))
        assert found
        assert (found.filled, found.is_log) == (filled, is_log)

    @pytest.mark.parametrize("better", ["lower", "higher"])
    @pytest.mark.parametrize("exponent", [-9, -3, -1, 0, 1, 3])
    def test_a_bar_ends_in_what_is_allowed_where_the_check_passed(self, better: str, exponent: int) -> None:
        check = Measured("inn", "x", 3 * 10.0**exponent, 1.0, "", better)
        found = gauge(check)
        assert found
        assert (found.allowed_from <= found.filled <= found.allowed_to) == check.passed

    def test_nothing_is_drawn_where_nothing_is_judged(self) -> None:
        assert gauge(EXACT._replace(limit=None)) is None


class TestNumber:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (0.0, "0"),
            (68810.0, "68,810"),
            (-2.5, "−2.5"),
            (3.14159e-7, "3.14 × 10<sup>−7</sup>"),
            (1e30, "1 × 10<sup>30</sup>"),
            (float("nan"), "nan"),
            (float("-inf"), "−inf"),
        ],
    )
    def test_as_a_person_writes_it(self, value: float, shown: str) -> None:
        assert number(value) == shown


class TestFigure:
    FRAME = Frame("step", "nats")
    LINE = Line("loss", (0.0, 1.0, 2.0), (3.0, 1.0, 2.0))

    def test_its_ids_are_its_own(self) -> None:
        one, two = (curves_svg(name, [self.LINE], self.FRAME) for name in ("a", "b"))
        ids = [set(re.findall(r'id="([^"]*)"', svg)) for svg in (one, two)]
        assert ids[0]
        assert not ids[0] & ids[1]
        assert set(re.findall(r'(?:href="#|url\(#)([^")]*)', one)) <= ids[0]

    def test_its_colours_are_the_pages(self) -> None:
        svg = curves_svg("a", [self.LINE, self.LINE._replace(title="other")], self.FRAME)
        assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) == set()
        assert {"currentColor", "var(--accent)", "var(--muted)", "var(--line)"} <= set(
            re.findall(r"currentColor|var\(--\w+\)", svg)
        )

    def test_its_text_is_text(self) -> None:
        svg = curves_svg("a", [self.LINE], Frame("step", "US$ or $\\frac"))
        assert ">US$ or $\\frac</text>" in svg

    def test_the_same_curves_give_the_same_file(self) -> None:
        assert curves_svg("a", [self.LINE], self.FRAME) == curves_svg("a", [self.LINE], self.FRAME)

    def test_marks_that_stand_close_share_a_label(self) -> None:
        assert mark_labels([0.0, 1.0, 1.1, 1.2, 3.0], close=0.5) == [(0.0, "1"), (1.0, "2-4"), (3.0, "5")]

    def test_a_running_mean(self) -> None:
        assert running_mean([float(value) for value in range(WINDOW + 1)]) == [(WINDOW - 1) / 2, (WINDOW + 1) / 2]
