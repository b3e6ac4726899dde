"""What people do with runs: list, read logs, cancel, prune."""

from __future__ import annotations

import os
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

WIDE = 240  # cells, for programs that read one line per run


def listing(launcher: Launcher, console: Console | None = None) -> None:
    """All runs: variant, state, job, node, epoch, step, last loss, time left, log."""
    narrow = Console().is_terminal or "COLUMNS" in os.environ
    console = console or Console(width=None if narrow else WIDE)
    console.print(table(launcher.all(), console.width))


def named(launcher: Launcher, name: str) -> Run:
    """The run with this name, or the newest of the variant with this name.

    Raises:
        UserError: there is none.
    """
    runs = [run for run in runs_in(launcher.root) if name in (run.name, run.variant)]
    if not runs:
        raise UserError(name, f"no such run in {launcher.root}", "see `hdemucs runs`")
    return max(runs, key=lambda run: run.folder.stat().st_mtime)


def log_of(launcher: Launcher, name: str) -> Path:
    """The run's log: the training's own, or the executor's if the training never began."""
    run = named(launcher, name)
    attempt = run.attempt
    return run.log if attempt is None else launcher.executor(attempt.executor).log(run, attempt)


def cancel(launcher: Launcher, name: str) -> Run:
    """End a run's job; its checkpoints stay, and the next `dvc repro` resumes from them.

    Raises:
        UserError: it has no job.
    """
    run = named(launcher, name)
    if not launcher.cancel(run):
        raise UserError(run.name, "has no job", "see `hdemucs runs`")
    return run


def prunable(
    launcher: Launcher, here: Workspace, names: Sequence[str] = (), *, finished: bool = False
) -> list[Run]:
    """The runs that `prune` would delete; never one that is in progress.

    With names of runs or variants, it is those. Without, it is the runs that no stage would use
    with the working tree as it is now; finished ones, which another scale, branch or experiment may
    need again, only with `finished`.

    Raises:
        UserError: a name is neither a run's nor a variant's.
    """
    for name in names:
        named(launcher, name)
    idle = [run for run, status in launcher.all().items() if status.state not in LIVE]
    if names:
        return [run for run in idle if {run.name, run.variant} & {*names}]
    return [run for run in idle if (finished or not run.done) and not wanted(run, here)]


def prune(launcher: Launcher, runs: Sequence[Run]) -> list[Run]:
    """Delete run directories; return those deleted: a run that was started meanwhile stays."""
    with locked(launcher.root / ".lock"):
        looks = launcher.look([run for run in runs if run.folder.exists()])
        gone = {run: status for run, status in looks.items() if status.state not in LIVE}
        for run, status in gone.items():
            launcher.clear(run, status)  # a job that still waits would write to it later
            shutil.rmtree(run.folder)
        prune_batches(launcher.root)
    return list(gone)


def size(run: Run) -> int:
    """Bytes of a run's directory."""
    return sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file())


def wanted(run: Run, here: Workspace) -> bool:
    """Whether the working tree needs a run, or may need it: what a variant starts from, or a stage
    reads, may not be there yet.
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
    """Delete the folders of submissions that no run refers to any more."""
    attempts = (run.attempt for run in runs_in(root))
    used = {attempt.batch for attempt in attempts if attempt is not None}
    for folder in (root / ".batches").glob("*"):
        if folder.name not in used:
            shutil.rmtree(folder)
