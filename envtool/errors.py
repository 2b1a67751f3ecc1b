"""What stops a command. "No" is a value (a refusal, a finding); an error means used wrongly, or could not find out.

EnvtoolError                 3   could not find out
├── TargetUnusable           3   the interpreter asked about is absent, is no Python, or does not answer
├── CatalogueBroken          3   a file of bundled knowledge has a bad row
├── FileUnwritable           3   a result could not be put into its file, which is as it was
├── IndexUnusable            3   the package index could not be asked, or a resolver found no answer
├── MachineUnreadable        2   a machine file is no description of a machine
├── LogUnreadable            2   a log file is not there, or may not be read
└── RequestInvalid           2   the request itself makes no sense

Each message says what happened, with real names and paths, and what to do.
"""


class EnvtoolError(Exception):
    exit_code = 3


class TargetUnusable(EnvtoolError):
    """An interpreter that cannot be asked."""


class CatalogueBroken(EnvtoolError):
    """A row of `envtool/data/` that does not hold what it should."""


class FileUnwritable(EnvtoolError):
    """A full disk, a folder that is not there, a lack of permission."""


class IndexUnusable(EnvtoolError):
    """No pip or no resolver to ask with, or none that gets an answer."""


class MachineUnreadable(EnvtoolError):
    exit_code = 2


class RequestInvalid(EnvtoolError):
    exit_code = 2


class LogUnreadable(EnvtoolError):
    exit_code = 2
