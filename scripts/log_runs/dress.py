"""Logs as the programs around an installer show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def docker(text: str) -> str:
    """A step of `docker build`, its seconds in front of each line."""
    command, *lines = text.splitlines()
    asked = command.removeprefix("$ ")
    shown = [f"#8 {1.2 + 0.37 * number:.3f} {line}".rstrip() for number, line in enumerate(lines)]
    ended = f'#8 ERROR: process "/bin/sh -c {asked}" did not complete successfully: exit code: 1'
    return "\n".join([f"#8 [4/6] RUN {asked}", *shown, ended, ""])


def github(text: str) -> str:
    """A step of a GitHub workflow, each line with its time."""
    return "".join(
        f"2025-03-04T09:{12 + number // 60:02}:{number % 60:02}.{(number * 7919) % 10**7:07}Z {line}\n"
        for number, line in enumerate(text.splitlines())
    )


def pytest(text: str) -> str:
    """What a failing test captured."""
    return "".join(f"E           {line}\n" for line in text.splitlines())


DRESSES: dict[str, Callable[[str], str]] = {"docker build": docker, "GitHub Actions": github, "pytest": pytest}
