"""The interpreter and its pip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.checkup.check import Check, Verdict

if TYPE_CHECKING:
    from envtool.conditions import Conditions


def virtual_environment(seen: Conditions) -> Verdict:
    target = seen.here.target
    if target.is_venv:
        return Verdict("ok", f"{target.prefix} is a virtual environment")
    if target.externally_managed:
        return Verdict(
            "error",
            f"{target.prefix} belongs to the system, which lets no pip install into it (PEP 668)",
            (f"{seen.here.executable} -m venv .venv",),
        )
    return Verdict("note", f"{target.prefix} is no virtual environment: what is installed there, every project gets")


CHECKS = (
    Check("virtual-environment", "whether the interpreter is of an environment of its own", None, virtual_environment),
)
