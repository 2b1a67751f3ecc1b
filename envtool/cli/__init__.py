"""The door: arguments in, a few calls, text out, an exit code. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import os
import sys

import click

from envtool import __version__
from envtool.cli.freeze import freeze
from envtool.cli.install_torch import install_torch
from envtool.errors import EnvtoolError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="envtool")
def commands() -> None:
    """The right PyTorch build for this machine, with the reason.

    Results go to stdout, words to stderr. Exit codes: 0 yes, 1 the answer is no, 2 wrong usage,
    3 could not find out, 130 interrupted.
    """


commands.add_command(install_torch)
commands.add_command(freeze)


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
