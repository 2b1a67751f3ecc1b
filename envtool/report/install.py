"""An InstallPlan in the language of the tool that will read it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from envtool.errors import RequestInvalid
from envtool.plan import InstallPlan, argv
from envtool.report.command import command_text, public

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from envtool.plan import Refusal

    Format = Callable[[InstallPlan, Sequence[str], str], str]


def install_text(plan: InstallPlan, form: str, installer: Sequence[str], shell: str) -> str:
    """The plan in one of FORMATS; `installer` is what stands before `install` in a command."""
    return FORMATS[form](public(plan), installer, shell)


def install_json(answer: InstallPlan | Refusal, installer: Sequence[str], shell: str, as_of: str) -> str:
    body = (
        _plan_fields(public(answer), installer, shell, as_of)
        if isinstance(answer, InstallPlan)
        else _refusal_fields(answer, installer, shell)
    )
    return json.dumps({"schema": 1, **body})  # ASCII: whatever the locale, it reads as UTF-8


def _plan_fields(plan: InstallPlan, installer: Sequence[str], shell: str, as_of: str) -> dict[str, object]:
    pins = dict(plan.packages)
    words = argv(plan, installer)
    return {
        "outcome": "install",
        "torch": pins["torch"],
        "torchvision": pins.get("torchvision"),
        "torchaudio": pins.get("torchaudio"),
        "backend": plan.backend,
        "index_url": plan.source and plan.source.url,
        "index_option": plan.source and plan.source.option,
        "confirmed": plan.confirmed,
        "command": command_text(words, shell),
        "argv": words,
        "reasons": plan.reasons,
        "warnings": plan.warnings,
        "facts_as_of": as_of,
    }


def _refusal_fields(refusal: Refusal, installer: Sequence[str], shell: str) -> dict[str, object]:
    nearest = [
        {"change": way.change, "command": way.plan and command_text(argv(public(way.plan), installer), shell)}
        for way in refusal.nearest
    ]
    return {"outcome": "refuse", "reasons": refusal.reasons, "nearest": nearest}


def _pip(plan: InstallPlan, installer: Sequence[str], shell: str) -> str:
    return command_text(argv(plan, installer), shell)


def _uv(plan: InstallPlan, installer: Sequence[str], shell: str) -> str:
    """As pip's, with the interpreter named in uv's way."""
    python = ("--python", installer[0]) if installer[1:] == ("-m", "pip") else ()
    return command_text(argv(plan, ("uv", "pip"), python), shell)


def _requirements(plan: InstallPlan, _installer: Sequence[str], _shell: str) -> str:
    return "\n".join(_requirement_lines(plan))


def _requirement_lines(plan: InstallPlan) -> list[str]:
    option = {"-f": "--find-links"}.get(plan.source.option, plan.source.option) if plan.source else None
    source = [f"{option} {plan.source.url}"] if plan.source else []
    return [*source, *(["--pre"] if plan.pre else []), *plan.requirements]


def _pyproject(plan: InstallPlan, _installer: Sequence[str], _shell: str) -> str:
    """A whole file that uv and pip read; the index is explicit, so that nothing else is taken from it."""
    lines = [
        "[project]",
        'name = "my-project"',
        'version = "0.1.0"',
        f'requires-python = "=={plan.python}.*"',
        f"dependencies = {json.dumps(list(plan.requirements))}",
    ]
    if plan.source:
        flat = ['format = "flat"'] if plan.source.is_flat else []
        table = ["[[tool.uv.index]]", f'name = "{plan.source.name}"', f"url = {json.dumps(plan.source.url)}", *flat]
        sources = [f'{name} = {{ index = "{plan.source.name}" }}' for name, _pin in plan.packages]
        lines += ["", *table, "explicit = true", "", "[tool.uv.sources]", *sources]
    if plan.pre:
        lines += ["", "[tool.uv]", 'prerelease = "allow"']
    return "\n".join(lines)


def _dockerfile(plan: InstallPlan, _installer: Sequence[str], _shell: str) -> str:
    if plan.system != "Linux":
        raise RequestInvalid("an image of --format dockerfile runs on Linux: plan for it with --os linux")
    lines = [f"FROM python:{plan.python}-slim"]
    if plan.backend.startswith("cu"):  # what the NVIDIA container toolkit reads
        lines += ["ENV NVIDIA_VISIBLE_DEVICES=all", "ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility"]
    return "\n".join([*lines, f"RUN {command_text(argv(plan, ('pip',), ('--no-cache-dir',)), 'sh')}"])


def _environment_yml(plan: InstallPlan, _installer: Sequence[str], _shell: str) -> str:
    """Conda makes the Python, pip installs torch: the official conda channel ended with torch 2.6."""
    lines = ["name: torch", "channels:", "  - conda-forge", "dependencies:", f"  - python={plan.python}", "  - pip"]
    items = [f"      - {json.dumps(line)}" for line in _requirement_lines(plan)]
    return "\n".join([*lines, "  - pip:", *items])


FORMATS: Mapping[str, Format] = {
    "pip": _pip,
    "uv": _uv,
    "requirements": _requirements,
    "pyproject": _pyproject,
    "dockerfile": _dockerfile,
    "environment-yml": _environment_yml,
}
