"""The causes of failed installs that are known, as data, and the signs of each in a log. Order is rank."""

from __future__ import annotations

from envtool.rules import (
    artifacts,
    build,
    choice,
    compilers,
    cuda,
    environment,
    index,
    machine,
    network,
    room,
    rust,
    success,
)
from envtool.rules.rule import CONFIDENCES, Cause, Rule, Stage, compiled

__all__ = ("CAUSES", "CONFIDENCES", "RULES", "Cause", "Rule", "Stage", "compiled")

_TOPICS = (room, machine, environment, network, cuda, build, choice, artifacts, index, rust, compilers, success)

RULES: tuple[Rule, ...] = tuple(
    sorted((rule for topic in _TOPICS for rule in topic.RULES), key=lambda rule: rule.stage)
)
CAUSES: dict[str, Cause] = {rule.cause.id: rule.cause for topic in _TOPICS for rule in topic.RULES}
