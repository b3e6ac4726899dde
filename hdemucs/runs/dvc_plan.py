"""Find the variants that the running `dvc repro` will come to, so that all can start at once.

DVC has no public function for it. The command line of the process above says what was asked, and
DVC's own planning says which stages it will visit. `dvc status` answers only for stages that are
not locked by DVC itself, so these are asked for by name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

TRAIN = "train"


@dataclass(frozen=True)
class Plan:
    """The variants whose stage a dvc command will visit, in order; empty outside of dvc."""

    variants: tuple[str, ...] = ()
    missing_is_fine: bool = False  # outputs that exist elsewhere: the command skips their stages
    pulls: bool = False  # outputs are pulled where possible


def planned(stage: str) -> Plan:
    """The plan of the dvc command above this process; empty for `dvc repro -s`, which runs one
    stage.
    """
    asked = dvc_command(os.getpid()) if "DVC_STAGE" in os.environ else None
    if asked is None or asked.single_item:
        return Plan()
    # The import takes half a second and is needed only here.
    from dvc.repo import Repo
    from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro

    with Repo() as repo:
        targets = [] if asked.all_pipelines else asked.targets or ["dvc.yaml"]
        stages = collect_stages(repo, targets, asked.recursive, getattr(asked, "glob", False))
        graph = get_active_graph(repo.index.graph)
        plan = plan_repro(graph, stages, asked.pipeline, asked.downstream)
        names = [each.addressing for each in plan]
    variants = (name.partition("@")[2] for name in names if name.startswith(f"{stage}@"))
    return Plan(
        tuple(variants), *(bool(getattr(asked, name, False)) for name in ("allow_missing", "pull"))
    )


def stale_siblings(variant: str, stage: str) -> list[str]:
    """The other variants whose stage this dvc command will reach and run."""
    plan = planned(stage)
    ahead = [name for name in plan.variants if name != variant]
    changes = changed(ahead, stage) if ahead else {}
    return [name for name in ahead if needs_run(changes.get(f"{stage}@{name}", []), plan)]


def needs_run(reasons: list[Any], plan: Plan) -> bool:
    """Whether dvc will run a stage.

    If an output is merely missing, it is checked out from the cache ("deleted"). If it is not there
    either ("not in cache"), the stage runs, unless the command may skip it or pull from the remote.
    """
    if any(reason == "changed command" or "changed deps" in reason for reason in reasons):
        return True
    changes = [each["changed outs"].values() for each in reasons if "changed outs" in each]
    outs = [state for states in changes for state in states]
    return "not in cache" in outs and not (plan.missing_is_fine or plan.pulls)


def changed(variants: list[str], stage: str) -> Mapping[str, list[Any]]:
    """What `dvc status` says of variants' stages; empty for those that are up to date."""
    command = [sys.executable, "-m", "dvc", "status", "--json"]
    asked = subprocess.run(
        [*command, *(f"{stage}@{name}" for name in variants)],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        reason = asked.stderr.strip().splitlines()[-1:]
        sys.stderr.write(f"the other variants start when their turn comes: {reason}\n")
        return {}
    return dict(json.loads(asked.stdout))


def dvc_command(pid: int) -> Any:
    """The options of the nearest `dvc repro`, `dvc exp run` or queued experiment above a process,
    by dvc's own names; None if there is no such command.
    """
    for command in ancestors(pid):
        for start, word in enumerate(command):
            if Path(word).name in ("dvc", "__main__.py"):
                rest = command[start + 1 :]
                if "repro" in rest or rest[:2] == ["exp", "run"]:
                    from dvc.cli import parse_args

                    return parse_args(rest)
                if rest[:2] == ["exp", "exec-run"]:
                    return queued()
    return None


def queued() -> Any:
    """The options of a queued experiment, which dvc keeps in the commit that it works on."""
    from dvc.repo.experiments.executor.base import BaseExecutor
    from dvc.repo.experiments.refs import EXEC_MERGE

    packed = f"{EXEC_MERGE}:.dvc/tmp/{BaseExecutor.PACKED_ARGS_FILE}"
    asked = subprocess.run(["git", "show", packed], capture_output=True, check=False)
    if asked.returncode:
        return None
    with tempfile.NamedTemporaryFile() as file:
        file.write(asked.stdout)
        file.flush()
        return SimpleNamespace(**BaseExecutor.unpack_repro_args(file.name)[1])


def ancestors(pid: int) -> Iterator[list[str]]:
    """The command lines of the processes above this one, nearest first."""
    while pid > 1:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            yield Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            return
