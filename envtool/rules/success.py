"""An install that worked, whatever it complained of on the way."""

from __future__ import annotations

from envtool.rules.rule import Cause, Rule, Stage

NOT_A_FAILURE = Cause(
    id="not-a-failure",
    what="the install worked; what looks like an error is a notice",
    recognise="`Successfully installed` or `Requirement already satisfied`, with warnings, deprecations, retries, or the notice of `pip's dependency resolver`",
    title="The install worked, with a notice: {line}",
    why="pip prints in red, and with the word ERROR, what does not stop it: packages installed earlier that disagree with the new ones, deprecations, downloads that came about at the second try.",
    fix=("python -m pip check  # what disagrees, if anything",),
    neighbours=(("resolver-conflict", "the install stopped"),),
    source="pip's messages after an install",
    severity="note",
)


RULES = (
    Rule(
        NOT_A_FAILURE,
        Stage.GUESS,
        (
            r"pip's dependency resolver does not currently take into account",
            r"[\w.-]{1,99} [\w.]{1,40} requires [^\n]{1,120}, but you(?:'ll)? have [^\n]{1,80} which is incompatible",
            r"[\w.-]{1,99} [\w.]{1,40} requires [^\n]{1,120}, which is not installed",
            r"DEPRECATION:",
            r"The candidate selected for download or install is a yanked version",
            r"Retrying \(Retry",
            r"Ignoring invalid distribution",
            r"Running pip as the 'root' user",
            r"is installed in '[^'\n]{1,200}' which is not on PATH",
            r"Cache entry deserialization failed",
            r"The directory '[^'\n]{1,200}' or its parent directory is not owned",
        ),
    ),
)
