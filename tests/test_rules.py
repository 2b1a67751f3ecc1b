"""The rules as data: whole, harmless, and quick on any line."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from regex_steps import steps
from signs import SIGNS

from envtool.diagnose.packages import needs
from envtool.diagnose.words import BLANKS, NOUNS, ONLY_FOR, PHRASES
from envtool.rules import CAUSES, CONFIDENCES, RULES, Rule
from envtool.rules.anchors import anchors
from envtool.rules.projects import first_wheels, torch_builds
from envtool.rules.rule import compiled

IDS = set(
    re.findall(
        r"\S+",
        """
    disk-full out-of-memory missing-c-compiler missing-msvc missing-python-headers missing-system-library
    missing-build-tool missing-rust rust-too-old no-wheel-for-python requires-python-mismatch platform-unsupported
    wheel-tag-mismatch build-needs-torch undeclared-build-dep pkg-resources-removed build-backend-too-new
    distutils-removed python-api-removed numpy-abi network-unreachable proxy-error ssl-verify ssl-module-missing
    index-auth hash-mismatch resolver-conflict externally-managed permission-denied file-in-use read-only-fs tmp-noexec
    windows-long-path encoding-error cuda-home-missing cuda-version-mismatch torch-local-version-index name-not-found
    version-not-found obsolete-package bad-metadata pip-too-old corrupted-artifact git-missing vcs-fetch-failed
    uninstall-blocked invalid-requirement broken-source-package broken-python-env not-a-failure
    """,
    )
)
PATTERNS = [pytest.param(pattern, id=f"{rule.cause.id}-{pattern[:40]}") for rule in RULES for pattern in rule.patterns]
HARM = re.compile(
    r"sudo pip|--break-system-packages|\brm\s+-|--trusted-host|\bchmod 777|curl[^|\n]*\|\s*(?:sudo )?(?:ba)?sh"
)
UNBOUNDED = re.compile(r"(?<!\\)(?:[*+]|\{\d*,\})")
COMMAND_WORDS = {*BLANKS, *ONLY_FOR, "pip", "install", "install_newest", "requirement", "remedy", "other_python"}
SENTENCE_WORDS = {*NOUNS, *PHRASES, "line"}
MOST_STEPS = 150_000  # on a line of HOSTILE characters
HOSTILE = 200


def fixes_of(name: str) -> list[str]:
    """All that may be advised: the cause's own, and what a sign knows better."""
    return [*CAUSES[name].fix, *(line for rule in RULES if rule.cause.id == name for line in rule.fix or ())]


def words_of(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_the_causes_are_the_fifty_that_people_can_look_up() -> None:
    assert set(CAUSES) == IDS
    assert len(IDS) == 50


@pytest.mark.parametrize("name", sorted(IDS))
def test_a_cause_says_all_that_is_to_be_said(name: str) -> None:
    cause = CAUSES[name]
    assert all((cause.what, cause.recognise, cause.title, cause.why, cause.fix, cause.source, cause.neighbours))
    assert {neighbour for neighbour, _ in cause.neighbours} <= IDS - {name}
    assert cause.title.endswith((".", "}"))
    assert cause.why.endswith(".")
    assert len(cause.what) <= 100
    assert cause.severity == ("note" if name == "not-a-failure" else "error")


@pytest.mark.parametrize("name", sorted(IDS))
def test_no_advice_harms(name: str) -> None:
    assert not HARM.search("\n".join(fixes_of(name)))


@pytest.mark.parametrize("name", sorted(IDS))
def test_every_word_of_an_advice_can_be_filled_in(name: str) -> None:
    cause = CAUSES[name]
    titles = [cause.title, *(rule.title for rule in RULES if rule.cause is cause and rule.title)]
    assert {word for title in titles for word in words_of(title)} <= SENTENCE_WORDS
    assert {word for command in fixes_of(name) for word in words_of(command)} <= COMMAND_WORDS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.cause.id}-{rule.stage.name}")
def test_a_rule_speaks_of_causes_that_exist(rule: Rule) -> None:
    assert rule.patterns
    assert rule.confidence in CONFIDENCES
    assert set(rule.over) <= IDS - {rule.cause.id, "not-a-failure"}


def test_order_is_rank() -> None:
    assert [rule.stage for rule in RULES] == sorted(rule.stage for rule in RULES)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_can_run_on(pattern: str) -> None:
    """White space aside, that each stands for a single space, every repeat is bounded."""
    without_classes = re.sub(r"\[(?:\\.|[^\]\\])*\]", "[]", pattern)
    assert not UNBOUNDED.search(without_classes)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_has_words_to_be_found_by(pattern: str) -> None:
    assert all(len(word) >= 1 for word in anchors(pattern))
    assert anchors(pattern) != ("",)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"No space left on device", ("device",)),
        (r"abc?defg", ("defg",)),
        (r"abcde+fg", ("abcde",)),
        (r"x(?:one|two)? three", ("three",)),
        (r"(?P<name>seven|eight)s? (?=never)", ("seven", "eight")),
        (r"one\.two|three", ("one.two", "three")),
        (r"[a-z]{1,9}\d", ("",)),
        (r"(?:a|b{0,2})longer", ("longer",)),
        (r"\bword\b\n[^\n]{0,9}", ("word",)),
    ],
)
def test_the_words_of_a_pattern(pattern: str, words: tuple[str, ...]) -> None:
    assert anchors(pattern) == words


def test_no_match_lacks_all_the_words_of_its_pattern() -> None:
    logs = [log for logs in SIGNS.values() for log in logs]
    matched = 0
    for rule in RULES:
        for pattern in rule.patterns:
            for log in logs:
                for match in compiled(pattern).finditer(log):
                    matched += 1
                    assert any(word in match[0].lower() for word in anchors(pattern)), pattern
    assert matched > len(logs)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", PATTERNS)
def test_hostile_lines_take_a_bounded_number_of_steps(pattern: str) -> None:
    """Lines that nearly match, over and over: the words of the pattern, names, quotes, paths, white space."""
    for stuff in (" ".join(anchors(pattern)), f"{anchors(pattern)[0]} '", "a.b-c/", " \t", "'\"`(", "0.1, "):
        line = (stuff * HOSTILE)[:HOSTILE]
        assert steps(compiled(pattern), line) <= MOST_STEPS


def test_steps_tell_a_bad_pattern_from_a_good_one() -> None:
    assert steps(re.compile(r"(?:a{1,30}){1,30}b"), "a" * 18) > MOST_STEPS
    assert steps(re.compile(r"ab"), "a" * 14) < 50


def test_what_the_system_installs_is_known_by_every_name() -> None:
    assert "sudo apt" not in needs()
    for name in (
        "c-compiler",
        "msvc",
        "python-headers",
        "rust",
        "openssl",
        "git",
        "pg_config",
        "ffi.h",
        "cmake",
        "ninja",
    ):
        assert needs()[name].packages or needs()[name].instead


def test_later_pythons_came_with_later_versions() -> None:
    for versions in first_wheels().values():
        in_order = [versions[python] for python in sorted(versions)]
        assert in_order == sorted(in_order)


def test_the_builds_of_torch_are_those_of_the_catalogue() -> None:
    assert "cu118" in torch_builds()["torch", "2.0.1"]
    assert "cu121" not in torch_builds()["torch", "2.0.1"]
