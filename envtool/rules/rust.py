"""What a build needs of Rust: that it is there, and that it is new enough."""

from __future__ import annotations

from envtool.rules.rule import Cause, Rule, Stage

MISSING_RUST = Cause(
    id="missing-rust",
    what="Rust is not installed, or not on the PATH of the build",
    recognise="`can't find Rust compiler`, `Cargo, the Rust package manager, is not installed or is not on PATH`",
    title="{package} has to be compiled from Rust, and there is no Rust here.",
    why="No wheel was taken. An old pip does not see newer wheels; a new Python may have none yet.",
    fix=(
        "python -m pip install --upgrade pip  # first: a newer pip may take a wheel, and Rust is not needed",
        "{install}",
        "@rust",
    ),
    neighbours=(
        ("pip-too-old", "the wheel is there, and pip is too old to see it"),
        ("no-wheel-for-python", "no wheel of this version for this Python"),
        ("rust-too-old", "Rust is there"),
    ),
    source="setuptools-rust, maturin, puccinialin; rustup.rs",
)
RUST_TOO_OLD = Cause(
    id="rust-too-old",
    what="Rust is older than a crate of the build demands",
    recognise="`feature edition2024 is required`, `requires rustc 1.X or newer`, `lock file version 4`",
    title="The Rust here is too old for {package} or for a crate that it builds.",
    why="Distributions ship a Rust that is years old, while crates follow the newest.",
    fix=(
        "rustup update stable  # not the distribution's cargo: rustup.rs",
        "{install} --only-binary :all:  # or a version that has a wheel",
    ),
    neighbours=(("missing-rust", "there is none at all"), ("network-unreachable", "cargo could not download")),
    source="The Cargo Book: editions, rust-version, lock file versions",
)

RULES = (
    Rule(
        RUST_TOO_OLD,
        Stage.BUILD,
        (
            r"feature `edition20\d\d` is required",
            r"this version of Cargo is older than the `20\d\d` edition",
            r"(?:requires|require) rustc \d\.\d{1,3}(?:\.\d{1,3})? or newer",
            r"rustc \d\.\d{1,3}\.\d{1,3}\S{0,20} is not supported by the following",
            r"requires rustc \d\.\d{1,3}",
            r"lock file version `?4`?",
            r"Rust \d\.\d{1,3}(?:\.\d{1,3}\S{0,20})? does not match extension requirement",
            r"feature `\w{1,40}` is required [^\n]{0,40}that feature is not stabilized",
            r"(?:rustc|Rust|cargo)[^\n]{0,60} is too old",
            r"use of unstable (?:library )?feature",
            r"may not be used on the stable release channel",
            r"package requires rustc \d",
            r"does not support the edition|edition \d{4} is unstable",
        ),
        over=("missing-rust", "network-unreachable"),
    ),
    Rule(
        MISSING_RUST,
        Stage.BUILD,
        (
            r"can(?:'t| ?not) find (?:a |the )?Rust (?:compiler|toolchain)",
            r"Cargo, the Rust package manager, is not installed",
            r"(?:No such file or directory|cannot find the file specified|找不到指定的文件。?): '(?:\S{0,200}/)?(?:cargo|rustc|maturin)(?:\.exe)?'",
            r"(?:cargo|rustc|rustup):? (?:command )?not found",
            r"command '?(?:cargo|rustc)'? failed: No such file",
            r"requires Rust and Cargo to compile",
            r"(?:Rust|Cargo)(?: toolchain| compiler)? (?:is )?(?:not found|not installed|missing)",
            r"rustup could not choose a version of (?:cargo|rustc)",
            r"no default (?:toolchain )?(?:is )?configured",
            r"no override and no default toolchain",
            r"Failed to get rustc version",
            r"Unsupported platform: \d{1,4}",
            r"\b(?:cargo|rustc)\b[^\n]{0,40} is not recognized",
            r"Failed to execute \[?['\"]?(?:cargo|rustc)",
            r"This package requires Rust",
        ),
    ),
)
