"""What a person should know before relying on a Freeze."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.facts import Remark
from envtool.freeze.pins import local_tag, wheel_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envtool.facts import Target, Use
    from envtool.freeze.dependency import Dependency
    from envtool.import_names import Known

_BUILT_BY_CONDA = re.compile(r"file:.*/(croot|feedstock_root|conda-bld|bld)/.*/work(/dist/[^/]*)?")
NO_NAME = {
    "disputed": "{module} may come from {likely}: install the right one, then freeze again",
    "local": "{module} is what many projects call a module of their own, and there is none here",
    "absent": "no distribution is known to have {module}",
    "namesake": "the distribution called {module} is another project",
    "python-2": "only Python 2 has {module}",
    "namespace": "many distributions share {module}, and none is known to have this",
}


def name_remark(known: Known, uses: Sequence[Use]) -> Remark | None:
    """Why no distribution is named for an import; None where the project does without it, and nobody knows one."""
    if known.name is None and all(use.optional for use in uses):
        return None
    first = min(uses, key=lambda use: (use.file, use.line))
    likely = " or ".join(filter(None, (known.name, *known.alternatives)))
    said = NO_NAME[known.state].format(module=known.module, likely=likely)
    return Remark(first.file, first.line, f"{known.state}-name", f"{said} ({known.note})" if known.note else said)


def dependency_remarks(needed: Dependency, target: Target) -> Iterator[Remark]:
    for kind, said in _doubts(needed, target):
        yield Remark(needed.files[0], needed.line, kind, f"{needed.spelling} {said}")


def _doubts(needed: Dependency, target: Target) -> Iterator[tuple[str, str]]:
    """What may go wrong with it elsewhere: the kind, and what is to be said behind its name."""
    if needed.obstacle:
        yield "not-portable", f"is left out: {needed.obstacle}"
    elif needed.source == "unresolved" and not needed.optional:
        yield "not-installed", f"is not installed in {target.prefix}, so that its version is unknown"
    elif needed.version and needed.origin is None:
        origin, tag = needed.package and needed.package.origin, local_tag(needed.version)
        if origin and not _BUILT_BY_CONDA.fullmatch(origin):
            yield "local-origin", f"was installed from {origin}, and is pinned as if an index had {needed.version}"
        if tag and not wheel_folder(needed.name, needed.version):
            yield "unknown-index", f"{needed.version} is on no index that is known: add the one that it came from"
