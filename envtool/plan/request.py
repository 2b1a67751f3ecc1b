"""What was asked for, and the reading of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from envtool.catalogue import Mirror
from envtool.errors import RequestInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.specifiers import SpecifierSet

COMPANIONS = ("torchvision", "torchaudio")


class Request(NamedTuple):
    torch: SpecifierSet | None = None  # None: the newest
    backend: str | None = None  # cpu, xpu, cu126, rocm7.2; None: whichever serves the machine best
    companions: tuple[str, ...] | None = None  # None: torchvision where there is one that belongs
    pre: bool = False  # the nightly in place of a release
    unconfirmed: bool = False  # inferred wheels count as much as those that were seen
    mirror: Mirror | None = None


def parse_torch(text: str) -> tuple[SpecifierSet, str | None]:
    """A version or a specifier, and the backend where the version names it: 2.6.0, >=2.4,<2.8, 1.12.1+cu116."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - a third of the start-up time

    public, _, local = text.partition("+")
    try:
        torch = SpecifierSet(f"=={public}" if re.match(r"\s*\d", public) else public)
        if not torch:
            raise InvalidSpecifier  # noqa: TRY301 - any version at all is asked for by leaving the option out
    except InvalidSpecifier:
        raise RequestInvalid(
            f"{text!r} is neither a torch version nor a specifier: write it as 2.6.0 or '>=2.4,<2.8'"
        ) from None
    return torch, parse_backend(local) if local else None


def parse_backend(text: str) -> str | None:
    """The backend by its name on the wheel index; None for auto."""
    backend = text.strip().lower()
    if backend == "auto":
        return None
    if backend in ("cpu", "xpu") or re.fullmatch(r"cu\d{2,3}|rocm\d+\.\d+(\.\d+)?", backend):
        return backend
    raise RequestInvalid(f"{text!r} is no backend: use auto, cpu, xpu, cu126 (CUDA 12.6) or rocm7.2 (ROCm 7.2)")


def parse_cuda(text: str) -> str:
    """The backend of a CUDA version: 11.6 is cu116."""
    found = re.fullmatch(r"\s*(\d{1,2})\.(\d)(\.\d+)?\s*", text)
    if not found:
        raise RequestInvalid(f"{text!r} is no CUDA version: write it as 12.6")
    return f"cu{found[1]}{found[2]}"


def parse_mirror(text: str, known: Mapping[str, Mirror]) -> Mirror:
    """A mirror by its name, or by its address: one that has a simple index in a folder for each backend."""
    if text in known:
        return known[text]
    if not re.match(r"(https?|file)://", text):
        raise RequestInvalid(f"{text!r} is no mirror: give its address, or one of {', '.join(sorted(known))}")
    url = text if "{folder}" in text else text.rstrip("/") + "/{folder}"
    return Mirror(re.sub(r"(?<=://)[^/@]*@", "", text), url, "simple", ())
