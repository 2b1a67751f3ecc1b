"""The door: arguments in, a few calls, text out, an exit code. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import importlib
import os
import sys

import click

from envtool import __version__
from envtool.errors import EnvtoolError

COMMANDS = {
    "install-torch": "Name the one PyTorch build for this machine.",
    "freeze": "Name what a project imports, in the versions that are installed.",
    "doctor": "Check the environment, or name the root cause of a failed install.",
    "smoke-test": "Prove the GPU stack with reference models.",
}


class Commands(click.Group):
    """Commands of which only the one that is called is imported, each from the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"envtool.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="envtool")
def commands() -> None:
    """The right PyTorch build for this machine, with the reason.

    Results go to stdout, words to stderr. Exit codes: 0 yes, 1 the answer is no, 2 wrong usage,
    3 could not find out, 130 interrupted.
    """


def main() -> None:
    """Run a command; every error becomes one clear line and its exit code."""
    try:
        sys.exit(commands(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except EnvtoolError as error:
        click.echo(f"envtool: {error}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("envtool: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:  # whoever read our output has gone: nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
