"""What holds for every check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import whereabouts

from envtool.checkup import CHECKS

if TYPE_CHECKING:
    from pathlib import Path

LOOKING = [check.id for check in CHECKS.values() if check.part]


@pytest.mark.parametrize("check", LOOKING)
def test_what_was_not_looked_at_is_unknown(tmp_path: Path, check: str) -> None:
    at = whereabouts.here(tmp_path)._replace(online=True)
    assert CHECKS[check].judge(whereabouts.conditions(at)).status == "unknown"
