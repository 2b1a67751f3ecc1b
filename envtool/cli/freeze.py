"""envtool freeze: read the project, ask the environment, decide, and write what was decided."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from envtool.cli.show import progress, say
from envtool.errors import RequestInvalid

if TYPE_CHECKING:
    from pathlib import Path

    from envtool.freeze import Freeze
    from envtool.report.freeze import Paper

FORMATS = ("requirements", "pylock", "pyproject", "environment-yml", "json")
EXAMPLES = """\b
Examples:
  envtool freeze
  envtool freeze my-project --write --encoding utf8
  envtool freeze --format pyproject --pin compatible --write
  envtool freeze --check requirements.txt"""


class Options(NamedTuple):
    """The options as they were typed."""

    path: str
    encoding: str
    source_encoding: str | None
    python: str | None
    pin: str
    optional: str
    form: str
    online: bool
    output: str | None
    write: bool
    force: bool
    check: str | None
    exclude: tuple[str, ...]
    strict: bool

    @property
    def root(self) -> Path:
        from pathlib import Path  # noqa: PLC0415 - slow to import, here and below

        return Path(self.path)


@click.command("freeze", epilog=EXAMPLES)
@click.argument("path", type=click.Path(exists=True, file_okay=False), default=".")
@click.option("--encoding", metavar="NAME", default="utf8", show_default=True, help="The encoding of what is written.")
@click.option("--source-encoding", metavar="NAME", help="That of the sources.  [default: what each file says or shows]")
@click.option("--python", metavar="PATH", help="The interpreter that has the packages.  [default: the active one]")
@click.option(
    "--pin",
    type=click.Choice(("exact", "compatible", "minimum", "none")),
    default="exact",
    show_default=True,
    help="What is said of a version: ==, ~=, >= or nothing.",
)
@click.option(
    "--optional",
    type=click.Choice(("comment", "include", "omit")),
    default="comment",
    show_default=True,
    help="What becomes of imports that the project can do without.",
)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="requirements", show_default=True, help="What to write."
)
@click.option("--json", "form", flag_value="json", help="As --format json.")
@click.option("--online", is_flag=True, help="Take the index's newest version of what is not installed.")
@click.option("--output", metavar="FILE", type=click.Path(), help="Write to this file.  [default: stdout]")
@click.option("--write", is_flag=True, help="Write to the project's own file: requirements.txt, pyproject.toml ...")
@click.option("--force", is_flag=True, help="Overwrite without a question.")
@click.option(
    "--check",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    help="Only compare that file with the project; 1 on drift.",
)
@click.option(
    "--exclude", metavar="PATTERN", multiple=True, help="Leave out, as a line of .gitignore would; repeatable."
)
@click.option("--strict", is_flag=True, help="Exit with 1 if there is a warning.")
@click.pass_context
def freeze(context: click.Context, /, **typed: object) -> None:
    """Name what a project imports, in the versions that are installed.

    The requirements go to stdout or into a file, warnings to stderr.
    """
    options = Options(**typed)  # type: ignore[arg-type]  # click has made each what its option says
    _refuse(options)
    frozen, python = _freeze(options)
    done = _deliver(frozen, python, options) if options.check is None else _is_fresh(frozen, options)
    context.exit(0 if done and not (options.strict and frozen.warnings) else 1)


def _refuse(options: Options) -> None:
    """Stop at what cannot be meant, before anything is looked at."""
    from envtool.files import check_encoding  # noqa: PLC0415

    for encoding in filter(None, (options.encoding, options.source_encoding)):
        check_encoding(encoding)
    if options.form == "json" and (options.write or options.check is not None):
        raise click.UsageError("JSON is no file of a project: leave out --write and --check, or take another --format")
    if options.write and options.output:
        raise click.UsageError("--write and --output both name the file to write: give one of them")
    if options.form in ("pylock", "pyproject") and options.encoding.lower() not in ("utf8", "utf-8"):
        raise click.UsageError(f"--format {options.form} is TOML, and TOML is UTF-8: leave out --encoding")


def _freeze(options: Options) -> tuple[Freeze, str]:
    """Look at the project and at the environment, decide, and say what was found; the interpreter that was asked."""
    from pathlib import Path  # noqa: PLC0415

    from envtool import project, registry, target  # noqa: PLC0415
    from envtool.freeze import make  # noqa: PLC0415
    from envtool.import_names import ImportNames  # noqa: PLC0415
    from envtool.report.freeze import remark_lines  # noqa: PLC0415

    here = Path.cwd()
    chosen = target.choose(options.python, os.environ, here if options.python else here / options.root, sys.executable)
    inspected = target.inspect(chosen.executable, modules=True)
    names = ImportNames()
    imports = project.read(
        options.root, exclude=options.exclude, source_encoding=options.source_encoding, progress=progress("files read")
    )
    frozen = make(imports, inspected, names, options.pin)
    if options.online and frozen.unresolved:
        newest = registry.newest(chosen.executable, frozen.unresolved)
        frozen = make(imports, inspected, names, options.pin, newest)
    say([("python", f"{inspected.python.version} at {chosen.executable} ({chosen.why})"), *remark_lines(frozen)])
    return frozen, chosen.executable


def _deliver(frozen: Freeze, python: str, options: Options) -> bool:
    """Write the text where it should go; whether that came about."""
    from envtool import files  # noqa: PLC0415
    from envtool.report.freeze import freeze_text  # noqa: PLC0415

    file = _file(options)
    text = freeze_text(frozen, options.form, _paper(frozen, python, options, file))
    content = files.encoded(text, options.encoding)
    if file is None:
        _print(text, content)
        return True
    old = _content(file) if file.is_file() else None
    if old == content:
        say([("kept", f"{file} is up to date")])
        return True
    if old is not None and not _may_replace(file, old, text, options):
        return False
    files.write(file, content)
    say([("written", str(file))])
    return True


def _file(options: Options) -> Path | None:
    """The file to write; None for stdout."""
    from pathlib import Path  # noqa: PLC0415

    from envtool.report.freeze import FILES  # noqa: PLC0415

    if options.output:
        return Path(options.output)
    return options.root / FILES[options.form] if options.write else None


def _paper(frozen: Freeze, python: str, options: Options, file: Path | None) -> Paper:
    """What the text holds beside the Freeze: the file it edits, or what a resolver makes of it."""
    from envtool import registry  # noqa: PLC0415
    from envtool.report.freeze import FILES, Paper, requirement_lines  # noqa: PLC0415

    name = options.root.resolve().name or "project"
    paper = Paper(name, _command(options), options.optional, options.encoding)
    if options.form == "pyproject":
        edited = file or options.root / FILES["pyproject"]
        return paper._replace(present=_text(edited, "utf-8") if edited.is_file() else None)
    if options.form == "pylock":
        requirements = "\n".join([*requirement_lines(frozen, paper), ""])
        return paper._replace(locked=registry.lock(requirements, python))
    return paper


def _command(options: Options) -> str:
    """What makes the same file anew in the project's folder: the options that its text depends on."""
    from envtool.report.command import command_text  # noqa: PLC0415

    said = {
        "--encoding": options.encoding != "utf8" and options.encoding,
        "--source-encoding": options.source_encoding,
        "--python": options.python,
        "--pin": options.pin != "exact" and options.pin,
        "--optional": options.optional != "comment" and options.optional,
        "--format": options.form != "requirements" and options.form,
    }
    words = [word for name, value in said.items() if value for word in (name, value)]
    words += [word for pattern in options.exclude for word in ("--exclude", pattern)]
    words += ["--online"] if options.online else []
    return command_text(["envtool", "freeze", *words, "--write"], "sh")


def _text(file: Path, encoding: str) -> str:
    """The file with its ends of lines as they are."""
    try:
        return _content(file).decode(encoding)
    except UnicodeDecodeError:
        raise RequestInvalid(f"{file} is not {encoding}: name its encoding with --encoding") from None


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RequestInvalid(f"{file} cannot be read: {error.strerror}") from None


def _print(text: str, content: bytes) -> None:
    """A terminal has an encoding of its own; what stands behind `>` or `|` gets the bytes that were asked for."""
    if sys.stdout.isatty():
        click.echo(text, nl=False)
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()


def _may_replace(file: Path, old: bytes, text: str, options: Options) -> bool:
    from envtool.report.freeze import difference  # noqa: PLC0415

    click.echo(difference(old.decode(options.encoding, "replace"), text, str(file)), err=True)
    if options.force:
        return True
    if sys.stdin.isatty():
        return click.confirm(f"Replace {file}?", err=True)
    say([("refused", f"{file} is there already: --force replaces it")])
    return False


def _is_fresh(frozen: Freeze, options: Options) -> bool:
    """Whether the file to check still fits; what does not goes to stdout."""
    from pathlib import Path  # noqa: PLC0415

    from envtool.freeze import compare  # noqa: PLC0415
    from envtool.report.freeze import FILES, drift_text, form_of  # noqa: PLC0415

    file = Path(options.check or options.root)
    if file.is_dir():
        file /= FILES[options.form]
    drifts = compare(frozen, _text(file, options.encoding), form_of(file.name, options.form))
    if drifts:
        click.echo(drift_text(drifts))
    say([("drifted", f"{file}: {len(drifts)} lines above") if drifts else ("fits", f"{file} fits the project")])
    return not drifts
