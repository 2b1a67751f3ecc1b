"""What install-torch would install on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envtool.catalogue import Catalogue
    from envtool.cli.this_machine import ThisMachine
    from envtool.conditions import Planned


def plan_for(this: ThisMachine, catalogue: Catalogue) -> Planned | None:
    """None where install-torch refuses."""
    from envtool.conditions import Planned  # noqa: PLC0415
    from envtool.plan import InstallPlan, Request, argv, choose, parse_mirror  # noqa: PLC0415
    from envtool.report.command import command_text, public  # noqa: PLC0415

    mirror = os.environ.get("ENVTOOL_TORCH_MIRROR")
    request = Request(mirror=parse_mirror(mirror, catalogue.mirrors) if mirror else None)
    plan = choose((this.machine,), request, catalogue)
    if not isinstance(plan, InstallPlan):
        return None
    installer = ("pip",) if this.chosen.active else (this.executable, "-m", "pip")
    return Planned(
        command=command_text(argv(public(plan), installer), "powershell" if os.name == "nt" else "sh"),
        torch=dict(plan.packages)["torch"],
        backend=plan.backend,
        index_url=plan.source.url if plan.source else None,
        download_mib=plan.size.download_mib if plan.size else None,
        installed_mib=plan.size.installed_mib if plan.size else None,
    )
