"""Where a stage runs: here, or as a cluster job that this process waits for and collects."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hdemucs.config.cluster import ClusterConfig, load_cluster
from hdemucs.errors import ending, one_line
from hdemucs.runs.dvc_plan import stale_siblings
from hdemucs.runs.given import is_given
from hdemucs.runs.launcher import Launcher
from hdemucs.runs.slurm import NAME as SLURM
from hdemucs.runs.songs import songs
from hdemucs.runs.stage_job import StageJob
from hdemucs.runs.wait import finish
from hdemucs.runs.workspace import Workspace

INSIDE = "HDEMUCS_OWNER"  # set in every job


def argument(description: str | None, what: str = "a name of params.yaml:study") -> str:
    """The one argument of a stage's command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("name", help=what)
    return str(parser.parse_args().name)


def here_or_as_job(stage: str, description: str | None, main: Callable[[str], None]) -> None:
    """Run a stage for the variant of the command line, here or where cluster.yaml says."""
    name = argument(description)
    said = f"{stage}@{name}: interrupted; a job goes on, and the next `dvc repro` attaches"
    with stage_process(said):
        if not elsewhere(stage, name, lambda: songs()[1]):
            main(name)


@contextmanager
def stage_process(interrupted: str) -> Iterator[None]:
    """End a stage as `ending` and `one_line` do; `interrupted` is the line to print on Ctrl-C."""
    with ending(), one_line():
        try:
            yield
        except KeyboardInterrupt:
            sys.stderr.write(f"{interrupted}\n")
            sys.exit(128 + signal.SIGINT)


def elsewhere(stage: str, variant: str, songs: Callable[[], Path]) -> bool:
    """Run a stage on the cluster, if cluster.yaml:scoring is set; False if it must run here.

    `songs` gives the data's root. The first variant to run also submits the others that are ready.

    Raises:
        UserError: the job failed, or what it read has changed.
    """
    here = Workspace(Path.cwd())
    if INSIDE in os.environ or is_given(variant, here):
        return False
    cluster = load_cluster(here.home)
    if cluster.executor != SLURM or cluster.scoring is None:
        return False
    job = StageJob(here, stage, variant)
    run = job.run()
    if not run.done:
        launcher = Launcher.of(here, cluster, songs(), scoring=True)
        others = [each.run() for each in ready(job, cluster)]
        finish(launcher, run, others, cluster.poll)
    job.publish(run)
    return True


def ready(job: StageJob, cluster: ClusterConfig) -> list[StageJob]:
    """The stage for the other variants that dvc will come to and whose models are finished."""
    here = job.here
    names = stale_siblings(job.variant, job.stage) if cluster.presubmit else []
    return [replace(job, variant=name) for name in names if here.published(name)]
