"""cluster.yaml: where training and scoring run. Results do not depend on it, so no stage does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hdemucs.config.base import STRICT
from hdemucs.config.load import validated
from hdemucs.errors import UserError

FILE, LOCAL = "cluster.yaml", "cluster.local.yaml"

Count = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(min_length=1, pattern=r"^[\w.,:@+-]+$")]

Option = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
# Options of sbatch that have settings of their own, or by which we find, signal and resume jobs.
OURS = {
    "account", "array", "chdir", "comment", "constraint", "cpus-per-task", "error", "gpus-per-node",
    "input", "job-name", "mem", "no-requeue", "nodes", "ntasks", "ntasks-per-node", "open-mode",
    "output", "parsable", "partition", "qos", "requeue", "signal", "time", "wait", "wrap",
}  # fmt: skip

MEMORY = {"mem-per-cpu", "mem-per-gpu"}  # what some clusters require instead of --mem

FREE = ("slurm.extra.", "scoring.")  # keys that the committed file may leave out
HEADROOM = 60  # seconds by which SLURM may send a signal too early


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LocalConfig:
    """Detached processes on this machine."""

    slots: Natural  # runs at a time; 0: one per GPU, or what the cores have threads for


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SlurmConfig:
    """What each job asks of SLURM; None: the cluster's own default."""

    partition: Name | None
    account: Name | None
    qos: Name | None
    constraint: str | None
    nodes: Count
    tasks_per_node: Count  # processes of one training; if there are several in all, they use DDP
    gpus_per_node: Natural
    cpus_per_task: Count
    memory_gb: Annotated[float, Field(gt=0)] | None  # per node; None: the cluster's or `extra`'s
    time: Count  # minutes that a job may run before it is stopped and queued again
    signal_delay: Annotated[int, Field(ge=10)]  # seconds before that at which the job is warned
    array_parallelism: Count  # jobs of one submission that may run at a time
    setup: tuple[str, ...]  # shell lines to run before the job: modules, environments
    python: Annotated[str, Field(min_length=1)] | None  # on the nodes; None: this process' one
    extra: dict[Option, str | int | bool]  # other options of sbatch, by their long names

    def check(self, where: str) -> None:
        """Check settings that depend on each other.

        Raises:
            UserError: two settings do not fit; the key is named.
        """
        if self.time * 60 < self.signal_delay + HEADROOM:
            problem = (
                f"is {self.time} min, too short for a signal {self.signal_delay} s before its end"
            )
            raise UserError(f"{where}.time", problem, "give more time or a shorter signal_delay")
        for option in self.extra:
            if option.replace("_", "-") in OURS:
                problem = "conflicts with another setting, or with how jobs are found and resumed"
                raise UserError(f"{where}.extra.{option}", problem, "leave it out")
        by = sorted(MEMORY & {option.replace("_", "-") for option in self.extra})
        if by and self.memory_gb is not None:
            problem = f"asks for memory a second time, beside memory_gb ({self.memory_gb:g})"
            raise UserError(f"{where}.extra.{by[0]}", problem, "set memory_gb to null")
        if self.gpus_per_node and self.gpus_per_node != self.tasks_per_node:
            problem = f"is {self.tasks_per_node} for {self.gpus_per_node} GPUs a node"
            raise UserError(f"{where}.tasks_per_node", problem, "have one process a GPU")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ClusterConfig:
    """Where training and scoring run."""

    executor: Literal["local", "slurm"]
    presubmit: bool  # whether the first variant to be trained also starts the others
    poll: Annotated[float, Field(ge=0.1, le=600)]  # seconds between two looks at the jobs
    local: LocalConfig
    slurm: SlurmConfig
    scoring: SlurmConfig | None  # None: songs are separated and scored by dvc's own process


def load_cluster(root: Path) -> ClusterConfig:
    """Read a checkout's cluster.yaml; cluster.local.yaml, which git ignores, overrides it.

    Raises:
        UserError: a file or key is wrong; it is named.
    """
    base, own = content(root / FILE), content(root / LOCAL, missing={})
    unknown = sorted(path for path in paths(own) - paths(base) if not path.startswith(FREE))
    if unknown:
        raise UserError(f"{LOCAL}.{unknown[0]}", "is no known setting", f"see {FILE}")
    where = FILE if not own else f"{FILE} with {LOCAL}"
    config = validated(completed(merged(base, own)), ClusterConfig, where)
    config.slurm.check(f"{where}.slurm")
    if config.scoring is not None:
        config.scoring.check(f"{where}.scoring")
        if config.scoring.nodes * config.scoring.tasks_per_node > 1:
            problem = "asks for several processes, and one separates and scores"
            raise UserError(f"{where}.scoring", problem, "leave nodes and tasks_per_node out")
    return config


def completed(tree: dict[str, Any]) -> dict[str, Any]:
    """Fill in what `scoring` leaves out from `slurm`, for one process with one GPU at most."""
    scoring, slurm = tree.get("scoring"), tree.get("slurm")
    if not isinstance(scoring, Mapping) or not isinstance(slurm, Mapping):
        return tree
    gpus = slurm.get("gpus_per_node")
    single = {"nodes": 1, "tasks_per_node": 1, "gpus_per_node": 1 if gpus else gpus}
    return {**tree, "scoring": {**slurm, **single, **scoring}}


def content(path: Path, missing: dict[str, Any] | None = None) -> dict[str, Any]:
    """A YAML file's mapping."""
    try:
        found = YAML(typ="safe").load(path)
    except FileNotFoundError as error:
        if missing is not None:
            return missing
        raise UserError(path, "is missing", "restore it from git") from error
    except YAMLError as error:
        problem = " ".join(str(error).split())
        raise UserError(path, f"is no YAML ({problem})", "correct the file") from error
    if not isinstance(found, dict | None):
        raise UserError(path, "holds no mapping", "correct the file")
    return found or {}


def paths(tree: Mapping[str, Any], prefix: str = "") -> set[str]:
    """The dotted names of all keys of nested mappings."""
    own = {f"{prefix}{key}" for key in tree}
    below = (
        paths(value, f"{prefix}{key}.") for key, value in tree.items() if isinstance(value, Mapping)
    )
    return own.union(*below)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` merged into `base`, leaf by leaf."""
    out = dict(base)
    for key, value in over.items():
        deeper = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        out[key] = merged(base[key], value) if deeper else value
    return out
