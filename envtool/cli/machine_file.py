"""The file that --machine names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envtool.errors import MachineUnreadable

if TYPE_CHECKING:
    from envtool.facts import Machine


def machine_in(file: str) -> Machine:
    """The machine that the file describes; - is standard input. Raises MachineUnreadable."""
    from envtool.facts import parse_machine  # noqa: PLC0415 - --help needs none of it

    try:
        with open(0 if file == "-" else file, encoding="utf-8-sig") as text:  # noqa: PTH123 - pathlib is slow to import
            return parse_machine(text.read(), file)
    except OSError as error:
        raise MachineUnreadable(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MachineUnreadable(f"{file} is not UTF-8: a machine file is JSON in UTF-8") from None
