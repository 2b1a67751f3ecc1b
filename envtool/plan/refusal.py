"""The answer no: what keeps the near misses off, and the nearest questions that have an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envtool.card_support import cards_of, least_driver, shown
from envtool.facts import Driver, release
from envtool.plan.assume import machine_for
from envtool.plan.choice import toolkit
from envtool.plan.fit import SYSTEM_NAMES
from envtool.plan.misses import misses, span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from packaging.version import Version

    from envtool.catalogue import Catalogue
    from envtool.facts import Machine
    from envtool.plan.fit import Obstacle
    from envtool.plan.install import InstallPlan
    from envtool.plan.misses import Miss
    from envtool.plan.request import Request

    Question = tuple[Sequence[Machine], Request]
    Change = tuple[str, Question]  # what to change (told by the answer where empty), and the changed question
    Solve = Callable[[Sequence[Machine], Request], InstallPlan | None]


class WayOut(NamedTuple):
    """A change after which there is an answer; `plan` is that answer, None where it depends on what is found."""

    change: str
    plan: InstallPlan | None


class Refusal(NamedTuple):
    reasons: tuple[str, ...]
    nearest: tuple[WayOut, ...]


def refuse(machines: Sequence[Machine], request: Request, catalogue: Catalogue, solve: Solve) -> Refusal:
    return Refusal(
        reasons=tuple(
            f"machine {number}: {reason}" if len(machines) > 1 else reason
            for number, machine in enumerate(machines, 1)
            for reason in _reasons(machine, request, catalogue)
        ),
        nearest=tuple(_ways_out(machines, request, catalogue, solve)),
    )


def _reasons(machine: Machine, request: Request, catalogue: Catalogue) -> Iterator[str]:
    """One line a kind of obstacle, among the wheels that come closest to the question."""
    near = misses(catalogue.builds, machine, request, catalogue)
    for kind in ("version", "backend", "system", "gpu"):
        closer = tuple(miss for miss in near if kind not in miss.kinds)
        if not closer:
            yield _nothing(kind, near, request)
            return
        near = closer
    fewest = min(len(miss.obstacles) for miss in near)
    told: dict[tuple[str, str], list[tuple[Obstacle, Miss]]] = {}
    for miss in near:
        if len(miss.obstacles) == fewest:
            for obstacle in miss.obstacles:
                told.setdefault((obstacle.kind, obstacle.subject), []).append((obstacle, miss))
    for (kind, _subject), group in told.items():
        obstacle, _miss = min(group, key=lambda pair: _distance(kind, pair[1]))
        yield f"{obstacle.text} ({span(miss.build.version for _obstacle, miss in group)})"


def _distance(kind: str, miss: Miss) -> Version | tuple[int, ...]:
    """Of several misses of a kind the nearest is told: of drivers the lowest floor, otherwise the newest torch."""
    return toolkit(miss.wheel.backend) if kind == "driver" else tuple(-part for part in miss.build.version.release)


def _nothing(kind: str, near: Sequence[Miss], request: Request) -> str:
    """Why not one build is left once this kind of obstacle is taken seriously."""
    if kind == "version":
        return (
            f"no torch that is known matches {request.torch}: the newest is {max(miss.build.version for miss in near)}"
        )
    if kind == "backend":
        return f"{request.backend} was not built ({span(miss.build.version for miss in near)})"
    return next(obstacle.text for miss in near for obstacle in miss.obstacles if obstacle.kind == kind)


def _ways_out(machines: Sequence[Machine], request: Request, catalogue: Catalogue, solve: Solve) -> Iterator[WayOut]:
    """Of each kind of change the first that leads to an answer."""
    seen: set[tuple[str, ...]] = set()
    if any(machine.gpus is None for machine in machines) and request.backend != "cpu":
        yield WayOut("say which card it has: --gpu NAME (or --gpu none)", None)
    for kind in _changes(machines, request, catalogue):
        answered = ((change, solve(*question)) for change, question in kind)
        change, plan = next(((change, plan) for change, plan in answered if plan), ("", None))
        if plan and plan.requirements not in seen:
            seen.add(plan.requirements)
            yield WayOut(change or _named(plan), plan)


def _changes(machines: Sequence[Machine], request: Request, catalogue: Catalogue) -> Iterator[Iterable[Change]]:
    """Kinds of change, in the order of how little each asks of the person; nearest first in each."""
    machine, asks_for_gpu = machines[0], request.backend not in (None, "cpu")
    if asks_for_gpu and machine.gpus == ():
        yield _with_a_card(machine, request, catalogue)
    if asks_for_gpu:
        yield [("", (machines, request._replace(backend=None)))]
    if request.torch is not None:
        yield [("", (machines, request._replace(torch=None)))]
    if asks_for_gpu and request.torch is not None:
        yield [("", (machines, request._replace(torch=None, backend=None)))]
    if request.companions:
        yield [(f"without {' and '.join(request.companions)}", (machines, request._replace(companions=())))]
    if len(machines) > 1:
        for odd in machines:
            rest = [other for other in machines if other is not odd]
            yield [(f"without machine {machines.index(odd) + 1} ({_machine_named(odd)})", (rest, request))]
        return
    for gpu in dict.fromkeys(machine.gpus or ()) if len(machine.gpus or ()) > 1 else ():
        yield [(f"the {shown(gpu)} alone (CUDA_VISIBLE_DEVICES)", ([machine._replace(gpus=(gpu,))], request))]
    yield _drivers(machine, request, catalogue)
    yield _pythons(machine, request, catalogue)
    if request.backend != "cpu":
        yield [("a CPU build: --backend cpu", (machines, request._replace(backend="cpu")))]


def _drivers(machine: Machine, request: Request, catalogue: Catalogue) -> Iterator[Change]:
    """The least newer driver that helps, or without one the newest, as far as the cards' last driver branch goes."""
    cards = cards_of(machine, "nvidia")
    if not cards:
        return
    current = machine.driver.version if machine.driver else None
    last = min((_last_driver(card.compute_capability, catalogue) for card in cards), default=10_000)
    floors = {least_driver(cuda, machine) for cuda in catalogue.cuda.values()}
    for floor in sorted(floors, key=release, reverse=current is None):
        if release(current or "0") < release(floor) and release(floor).major <= last:
            yield f"driver {floor} or newer", ([machine._replace(driver=Driver("nvidia", floor))], request)


def _last_driver(capability: tuple[int, int] | None, catalogue: Catalogue) -> int:
    """The last driver branch that serves cards of this compute capability; far away where there is none yet."""
    value = ".".join(map(str, capability or ()))
    last = {card.last_driver for card in catalogue.cards if card.values == (value,)}
    return max((int(branch) for branch in last if branch), default=10_000)


def _pythons(machine: Machine, request: Request, catalogue: Catalogue) -> Iterator[Change]:
    """Other Pythons, nearest first."""
    asked = release(machine.python.version).minor
    tags = {python for build in catalogue.builds for wheel in build.wheels for python in wheel.pythons}
    minors = {int(tag[3:]) for tag in tags if tag.startswith("cp3") and not tag.endswith("t")}
    for minor in sorted(minors, key=lambda minor: (abs(minor - asked), -minor)):
        python = machine.python._replace(implementation="cpython", version=f"3.{minor}", free_threaded=False)
        if python.tag != machine.python.tag or machine.python.implementation != "cpython":
            kind = " (with the GIL)" if machine.python.free_threaded and minor == asked else ""
            yield f"Python 3.{minor}{kind}", ([machine._replace(python=python)], request)


def _with_a_card(machine: Machine, request: Request, catalogue: Catalogue) -> Iterator[Change]:
    """The build as asked for, on a machine that has a card and a driver for it."""
    suited = machine_for(machine, request, catalogue)
    if suited is not None:
        yield f"on a machine with a card for {request.backend}", ([suited], request)


def _named(plan: InstallPlan) -> str:
    return f"torch {(plan.packages[0][1] or 'nightly').partition('+')[0]} with {plan.backend}"


def _machine_named(machine: Machine) -> str:
    cards = ", ".join(shown(gpu) for gpu in machine.gpus or ()) or "no GPU"
    return f"{SYSTEM_NAMES.get(machine.os.system, machine.os.system)}, {machine.python.tag}, {cards}"
