"""A command as text, quoted for the shell that will read it."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envtool.plan import InstallPlan

SHELLS = ("sh", "powershell", "cmd")
_PLAIN = re.compile(r"[\w@+=:./\\-]+", re.ASCII)


def command_text(argv: Sequence[str], shell: str) -> str:
    """The arguments as one line of `shell`."""
    if shell == "sh":
        return shlex.join(argv)
    if shell == "powershell":
        words = [word if _PLAIN.fullmatch(word) else "'" + word.replace("'", "''") + "'" for word in argv]
        return " ".join(["&", *words] if words[0].startswith("'") else words)
    return " ".join(word if _PLAIN.fullmatch(word) else '"' + word.replace('"', '""') + '"' for word in argv)


def public(plan: InstallPlan) -> InstallPlan:
    """The plan without the user and password that an index address may hold: they are never printed."""
    if plan.source is None:
        return plan
    url = re.sub(r"(?<=://)[^/@]*@", "", plan.source.url)
    return plan if url == plan.source.url else plan._replace(source=plan.source._replace(url=url))
