"""What was fetched, or should have been: files that are not what they should be, and repositories."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envtool.rules.rule import Cause, Rule, Stage

if TYPE_CHECKING:
    from envtool.rules.log import Log


HASH_MISMATCH = Cause(
    id="hash-mismatch",
    what="the file that was downloaded whole is not the one whose hash is pinned",
    recognise="`DO NOT MATCH THE HASHES` with --hash or a lock file; `not found in known hashes`",
    title="The hash that is pinned for {package} is not that of the file.",
    why="The lock was made from other files: a wheel was added since, or another index serves its own builds. If nothing explains it, the file may have been tampered with.",
    fix=(
        "pip-compile --generate-hashes --upgrade-package {package}  # or: uv lock, poetry lock, pipenv lock",
        "python -m pip download --no-deps --no-cache-dir {package} && python -m pip hash *.whl  # what is served now",
    ),
    neighbours=(("corrupted-artifact", "no hash was pinned, or the download broke off"),),
    source="pip documentation, secure installs; uv, poetry and pipenv lock files",
)
CORRUPTED_ARTIFACT = Cause(
    id="corrupted-artifact",
    what="the file that was downloaded, cached or published is damaged",
    recognise="`BadZipFile`, `Bad CRC-32`, `Wheel ... is invalid`, a hash that differs though none was pinned",
    title="The file of {package} is damaged: the download broke off, or a damaged copy lies in the cache.",
    why="A mirror or a proxy cut it short, the disk was full, or the file was published so.",
    fix=(
        "python -m pip cache purge  # uv cache clean; poetry cache clear --all .",
        "{install} --no-cache-dir  # again, or from another mirror with --index-url",
    ),
    neighbours=(
        ("hash-mismatch", "a hash was pinned, and the file is whole"),
        ("network-unreachable", "the connection itself broke"),
        ("disk-full", "there was no room for the whole file"),
    ),
    source="CPython zipfile, tarfile, zlib; pip's InvalidWheel",
)
GIT_MISSING = Cause(
    id="git-missing",
    what="a requirement is a git repository, and there is no git",
    recognise="`Cannot find command 'git'`, `Git executable not found`",
    title="A requirement comes from a git repository, and git is not installed or not on PATH.",
    why="The installer calls git to fetch it; slim images and fresh Windows machines have none.",
    fix=("@git", "{pip} https://HOST/OWNER/NAME/archive/REVISION.zip  # the archive needs no git"),
    neighbours=(("vcs-fetch-failed", "git runs and fails"),),
    source="pip documentation, VCS support; uv's message",
)
VCS_FETCH_FAILED = Cause(
    id="vcs-fetch-failed",
    what="git runs, and cannot fetch the repository or the revision",
    recognise="exit code 128, `could not read Username`, `Repository not found`, `RPC failed`, `Remote branch X not found`",
    title="git could not fetch the repository, or the revision that was asked for.",
    why="The address is wrong or private, the branch is gone, git:// is switched off, or the connection broke.",
    fix=(
        "git ls-remote {url}  # does it answer, and which branches it has",
        "{pip} git+https://HOST/OWNER/NAME@REVISION  # https:// in place of git:// or ssh://",
        "GIT_TERMINAL_PROMPT=0 {install}  # fails at once instead of asking for a password; a token or key is needed",
    ),
    neighbours=(
        ("git-missing", "there is no git at all"),
        ("network-unreachable", "the index itself cannot be reached either"),
        ("index-auth", "it is the package index that refuses"),
    ),
    source="git's messages and exit status 128; GitHub on the git:// protocol",
)


_GIVEN_BY_THE_INDEX = re.compile(r"#sha256=(\w{20,64})\b[^\n]{0,200}\n\s{0,12}Expected sha256 \1")
_TIME_LEFT = re.compile(r"\beta (?!0?0:00:00)\d{1,2}:\d\d(?::\d\d)?\s{0,9}(?:ERROR: )?THESE PACKAGES DO NOT MATCH")


def _git_was_called(log: Log, _match: re.Match[str]) -> bool:
    """By the installer, for a requirement: a setup script that asks git for its revision does no harm."""
    return log.says("git+", "running command git", "git checkout", "git operation")


def _hash_was_pinned(log: Log, _match: re.Match[str]) -> bool:
    return (
        not _broke_off(log, _match)
        and not _GIVEN_BY_THE_INDEX.search(log.text)
        and (
            log.says("--require-hashes", "--hash", "pipfile.lock", "poetry.lock", "uv.lock", "piwheels", "known hashes")
            or "from -r" in log.lower
        )
    )


def _broke_off(log: Log, _match: re.Match[str]) -> bool:
    """A progress bar above stands still before its end."""
    bars = re.findall(r"(\d{1,6}(?:\.\d)?)/(\d{1,6}(?:\.\d)?) ?[GMk]B\b", log.text)
    return (bool(bars) and float(bars[-1][0]) < float(bars[-1][1])) or _TIME_LEFT.search(log.text) is not None


RULES = (
    Rule(
        GIT_MISSING,
        Stage.SOURCE,
        (
            r"Cannot find command '(?:git|hg|svn|bzr)'",
            r"Git executable not found",
            r"No such file or directory: '(?:\S{0,100}/)?git'",
            r"\bgit: (?:command )?not found",
            r"'git' is not recognized",
            r"ERROR: Error \[WinError 2\][^\n]{0,200} while executing command git",
            r"unable to find (?:the )?git (?:executable|binary|command)",
            r"Bad git executable",
            r"command 'git' failed: No such file",
        ),
        over=("vcs-fetch-failed", "missing-build-tool"),
    ),
    Rule(
        VCS_FETCH_FAILED,
        Stage.SOURCE,
        (
            r"could not read (?:Username|Password) for",
            r"Repository not found",
            r"does not appear to be a git repository",
            r"[Rr]emote branch \S{1,200} not found",
            r"Permission denied \(publickey",
            r"Host key verification failed",
            r"Could not read from remote repository",
            r"fatal: unable to (?:access|connect)",
            r"fatal: (?:I don't handle protocol|protocol '|transport '|Unable to find remote helper)",
            r"fatal: Authentication failed",
            r"RPC failed",
            r"fetch-pack: unexpected disconnect",
            r"fatal: (?:early EOF|the remote end hung up)",
            r"not a tree: \S{7,64}",
            r"unauthenticated git protocol",
            r"Git operation failed",
            r"failed to clone (?:into|submodule)",
            r"clone of '[^'\n]{1,300}' into submodule path",
            r"[Ff]ailed to (?:fetch|checkout|find) (?:branch|tag|commit|ref|revision)",
            r"process didn't exit successfully: `(?:\S{1,100}/)?git",
            r"\bgit (?:clone|checkout|fetch|submodule)[^\n]{0,400} did not run successfully",
            r"\bgit (?:clone|checkout|fetch|rev-parse|submodule|ls-remote)[^\n]{0,400} failed with error code (?:1|128)",
            r"\bgit (?:clone|checkout|fetch|submodule|ls-remote)[^\n]{0,400} returned non-zero exit status",
            r"\bgit (?:clone|checkout|fetch|submodule)[^\n]{0,400}Check the logs for full command output",
            r"couldn't find remote ref",
            r"Invalid (?:rev|reference|branch)\b[^\n]{0,60}git|did not find branch or tag",
            r"unable to checkout",
        ),
        over=("network-unreachable", "permission-denied"),
    ),
    Rule(
        VCS_FETCH_FAILED,
        Stage.SOURCE,
        (r"pathspec '[^'\n]{1,200}' did not match",),
        _git_was_called,
        over=("network-unreachable",),
    ),
    Rule(
        VCS_FETCH_FAILED,
        Stage.SOURCE,
        (r"(?:exit(?:ed out with exit)? (?:code|status):?|error code) 128\b",),
        _git_was_called,
        confidence="likely",
    ),
    Rule(
        HASH_MISMATCH,
        Stage.SOURCE,
        (
            r"DO NOT MATCH THE HASHES[^\n]{0,400}\n\s{0,12}(?P<package>[\w.-]{1,99})",
            r"DO NOT MATCH THE HASHES",
        ),
        _hash_was_pinned,
        over=("corrupted-artifact",),
    ),
    Rule(
        HASH_MISMATCH,
        Stage.SOURCE,
        (
            r"Hash mismatch for [`'\"]?(?P<package>[\w.-]{1,99})",
            r"Hash for (?P<package>[\w.-]{1,99}) \([^)\n]{1,40}\) from archive [^\n]{1,300} not found in known hashes",
            r"not found in known hashes",
            r"Invalid hashes? \(",
            r"Hashes are required in --require-hashes mode",
            r"In `?--require-hashes`? mode, all requirements must",
            r"Can't verify hashes for",
            r"Retrieved digest for",
            r"hash-mismatch",
            r"HashMismatch",
        ),
    ),
    Rule(CORRUPTED_ARTIFACT, Stage.SOURCE, (r"DO NOT MATCH THE HASHES",), confidence="likely"),
    Rule(HASH_MISMATCH, Stage.SOURCE, (r"DO NOT MATCH THE HASHES",), confidence="likely"),
    Rule(
        CORRUPTED_ARTIFACT,
        Stage.SOURCE,
        (
            r"BadZip[Ff]ile",
            r"Bad CRC-32",
            r"File is not a zip file",
            r"Bad magic number for",
            r"Wheel '?(?P<package>[\w.-]{1,99})'? located at [^\n]{1,400} is invalid",
            r"has an invalid wheel",
            r"zlib\.error: Error -\d",
            r"Error -3 while decompressing",
            r"CRC check failed",
            r"CRC32 value did not match",
            r"CRC mismatch",
            r"Compressed file ended before the end-of-stream",
            r"tarfile\.ReadError",
            r"tarfile\.\w{0,20}HeaderError",
            r"[Nn]ot a gzip(?:ped)? file",
            r"invalid (?:distance|block type|stored block|code lengths|Zip archive|gzip header|deflate)",
            r"cannot detect archive format",
            r"unexpected end of (?:file|data)",
            r"ChecksumMismatchError",
            r"InvalidArchiveError",
            r"CorruptedEnvironment|appears to be corrupted",
            r"(?:package|archive|file|wheel|download)[^\n]{0,60} (?:is|was|may be|appears to be) corrupt",
            r"end of central directory",
        ),
        over=("broken-source-package", "broken-python-env"),
    ),
    Rule(
        CORRUPTED_ARTIFACT,
        Stage.SOURCE,
        (r"Failed to (?:extract|read|unzip)[^\n]{0,60}(?:archive|wheel|zip)",),
        confidence="likely",
    ),
)
