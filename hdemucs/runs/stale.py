"""Which other variants the running `dvc repro` will come to, so that all can start at once.

dvc itself says which stages this command will visit and which of them changed: it answers for
stages that it is not itself holding, so they are asked for by name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TRAIN = "train"


def stale_siblings(variant: str, stage: str = TRAIN) -> list[str]:
    """The other variants whose stage this dvc command will reach and find changed.

    Empty outside dvc, and for `dvc repro -s`, which asks for one stage alone.
    """
    if "DVC_STAGE" not in os.environ:
        return []
    ahead = [name for name in planned(dvc_arguments(os.getpid()), stage) if name != variant]
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


def planned(arguments: list[str] | None, stage: str = TRAIN) -> list[str]:
    """The variants whose stage a dvc command line visits, in its order; of None, none."""
    if arguments is None:
        return []
    # Half a second of imports, needed only here.
    from dvc.cli import parse_args
    from dvc.repo import Repo
    from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro

    asked = parse_args(arguments)
    if asked.single_item:
        return []
    with Repo() as repo:
        targets = [] if asked.all_pipelines else asked.targets or ["dvc.yaml"]
        stages = collect_stages(repo, targets, asked.recursive, getattr(asked, "glob", False))
        graph = get_active_graph(repo.index.graph)
        plan = plan_repro(graph, stages, asked.pipeline, asked.downstream)
        names = [each.addressing for each in plan]
    return [name.partition("@")[2] for name in names if name.startswith(f"{stage}@")]


def dvc_arguments(pid: int) -> list[str] | None:
    """The arguments of the nearest `dvc repro` or `dvc exp run` above a process."""
    for command in ancestors(pid):
        for start, word in enumerate(command):
            if Path(word).name in ("dvc", "__main__.py") or word == "dvc":
                rest = command[start + 1 :]
                if "repro" in rest or rest[:2] == ["exp", "run"]:
                    return rest
    return None


def ancestors(pid: int) -> Iterator[list[str]]:
    """The command lines of the processes above one, nearest first."""
    while pid > 1:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            yield Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            return
