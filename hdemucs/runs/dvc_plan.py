"""Which other variants the running `dvc repro` will come to, so that all can start at once.

dvc itself says which stages this command will visit and which of them changed: it answers for
stages that it is not itself holding, so they are asked for by name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

TRAIN = "train"


def stale_siblings(variant: str, stage: str = TRAIN) -> list[str]:
    """The other variants whose stage this dvc command will reach and find changed.

    Empty outside dvc, and for `dvc repro -s`, which asks for one stage alone.
    """
    if "DVC_STAGE" not in os.environ:
        return []
    ahead = [name for name in planned(dvc_command(os.getpid()), stage) if name != variant]
    changes = changed(ahead, stage) if ahead else {}
    return [name for name in ahead if needs_run(changes.get(f"{stage}@{name}", []))]


def needs_run(reasons: list[Any]) -> bool:
    """An output that is merely missing is checked out or pulled, not made anew."""
    return any(reason == "changed command" or "changed deps" in reason for reason in reasons)


def changed(variants: list[str], stage: str) -> Mapping[str, list[Any]]:
    """What dvc says of variants' stage: empty for those that are up to date."""
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


def planned(asked: Any, stage: str) -> list[str]:
    """The variants whose stage a dvc command visits, in its order; of None, none."""
    if asked is None or asked.single_item:
        return []
    # Half a second of imports, needed only here.
    from dvc.repo import Repo
    from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro

    with Repo() as repo:
        targets = [] if asked.all_pipelines else asked.targets or ["dvc.yaml"]
        stages = collect_stages(repo, targets, asked.recursive, getattr(asked, "glob", False))
        graph = get_active_graph(repo.index.graph)
        plan = plan_repro(graph, stages, asked.pipeline, asked.downstream)
        names = [each.addressing for each in plan]
    return [name.partition("@")[2] for name in names if name.startswith(f"{stage}@")]


def dvc_command(pid: int) -> Any:
    """What the nearest `dvc repro`, `dvc exp run` or queued experiment above a process was asked:
    dvc's own options by name; None: there is none.
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
    """What the experiment of a queue was asked: dvc keeps it in the commit that it works on."""
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
    """The command lines of the processes above one, nearest first."""
    while pid > 1:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            yield Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            return
