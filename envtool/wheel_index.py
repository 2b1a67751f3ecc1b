"""The index that torch's wheels come from: one folder for each backend, and pip's option for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version

if TYPE_CHECKING:
    from envtool.catalogue import Mirror

URL = "https://download.pytorch.org/whl"
WHOLE_SINCE = Version("2.0")  # from here on it carries torch's dependencies too


class Index(NamedTuple):
    url: str
    option: str  # --index-url, --extra-index-url or -f
    name: str  # as uv's table calls it: pytorch-cu126

    @property
    def is_flat(self) -> bool:
        return self.option == "-f"


def index_for(folder: str, torch: Version, mirror: Mirror | None = None) -> Index:
    """Where pip looks for this torch and for what belongs to it.

    Before torch 2.0 the index is extra, for it lacks dependencies. From 2.0 on it is the only one: a second index
    lets a stranger's package of the same name win (dependency confusion, December 2022).
    """
    option = "--index-url" if torch >= WHOLE_SINCE else "--extra-index-url"
    name = f"pytorch-{folder.replace('/', '-').replace('.', '')}"
    if mirror is None:
        return Index(f"{URL}/{folder}", option, name)
    return Index(mirror.url.replace("{folder}", folder), "-f" if mirror.layout == "flat" else option, name)
