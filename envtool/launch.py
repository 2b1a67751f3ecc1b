"""Starts several ranks in a target by torch's own launcher, and passes on what each of them says as it comes."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import tempfile
import time
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from envtool.events import Death, End, Ranked, Skip, Start, parse_ranked
from envtool.run.beside import running
from envtool.target import IN_TARGET, status_words
from envtool.trial import MODELS, PATIENT, POLL_S, SCRIPTS, last_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from envtool.trial import Work

FIRST = "rendezvous"  # of the items
MEET_S = 600.0  # for the launchers of all nodes to find each other
SIGN_S = 2.0  # beyond its time, for a rank to write where it is
LEAVE_S = 60.0  # from an item's end to whatever is next
# In the launcher's account of ranks that failed, since torch 1.9.
FAILURE = re.compile(
    r"^ {2}rank {1,9}: (\d{1,9}) \(local_rank: (\d{1,9})\)\n {2}exitcode {1,9}: (-?\d{1,9})", re.MULTILINE
)
ENDED_BY_LAUNCHER = "-15"  # SIGTERM, for those that a failed rank leaves alone
# In what faulthandler writes: the main thread comes last, and its innermost line first.
THREAD = "most recent call first"
FRAME = re.compile(r'^ {2}File "(.{1,4096})", line (\d{1,9}) in (.{1,999})$', re.MULTILINE)


def perform(
    executable: str, work: Work, launcher: Sequence[str], ranks: int, limits_s: Mapping[str, float]
) -> Iterator[Ranked]:
    """What as many ranks say of every item; a Death stands where one died, or where its time was over: the job ends there.

    `launcher` are options of torch.distributed.run.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="envtool-", ignore_cleanup_errors=True)))
        copy, *_ = [shutil.copy(IN_TARGET / name, folder) for name in ("ranks_runner.py", "shared_lesson.py", *SCRIPTS)]
        orders, printed = folder / "WORK.json", folder / "PRINTED"
        orders.write_text(json.dumps({**work._asdict(), "models": str(MODELS), "limits_s": dict(limits_s)}), "utf-8")
        members = [Member(folder, local, limits_s) for local in range(ranks)]
        for member in members:
            stack.callback(member.file.close)
        argv = [executable, "-m", "torch.distributed.run", *launcher, str(copy), str(folder), str(orders)]
        out = stack.enter_context(printed.open("wb"))
        status = stack.enter_context(running(argv, out, {**PATIENT, **os.environ}, str(folder))).status
        began_s = time.monotonic()
        for rank, event in chain(_followed(members, status), _failures(members, status, printed)):
            at_s = time.monotonic() - began_s
            yield Ranked(rank, event._replace(at_s=at_s) if isinstance(event, Start) else event)


def way_to(endpoint: str) -> tuple[str, bool]:
    """The address that this node has on the way to HOST:PORT, and whether it is that host itself. Raises OSError.

    Nothing is sent.
    """
    host, _, port = endpoint.rpartition(":")
    family, kind, protocol, _, address = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as way:
        way.connect(address)
        return way.getsockname()[0], way.getsockname()[0] == way.getpeername()[0]


class Member:
    """A rank on this node: what it says, and until when it has to say something."""

    def __init__(self, folder: Path, local: int, limits_s: Mapping[str, float]) -> None:
        self.local, self.rank = local, -1  # until it is told
        self.stack = folder / f"STACK.{local}"
        told = folder / f"EVENTS.{local}.jsonl"
        told.touch()
        self.file, self.rest = told.open(encoding="utf-8", errors="replace"), ""
        self.limits_s = limits_s
        self.grant(MEET_S)

    @property
    def has_spoken(self) -> bool:
        return self.rank >= 0

    def grant(self, limit_s: float) -> None:
        self.limit_s, self.until = limit_s, time.monotonic() + limit_s

    def news(self) -> Iterator[Ranked]:
        *lines, self.rest = (self.rest + self.file.read()).split("\n")
        for told in filter(None, map(parse_ranked, lines)):
            match told:
                case Ranked(int(rank), Start(item, None)):
                    self.rank = rank
                    self.grant(self.limits_s[item])
                case Ranked(_, End() | Skip()):
                    self.grant(LEAVE_S)
            yield told

    def died(self, rank: int, death: Death) -> Iterator[Ranked]:
        if not self.has_spoken:
            yield Ranked(rank, Start(FIRST, "starting Python"))
        yield Ranked(rank, death)

    def frames(self) -> tuple[str, ...]:
        """Where its main thread was when its time was over, the innermost line first; none of a process that was stopped."""
        written = self.stack.read_text("utf-8", "replace") if self.stack.exists() else ""
        return tuple("{}:{} in {}".format(*found) for found in FRAME.findall(written.rpartition(THREAD)[2]))


def _followed(members: Sequence[Member], status: Callable[[], int | None]) -> Iterator[Ranked]:
    """What all say until the launcher ends, or until one of them takes longer than it may."""
    while True:
        is_over = status() is not None  # asked first, for what they said last is then in the files
        for member in members:
            for told in member.news():
                if told.event == Start(FIRST, None):
                    _expect_others(members)
                yield told
        if is_over:
            return
        if any(time.monotonic() > member.until + SIGN_S for member in members):
            yield from _late(members)
            return
        time.sleep(POLL_S)


def _expect_others(members: Sequence[Member]) -> None:
    """The nodes have found each other: from now on a rank that says nothing has no more time than one that does."""
    for member in members:
        if not member.has_spoken:
            member.grant(member.limits_s[FIRST])


def _late(members: Sequence[Member]) -> Iterator[Ranked]:
    before = _ranks_before(members)
    if before is None:
        yield Ranked(None, Death(None, f"started no rank within {members[0].limit_s:g} s"))
        return
    for member in members:
        late = Death(None, f"did not end within {member.limit_s:g} s", member.frames())
        yield from member.died(before + member.local, late)


def _failures(members: Sequence[Member], status: Callable[[], int | None], printed: Path) -> Iterator[Ranked]:
    """By the launcher's account, or of the launcher itself."""
    ended = status()
    if not ended:
        return
    listed = FAILURE.findall(printed.read_text("utf-8", "replace"))
    failed = [each for each in listed if each[-1] != ENDED_BY_LAUNCHER] or listed
    for rank, local, code in failed:
        yield from members[int(local)].died(int(rank), Death(int(code), status_words(int(code))))
    if not failed:
        yield Ranked(None, Death(ended, status_words(ended), last_words(printed)))


def _ranks_before(members: Sequence[Member]) -> int | None:
    """How many ranks other nodes have before those of this one; None where none has spoken yet."""
    return next((member.rank - member.local for member in members if member.has_spoken), None)
