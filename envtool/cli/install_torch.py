"""envtool install-torch: look, decide, show, and only if asked, act."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from envtool.cli.machine_file import machine_in
from envtool.cli.show import say, terminal_width
from envtool.cli.this_machine import look_here

if TYPE_CHECKING:
    from envtool.catalogue import Catalogue
    from envtool.cli.this_machine import ThisMachine
    from envtool.cli.watched import Watched
    from envtool.facts import Machine, Target
    from envtool.plan import InstallPlan, Refusal, Request
    from envtool.target import Chosen

FORMATS = ("pip", "uv", "requirements", "pyproject", "dockerfile", "environment-yml", "json")
EXAMPLES = """\b
Examples:
  envtool install-torch
  envtool install-torch --torch 1.12.1 --cuda 11.6
  envtool install-torch --gpu "GTX 1080" --driver 580.95.05 --explain
  envtool install-torch --python .venv --run"""


class Options(NamedTuple):
    """The options as they were typed."""

    torch: str | None
    backend: str | None
    cuda: str | None
    companions: tuple[str, ...]
    pre: bool
    unconfirmed: bool
    mirror: str | None
    python: str | None
    machines: tuple[str, ...]
    python_version: str | None
    os: str | None
    arch: str | None
    driver: str | None
    gpus: tuple[str, ...]
    form: str
    shell: str | None
    explain: bool
    run: bool
    installer: str | None
    yes: bool

    @property
    def is_for_here(self) -> bool:
        """Whether the plan is for an interpreter of this machine."""
        return not (self.machines or self.python_version or self.os or self.arch)


class Seen(NamedTuple):
    """The machines to plan for, and the interpreter of this one where it was asked."""

    machines: tuple[Machine, ...]
    chosen: Chosen | None = None
    target: Target | None = None

    @property
    def installer(self) -> tuple[str, ...]:
        """What stands before `install` in a command that a person will type."""
        if self.chosen is None or self.target is None or self.chosen.active:
            return ("pip",)
        return (self.target.python.executable or self.chosen.executable, "-m", "pip")


@click.command("install-torch", epilog=EXAMPLES)
@click.option("--torch", metavar="SPEC", help="A version or a specifier: 2.6.0, '>=2.4,<2.8'.")
@click.option("--backend", metavar="NAME", help="auto, cpu, xpu, cu126, rocm7.2 ...  [default: auto]")
@click.option("--cuda", metavar="X.Y", help="The backend by its CUDA version: 11.6.")
@click.option(
    "--with",
    "companions",
    type=click.Choice(("torchvision", "torchaudio")),
    multiple=True,
    help="What must come along; repeat it for both.  [default: torchvision where it exists]",
)
@click.option("--pre", is_flag=True, help="The nightly in place of a release.")
@click.option("--unconfirmed", is_flag=True, help="Also take wheels that nobody has seen, where they are newer.")
@click.option(
    "--mirror",
    metavar="NAME",
    envvar="ENVTOOL_TORCH_MIRROR",
    show_envvar=True,
    help="aliyun, nju, sjtu, or the address of a copy of the wheel index.",
)
@click.option("--python", metavar="PATH", help="The interpreter it is for.  [default: that of the active environment]")
@click.option(
    "--machine",
    "machines",
    metavar="FILE",
    multiple=True,
    help="Plan for the machine in a JSON file; repeat it for one build that runs on all.",
)
@click.option("--python-version", metavar="X.Y", help="Plan for this Python: 3.12, or 3.13t without the GIL.")
@click.option("--os", type=click.Choice(("linux", "windows", "macos")), help="Plan for this system.")
@click.option("--arch", metavar="NAME", help="Plan for this architecture: x86_64, aarch64, AMD64, arm64.")
@click.option("--driver", metavar="VERSION", help="Plan for this NVIDIA driver.")
@click.option(
    "--gpu",
    "gpus",
    metavar="NAME",
    multiple=True,
    help="Plan for this card: its name, 8.6, gfx1100, or none; repeat it for several.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="pip", show_default=True, help="What to print.")
@click.option("--json", "form", flag_value="json", help="As --format json.")
@click.option(
    "--shell",
    type=click.Choice(("sh", "powershell", "cmd")),
    help="The shell that the command is quoted for.  [default: this system's]",
)
@click.option("--explain", is_flag=True, help="Show every build that is known, and what ruled it out.")
@click.option("--run", is_flag=True, help="Install it, then see whether torch finds the GPU.")
@click.option(
    "--installer", type=click.Choice(("pip", "uv")), help="What --run installs with.  [default: what is there]"
)
@click.option("-y", "--yes", is_flag=True, help="--run does not ask.")
@click.pass_context
def install_torch(context: click.Context, /, **typed: object) -> None:
    """Name the one PyTorch build for this machine.

    The command goes to stdout, what was seen and the reasons to stderr; nothing is installed without --run.
    """
    from envtool.catalogue import Catalogue  # noqa: PLC0415 - --help needs none of it
    from envtool.plan import InstallPlan, choose, consider  # noqa: PLC0415
    from envtool.report.table import table_text  # noqa: PLC0415
    from envtool.report.words import considered_rows  # noqa: PLC0415

    options = Options(**typed)  # type: ignore[arg-type]  # click has made each what its option says
    _check(options)
    catalogue = Catalogue()
    request = _request(options, catalogue)
    seen = _look(options, catalogue)
    answer = choose(seen.machines, request, catalogue)
    if options.explain:
        rows = considered_rows(consider(seen.machines[0], request, catalogue))
        click.echo(table_text(rows, terminal_width()), err=True)
    _show(answer, seen, options, catalogue)
    if not isinstance(answer, InstallPlan):
        context.exit(1)
    if options.run and seen.chosen and seen.target:
        context.exit(_carry_out(answer, seen.chosen, seen.target, seen.machines[0], options))


def _request(options: Options, catalogue: Catalogue) -> Request:
    from envtool.plan import Request, parse_backend, parse_cuda, parse_mirror, parse_torch  # noqa: PLC0415

    torch, backend = parse_torch(options.torch) if options.torch is not None else (None, None)
    said = (
        backend,
        parse_backend(options.backend) if options.backend else None,
        parse_cuda(options.cuda) if options.cuda else None,
    )
    named = {name for name in said if name}
    if len(named) > 1:
        raise click.UsageError(f"several backends are asked for: {', '.join(sorted(named))}")
    return Request(
        torch=torch,
        backend=next(iter(named), None),
        companions=tuple(dict.fromkeys(options.companions)) or None,
        pre=options.pre,
        unconfirmed=options.unconfirmed,
        mirror=parse_mirror(options.mirror, catalogue.mirrors) if options.mirror else None,
    )


def _look(options: Options, catalogue: Catalogue) -> Seen:
    """The machines in the files, or this one, with what was said of it in place of what was seen."""
    from envtool import cards  # noqa: PLC0415
    from envtool.plan import Assumptions, assume  # noqa: PLC0415

    seen = (
        Seen(tuple(machine_in(file) for file in options.machines))
        if options.machines
        else _seen_here(look_here(options.python, catalogue))
    )
    said = Assumptions(options.os, options.arch, options.python_version, options.driver, options.gpus)
    machines = tuple(assume(cards.complete(machine, catalogue), said, catalogue) for machine in seen.machines)
    return Seen(machines, seen.chosen if options.is_for_here else None, seen.target)


def _seen_here(here: ThisMachine) -> Seen:
    return Seen((here.machine,), here.chosen, here.target)


def _show(answer: InstallPlan | Refusal, seen: Seen, options: Options, catalogue: Catalogue) -> None:
    """The words on stderr, the result on stdout."""
    from envtool.plan import InstallPlan  # noqa: PLC0415
    from envtool.report import install, words  # noqa: PLC0415

    shell = options.shell or ("sh" if os.name == "posix" else "powershell" if "PSModulePath" in os.environ else "cmd")
    lines = [
        line
        for machine in seen.machines
        for line in words.seen_lines(machine, seen.chosen.why if seen.chosen else None)
    ]
    lines += words.answer_lines(answer, seen.installer, shell)
    say(lines if options.explain else words.few(lines))
    if options.form == "json":
        click.echo(install.install_json(answer, seen.installer, shell, catalogue.as_of))
    elif isinstance(answer, InstallPlan):
        click.echo(install.install_text(answer, options.form, seen.installer, shell))


def _check(options: Options) -> None:
    """Refuse what --run cannot do before anything is looked at."""
    if options.run and not options.is_for_here:
        raise click.UsageError("--run installs on this machine: leave out --machine, --python-version, --os and --arch")
    if options.run and not options.yes and not sys.stdin.isatty():
        raise click.UsageError("--run asks before it installs, and there is no terminal to ask on: give -y")


def _carry_out(plan: InstallPlan, chosen: Chosen, target: Target, machine: Machine, options: Options) -> int:
    """Install the plan into the target, and say what torch sees there."""
    from envtool import installer  # noqa: PLC0415
    from envtool.cli.obstacles import obstacles  # noqa: PLC0415
    from envtool.cli.watched import watched  # noqa: PLC0415
    from envtool.plan import argv  # noqa: PLC0415
    from envtool.report import words  # noqa: PLC0415
    from envtool.run.streaming import ALL_TO_STDERR  # noqa: PLC0415
    from envtool.target import sees_gpu  # noqa: PLC0415

    executable = target.python.executable or chosen.executable  # what a shim of pyenv leads to
    before, after = installer.around(target, executable, options.installer)
    command = argv(plan, before, after)
    if plan.size is None:
        say([("note", f"how much room {plan.backend} needs is not known: the disks were not looked at")])
    if found := obstacles(target, executable, plan.size, by_uv=before[1:] == ("pip",)):
        say(("refused", obstacle) for obstacle in found)
        return 1
    if not options.yes and not click.confirm(f"Install into {target.prefix}?", default=True, err=True):
        return 1
    seen = watched(command, ALL_TO_STDERR)
    if seen.ran.status != 0:
        say(words.failed_install_lines(command[0], seen.ran.status, seen.ran.trouble, seen.ran.stdout))
        _say_why(seen, machine)
        return 1
    torch = sees_gpu(executable)
    say(words.torch_lines(torch.version, torch.build, torch.device, torch.error))
    return 0 if torch.error is None and (torch.device or plan.backend == "cpu") else 1


def _say_why(seen: Watched, machine: Machine) -> None:
    """The doctor's finding, where there is one."""
    from envtool.report.doctor import diagnosis_text  # noqa: PLC0415

    diagnosis = seen.diagnosis(machine, online=True)
    if diagnosis.findings:
        click.echo("\n" + diagnosis_text(diagnosis, "text"), err=True)
