"""What a person does with runs: list, read, cancel, prune."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from hdemucs.errors import UserError
from hdemucs.runs.directory import Run, locked, runs_in
from hdemucs.runs.executor import LIVE
from hdemucs.runs.launcher import Launcher
from hdemucs.runs.stage_job import StageJob
from hdemucs.runs.status_table import table
from hdemucs.runs.workspace import Workspace


def listing(fleet: Launcher, console: Console | None = None) -> None:
    """All runs: variant, state, job, node, epoch, step, last loss, time left, log."""
    console = console or Console(width=None if Console().is_terminal else 240)
    console.print(table(fleet.all()))


def named(fleet: Launcher, name: str) -> Run:
    """The run with this name, or the newest of the variant with this name.

    Raises:
        UserError: there is none.
    """
    runs = [run for run in runs_in(fleet.root) if name in (run.name, run.variant)]
    if not runs:
        raise UserError(name, f"no such run in {fleet.root}", "see `hdemucs runs`")
    return max(runs, key=lambda run: run.folder.stat().st_mtime)


def log_of(fleet: Launcher, name: str) -> Path:
    """Where a run's output is: the training's own, or the executor's if it never came to train."""
    run = named(fleet, name)
    attempt = run.attempt
    return run.log if attempt is None else fleet.executor(attempt.executor).log(run, attempt)


def cancel(fleet: Launcher, name: str) -> Run:
    """End a run's job; its checkpoints stay, and the next `dvc repro` goes on from them.

    Raises:
        UserError: it has none.
    """
    run = named(fleet, name)
    if not fleet.cancel(run):
        raise UserError(run.name, "has no job", "see `hdemucs runs`")
    return run


def prune(fleet: Launcher, here: Workspace, names: Sequence[str] = ()) -> list[Run]:
    """Remove run directories, never one that is under way; returns those that went.

    Without names: those that no stage of the working tree would use as it is now. With names of
    runs or variants: those, so that the next `dvc repro` trains them anew.
    """
    with locked(fleet.root / ".lock"):
        idle = {run: status for run, status in fleet.all().items() if status.state not in LIVE}
        if names:
            gone = [run for run in idle if {run.name, run.variant} & {*names}]
        else:
            gone = [run for run in idle if not wanted(run, here)]
        for run in gone:
            fleet.clear(run, idle[run])  # a job that waits for ever would write to it one day
            shutil.rmtree(run.folder)
        prune_batches(fleet.root)
    return gone


def wanted(run: Run, here: Workspace) -> bool:
    """Whether the working tree has a use for a run as it is now, or may have: what a variant
    starts from, or a stage reads, can be missing yet.
    """
    stage, _, name = run.variant.rpartition("@")
    if not here.config(name).exists():
        return False
    try:
        now = StageJob(here, stage, name).identity if stage else here.identity(name)
    except UserError:
        return True
    return now.run == run.name


def prune_batches(root: Path) -> None:
    """Remove the folders of submissions that no run refers to any more."""
    attempts = (run.attempt for run in runs_in(root))
    used = {attempt.batch for attempt in attempts if attempt is not None}
    for folder in (root / ".batches").glob("*"):
        if folder.name not in used:
            shutil.rmtree(folder)
