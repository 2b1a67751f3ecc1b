"""How busy NVIDIA's cards are while something runs, as NVML tells it."""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envtool.host.nvml import asking
from envtool.run.beside import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SAMPLER = Path(__file__).parent.parent / "_in_target/nvml_samples.py"


class Busy(NamedTuple):
    """What is told, as long as it is."""

    samples: Path | None  # None: nobody tells

    def since(self, began_s: float, uuid: str) -> float | None:
        """The mean of a card from a moment of time.monotonic() on, in per cent; None where it is not told."""
        told = [percent for at_s, percent in self._of(uuid) if at_s >= began_s]
        return sum(told) / len(told) if told else None

    def _of(self, uuid: str) -> Iterator[tuple[float, int]]:
        for line in self.samples.read_text("ascii").splitlines() if self.samples else ():
            try:
                sample = json.loads(line)
                percent = sample["busy"].get(uuid)
            except (ValueError, KeyError):  # the last line, which is not yet whole
                return
            if percent is not None:
                yield sample["at_s"], percent


@contextmanager
def sampled(environment: Mapping[str, str], root: Path = Path("/")) -> Iterator[Busy]:
    """For as long as the block runs; where there is no NVML, no process is started."""
    own = asking(root, environment, platform.system())
    if own is None:
        yield Busy(None)
        return
    with tempfile.TemporaryDirectory(prefix="envtool-", ignore_cleanup_errors=True) as folder:
        samples, printed = Path(folder, "SAMPLES.jsonl"), Path(folder, "PRINTED")
        samples.touch()
        with printed.open("wb") as out, running([sys.executable, str(_SAMPLER), str(samples)], out, own):
            yield Busy(samples)
