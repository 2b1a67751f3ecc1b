"""Two nodes on one machine: network namespaces with an address each, and a wire between them."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Node(NamedTuple):
    namespace: str
    interface: str
    address: str

    def argv(self, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, *command]


@contextmanager
def two_nodes() -> Iterator[tuple[Node, Node]]:
    """Skips where this user may not make them."""
    if not shutil.which("ip"):
        pytest.skip("no ip to make network namespaces with")
    first, second = (Node(f"envtool-{os.getpid()}-{n}", f"wire{n}", f"10.99.0.{n}") for n in (1, 2))
    try:
        for node in (first, second):
            made = _ip("netns", "add", node.namespace)
            if made.returncode != 0:
                pytest.skip(f"this user makes no network namespaces: {made.stderr.strip()}")
        ends = [("name", node.interface, "netns", node.namespace) for node in (first, second)]
        wired = _ip("link", "add", *ends[0], "type", "veth", "peer", *ends[1])
        if wired.returncode != 0:
            pytest.skip(f"this kernel makes no veth pair: {wired.stderr.strip()}")
        for node in (first, second):
            _ip("-n", node.namespace, "addr", "add", f"{node.address}/24", "dev", node.interface)
            for link in ("lo", node.interface):
                _ip("-n", node.namespace, "link", "set", link, "up")
        yield first, second
    finally:
        for node in (first, second):
            _ip("netns", "del", node.namespace)


def _ip(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False, timeout=30)
