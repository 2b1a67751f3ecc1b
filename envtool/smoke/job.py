"""How many ranks to start here, and where they meet those of other nodes: from the options, else from the cluster's variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from envtool.errors import RequestInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

ORDINARY_PORT = "29500"  # torch's own choice, where a variable names a host alone
ONCE_A_NODE = "start envtool once on each node: it starts the ranks itself"


class Job(NamedTuple):
    ranks: int  # on each node
    nodes: int = 1
    node: int | None = None  # which of them this is; None: the launchers find an order
    endpoint: str | None = None  # HOST:PORT of the first node; None where there is one node


def job_of(
    ranks: int | None, nodes: int | None, node: int | None, endpoint: str | None, environment: Mapping[str, str]
) -> Job | None:
    """What is to be started; None where several ranks are not asked for. Raises RequestInvalid."""
    if ranks is None and nodes is None:
        if node is not None or endpoint is not None:
            raise RequestInvalid("--node-rank and --rdzv-endpoint are for several ranks: add --nproc")
        return None
    _refuse_one_of_many(environment)
    told = _of_cluster(environment)
    nodes = nodes or told.nodes
    if nodes == 1 and endpoint is None:
        return Job(ranks or 1)
    job = Job(ranks or 1, nodes, told.node if node is None else node, endpoint or told.endpoint)
    if job.endpoint is None:
        raise RequestInvalid(f"{nodes} nodes need a place to meet, the same for all: --rdzv-endpoint HOST:PORT")
    if not re.fullmatch(r".+:\d{1,5}", job.endpoint):
        raise RequestInvalid(f"{job.endpoint} is no HOST:PORT, such as node1:{ORDINARY_PORT}")
    if job.node is not None and job.node >= nodes:
        raise RequestInvalid(f"--node-rank {job.node} of {nodes} nodes: they are counted from 0")
    return job


def launcher_options(job: Job, own_address: str = "", *, is_first: bool = False) -> tuple[str, ...]:
    """For torch.distributed.run.

    Where no node has a number, the launcher is told by which address the others reach this one, and whether that is where
    all meet: by itself it goes by the host's name, which often leads to 127.0.0.1.
    """
    counts = (f"--nnodes={job.nodes}", f"--nproc_per_node={job.ranks}", "--max_restarts=0")
    if job.endpoint is None:
        return (*counts, "--standalone")
    meeting = (f"--rdzv_endpoint={job.endpoint}", "--rdzv_id=envtool")
    if job.node is None:
        place = f"--rdzv_conf=is_host={int(is_first)}", f"--local_addr={own_address}"
        return (*counts, *meeting, "--rdzv_backend=c10d", *place)
    return (*counts, *meeting, "--rdzv_backend=static", f"--node_rank={job.node}")


def _refuse_one_of_many(environment: Mapping[str, str]) -> None:
    """A launcher has started us once for each rank."""
    if "LOCAL_RANK" in environment:
        raise RequestInvalid(f"LOCAL_RANK is set, so a launcher started this as one of several ranks: {ONCE_A_NODE}")
    tasks, nodes = (_count(environment, f"SLURM_STEP_NUM_{what}") for what in ("TASKS", "NODES"))
    if tasks and nodes and tasks > nodes:
        raise RequestInvalid(f"srun started {tasks} tasks on {nodes} nodes: {ONCE_A_NODE} (srun --ntasks-per-node=1)")


def _of_cluster(environment: Mapping[str, str]) -> Job:
    """What torch's launcher would take (PET_...), what a PyTorchJob sets for each pod, what srun sets; one node without."""
    address = _address(environment, "PET_MASTER_ADDR", "PET_MASTER_PORT") or environment.get("PET_RDZV_ENDPOINT")
    master = _address(environment, "MASTER_ADDR", "MASTER_PORT")
    if "PET_NNODES" in environment:
        return Job(1, _count(environment, "PET_NNODES") or 1, _count(environment, "PET_NODE_RANK"), address or master)
    if master and "RANK" in environment and (nodes := _count(environment, "WORLD_SIZE")):
        return Job(1, nodes, _count(environment, "RANK"), master)
    if nodes := _count(environment, "SLURM_STEP_NUM_NODES"):
        return Job(1, nodes, _count(environment, "SLURM_NODEID"), master)
    return Job(1, endpoint=master)


def _address(environment: Mapping[str, str], host: str, port: str) -> str | None:
    return f"{environment[host]}:{environment.get(port) or ORDINARY_PORT}" if environment.get(host) else None


def _count(environment: Mapping[str, str], name: str) -> int | None:
    """None where the variable is not set. Raises RequestInvalid for one that is no number: PET_NNODES may be "1:4"."""
    text = environment.get(name)
    if not text:
        return None
    if not text.isdecimal():
        raise RequestInvalid(f"{name} is {text!r}, and one number is needed: say --nnodes and --node-rank")
    return int(text)
