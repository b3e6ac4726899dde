"""Training on a SLURM cluster: one job array per batch, through the package submitit.

    runs/.batches/<batch>/     one call of sbatch
        batch.json, code/      what was asked for; the launcher's own copy of the code
        *.sh, *.pkl, *.log.*   submitit's files

Results in submitit's pickles are never used: a run is done if its DONE.json exists; otherwise its
state is that of squeue, or else of sacct; if neither knows it, it is lost.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import submitit
from submitit.core.utils import FailedJobError
from submitit.helpers import clean_env

from hdemucs.config.cluster import FILE, SlurmConfig
from hdemucs.errors import UserError
from hdemucs.files import write_json
from hdemucs.runs import slurm_queue
from hdemucs.runs.directory import Attempt, Run, snapshot
from hdemucs.runs.executor import LIVE, State, Status
from hdemucs.runs.slurm_job import SlurmJob
from hdemucs.runs.slurm_messages import away, full, refused
from hdemucs.runs.slurm_queue import PERSONS_DOING, QUEUED, Job

NAME = "slurm"
GRACE = 15.0  # seconds from a submission until it is visible, from a last write until it is here
SETTLE = 3.0  # seconds from a job's end until the run's own report arrives here
UNLIMITED = 1_000_000  # how often a job may be stopped by its time limit; it resumes each time

NO_ROOM = 75  # outcome of an attempt for which sbatch had no room (EX_TEMPFAIL of sysexits.h)
CROWDED = "the queue takes no more of your jobs now"


@dataclass(frozen=True)
class SlurmExecutor:
    """Runs jobs on SLURM."""

    config: SlurmConfig
    section: str  # the section of cluster.yaml that the configuration comes from
    data: Path  # root of the data set
    project: Path  # root of the project whose package launches jobs
    batches: Path

    def submit(self, runs: Sequence[Run]) -> None:
        """Submit in arrays as large as the cluster accepts; runs without room are deferred.

        A single run is submitted as a plain job, which clusters without arrays accept (MaxArraySize
        0 or 1).
        """
        most, taken, fits = max(1, slurm_queue.limit("MaxArraySize", 1001)), 0, True
        while fits and taken < len(runs):
            chunk = runs[taken : taken + most]
            some = self.submit_fitting(chunk)
            taken, fits = taken + some, some == len(chunk)
        for run in runs[taken:]:
            self.defer(run)

    def submit_fitting(self, runs: Sequence[Run]) -> int:
        """Submit as many runs, from the first on, as the user's limits allow; return how many."""
        if self.submit_array(runs):
            return len(runs)
        half = len(runs) // 2
        taken = self.submit_fitting(runs[:half]) if half else 0
        return taken + (self.submit_fitting(runs[half:]) if taken == half > 0 else 0)

    def defer(self, run: Run) -> None:
        """Record that there is no room for a run now."""
        batch = uuid.uuid4().hex[:16]
        run.record(Attempt(NAME, batch, 0, 1, time.time()))
        run.note(batch, code=NO_ROOM, cause=CROWDED)

    def submit_array(self, runs: Sequence[Run]) -> bool:
        """Call sbatch once; each step is recorded before the next, so that no job can be lost.

        Returns:
            False if the queue has no room for so many now.

        Raises:
            UserError: the cluster will never accept them.
        """
        batch = uuid.uuid4().hex[:16]
        folder = self.batches / batch
        snapshot(self.project, folder / "code")
        asked = {"runs": [run.name for run in runs], "config": asdict(self.config)}
        write_json(folder / "batch.json", asked)
        for i, run in enumerate(runs):
            run.record(Attempt(NAME, batch, i, len(runs), time.time()))
        limit, delay = self.config.time * 60, self.config.signal_delay
        jobs = [SlurmJob(str(run.folder), batch, str(self.data), limit, delay) for run in runs]
        try:
            with outside():
                self.executor(folder, batch).submit_array(jobs)
        except FailedJobError as error:
            complaint = str(error)
            if away(complaint):  # the job may exist or not: the next looks will show
                return True
            self.refuse(runs, batch, complaint)
            return False
        return True

    def refuse(self, runs: Sequence[Run], batch: str, complaint: str) -> None:
        """Record that sbatch did not accept a batch.

        Raises:
            UserError: it never will.
        """
        crowded = full(complaint, jobs=len(runs) > 1 or slurm_queue.mine())
        refusal = refused(complaint, self.section)
        for run in runs:
            if crowded:
                run.note(batch, code=NO_ROOM, cause=CROWDED)
            else:
                run.note(batch, code=1, cause=str(refusal))
        if not crowded:
            raise refusal
        shutil.rmtree(self.batches / batch, ignore_errors=True)

    def executor(self, folder: Path, batch: str) -> submitit.AutoExecutor:
        """The executor of submitit, with our settings."""
        try:
            executor = submitit.AutoExecutor(
                folder=folder,
                cluster="slurm",
                slurm_max_num_timeout=UNLIMITED,
                slurm_python=self.config.python,
            )
        except RuntimeError as error:
            problem = "is slurm, but there is no srun here"
            raise UserError(
                f"{FILE}.executor", problem, "log in to the cluster or use local"
            ) from error
        executor.update_parameters(**dict(parameters(self.config, folder, name_of(batch))))
        return executor

    def look(self, attempts: Mapping[Run, Attempt]) -> dict[Run, Status]:
        """Call squeue once for all, and sacct once for those that squeue no longer lists."""
        names = {name_of(attempt.batch) for attempt in attempts.values()}
        jobs = slurm_queue.present(names)
        if jobs is None:
            unknown = Status(State.UNKNOWN, "unreachable", "slurmctld does not answer")
            return dict.fromkeys(attempts, unknown)
        known = {(job.name, job.index): job for job in jobs}
        gone = {a for a in attempts.values() if (name_of(a.batch), a.index) not in known}
        if gone:
            since = min(attempt.time for attempt in gone)
            old = slurm_queue.past({name_of(attempt.batch) for attempt in gone}, since)
            known = {(job.name, job.index): job for job in old} | known
        return {
            run: status(run, attempt, known.get((name_of(attempt.batch), attempt.index)))
            for run, attempt in attempts.items()
        }

    def cancel(self, run: Run, status: Status) -> None:
        slurm_queue.cancel(status.job)

    def log(self, run: Run, attempt: Attempt) -> Path:
        """The run's own log; submitit's, if the training never began."""
        if run.begun(attempt):
            return run.log
        ends = f"*_{attempt.index}_0_log.err" if attempt.size > 1 else "*_0_log.err"
        found = sorted((self.batches / attempt.batch).glob(ends))
        return found[-1] if found else self.batches / attempt.batch


def name_of(batch: str) -> str:
    """The name of a batch's jobs, by which `squeue --name` finds them."""
    return f"hdemucs-{batch}"


def parameters(config: SlurmConfig, folder: Path, name: str) -> Iterator[tuple[str, Any]]:
    """The parameters for submitit; settings that are null are left to the cluster."""
    yield from {
        "name": name,
        "timeout_min": config.time,
        "nodes": config.nodes,
        "tasks_per_node": config.tasks_per_node,
        "cpus_per_task": config.cpus_per_task,
        "slurm_signal_delay_s": config.signal_delay,
        "slurm_array_parallelism": config.array_parallelism,
        "slurm_setup": list(config.setup),
        # Since 22.05, srun does not take the number of cores from sbatch. Without the second
        # option,
        # a process that dies leaves the others of a DDP run waiting for it.
        "slurm_srun_args": [f"--cpus-per-task={config.cpus_per_task}", "--kill-on-bad-exit=1"],
        "slurm_additional_parameters": {
            "requeue": True,
            "chdir": str(folder / "code"),  # the launcher is imported from here
            **config.extra,
        },
    }.items()
    for key in ("partition", "account", "qos", "constraint"):
        if getattr(config, key) is not None:
            yield f"slurm_{key}", getattr(config, key)
    if config.memory_gb is not None:
        yield "mem_gb", config.memory_gb
    if config.gpus_per_node:
        yield "gpus_per_node", config.gpus_per_node


def outside() -> AbstractContextManager[Any]:
    """Remove the variables of the job in which this process may itself be running."""
    return clean_env() if "SLURM_JOB_ID" in os.environ else nullcontext()


def status(run: Run, attempt: Attempt, job: Job | None) -> Status:
    """A run's state, from what SLURM says about the attempt and what the run itself recorded."""
    outcome = run.outcome
    cause = outcome["cause"] if outcome.get("attempt") == attempt.batch else ""
    if job is not None and (job.word in QUEUED or job.state in LIVE):
        reason = "" if job.reason == "None" else job.reason
        left = job.state not in LIVE
        return Status(job.state, job.word, reason, job.number, job.node, left=left)
    if cause:
        return ended(outcome, job)
    if job is not None and job.word not in PERSONS_DOING and not run.begun(attempt):
        reason = "the training never began"
        return Status(State.LOST, job.word, reason, job.number, job.node, SETTLE, left=True)
    if job is not None:
        patience = GRACE if job.word == "COMPLETED" else SETTLE
        left = job.state is State.LOST  # SLURM may queue it again
        return Status(job.state, job.word, "", job.number, job.node, patience, left)
    if time.time() - attempt.time < GRACE:
        return Status(State.SUBMITTING, "submitted")
    return Status(State.LOST, "lost", "SLURM knows no such job", patience=SETTLE)


def job_name(job: Job | None) -> str:
    return "" if job is None else job.number


def ended(outcome: Mapping[str, Any], job: Job | None) -> Status:
    """The state of an attempt that recorded how it ended, or that was never accepted."""
    if job is None and outcome["code"] == NO_ROOM:
        return Status(State.DEFERRED, "no room", outcome["cause"])
    word = "failed" if job is None else job.word
    return Status(State.FAILED, word, outcome["cause"], job_name(job))
