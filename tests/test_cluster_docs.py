"""The command lines of docs/cluster.md: that envtool takes them, and understands what the clusters set."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
import yaml

from envtool.cli import commands
from envtool.smoke.job import Job, job_of

if TYPE_CHECKING:
    from collections.abc import Sequence

DOCUMENT = (Path(__file__).resolve().parent.parent / "docs/cluster.md").read_text(encoding="utf-8")
BY_HAND, SCRIPT = re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL)
[POD] = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)


def understood(argv: Sequence[str], environment: dict[str, str]) -> Job | None:
    """What envtool would start by this command line, in this environment."""
    program, name, *options = argv
    assert program == "envtool"
    command = commands.get_command(click.Context(commands), name)
    assert command
    typed = command.make_context(name, options).params
    return job_of(typed["nproc"], typed["nnodes"], typed["node_rank"], typed["rdzv_endpoint"], environment)


@pytest.mark.parametrize("node", [0, 1])
def test_by_hand(node: int) -> None:
    assert understood(shlex.split(BY_HAND.splitlines()[node]), {}) == Job(8, 2, node, "node1:29500")


# srun in its place: what it would run on the second node, with what it sets there.
SRUN = """#!/bin/sh
shift
printf '%s\\n' "$MASTER_ADDR" "$@"
"""


@pytest.mark.skipif(os.name == "nt", reason="Slurm runs on Unix")
def test_slurm(tmp_path: Path) -> None:
    for name, content in (("srun", SRUN), ("scontrol", "#!/bin/sh\nprintf 'node%s\\n' 7 8\n"), ("job", SCRIPT)):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o755)
    path = os.pathsep.join((str(tmp_path), os.environ["PATH"]))
    ran = subprocess.run(["sh", tmp_path / "job"], env={"PATH": path}, capture_output=True, text=True, check=True)
    master, *argv = ran.stdout.splitlines()
    step = {"SLURM_STEP_NUM_NODES": "2", "SLURM_STEP_NUM_TASKS": "2", "SLURM_NODEID": "1", "MASTER_ADDR": master}
    assert understood(argv, step) == Job(8, 2, 1, "node7:29500")
    [tasks] = re.findall(r"#SBATCH --ntasks-per-node=(\d+)", SCRIPT)
    assert tasks == "1"


def test_kubernetes() -> None:
    """As the operator sets the variables of a Worker's pod."""
    job = yaml.safe_load(POD)
    replicas = job["spec"]["pytorchReplicaSpecs"]
    argv = replicas["Worker"]["template"]["spec"]["containers"][0]["command"]
    pods = str(sum(each["replicas"] for each in replicas.values()))
    master = f"{job['metadata']['name']}-master-0"
    set_there = {"WORLD_SIZE": pods, "RANK": "1", "MASTER_ADDR": master, "MASTER_PORT": "23456"}
    assert understood(argv, set_there) == Job(8, 2, 1, "smoke-test-master-0:23456")
