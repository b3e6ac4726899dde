"""What runs on a node: one process of a run, under submitit.

It may be started twice, even at once: after a requeue, a lost node or a crash of slurmctld. So it
takes the run over, after which earlier processes can no longer write, and first looks for a result.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

import submitit
from submitit.core.utils import DelayedSubmission, JobPaths
from submitit.helpers import TorchDistributedEnvironment

from hdemucs.runs.directory import Run
from hdemucs.runs.job import AGAIN, Execution, Process

POLL = 0.05  # seconds between two looks at the training process
ECHO = 1.0  # seconds to wait, since an error may only come from a process that has lost another one
INTENT = 120.0  # seconds within which SLURM ends a job whose training was told to stop
MARGIN = 20.0  # seconds, of those between signal and limit, that a requeue needs
EARLY = 120.0  # seconds by which SLURM's signal may come too early, or a process may begin late
FRUITLESS = 3  # consecutive processes that may reach their limit without a new checkpoint


@dataclass
class SlurmJob:
    """The pickled job: strings only, since all else is in the run directory and the code's copy."""

    folder: str
    batch: str
    data: str
    limit: int  # seconds that a process may last
    delay: int  # seconds from the signal USR2 to the end
    fruitless: int = 0  # consecutive earlier processes that reached the limit without progress

    def __call__(self) -> None:
        """Train to the end.

        Raises:
            RuntimeError: the training failed; it makes SLURM show a failed job.
        """
        environment = submitit.JobEnvironment()
        forget(environment.paths)
        self.pid, self.began = os.getpid(), time.monotonic()
        self.child: Process | None = None
        run = Run(Path(self.folder))
        if run.done:  # requeued or started again after it was finished
            return
        rank = environment.global_rank
        name = f"{environment.job_id}.{os.environ.get('SLURM_RESTART_COUNT', '0')}"
        self.execution = Execution.begin(run, self.batch, name, rank)
        self.found = run.saved
        code = self.train(several(environment.num_tasks))
        if code > 0 and environment.num_tasks > 1:
            time.sleep(ECHO)  # the first to report names the cause; a killed one does at once
        self.execution.end(code)
        if code:
            raise RuntimeError(f"{run.name}: training ended with status {code}; see {run.log}")

    def train(self, extra: dict[str, str]) -> int:
        """Run the training; return its exit status. If stopped in a job that continues, it starts
        again.
        """
        while True:
            child = self.child = self.execution.start(
                {"HDEMUCS_DATA": self.data, **extra}, deaf=DEAF
            )
            while (code := child.poll()) is None:
                time.sleep(POLL)
            if code != AGAIN:
                return code
            time.sleep(INTENT)

    def checkpoint(self) -> DelayedSubmission:
        """Called by submitit in a signal handler (USR2): stop the training and queue the job again.

        Raises:
            RuntimeError: the job's time is too short for any progress.
        """
        if os.getpid() != self.pid:  # the signal is sent to all processes of the job
            os._exit(0)
        if self.child is not None:
            stop(self.child, max(1.0, self.delay - MARGIN))
        forget(submitit.JobEnvironment().paths)
        run = self.execution.run
        fruitless = self.wasted(run, time.monotonic() - self.began)
        if fruitless >= FRUITLESS:
            cause = f"reached its time limit {fruitless} times without a checkpoint; give more time"
            run.note(self.batch, code=1, cause=cause)
            raise RuntimeError(cause)
        return DelayedSubmission(replace(self, fruitless=fruitless))

    def wasted(self, run: Run, seconds: float) -> int:
        """The number of consecutive processes, this one of so many seconds included, without
        progress.

        Only processes that used all of their time count: one that was preempted says nothing about
        it.
        """
        if run.saved != self.found:
            return 0
        return self.fruitless + (seconds >= self.limit - self.delay - EARLY)


DEAF = (signal.SIGUSR2, signal.SIGTERM)  # before the training handles them, they would kill it


def stop(child: Process, seconds: float) -> None:
    """Have the training save its state and end; kill it after that time."""
    end = time.monotonic() + seconds
    while alive(child) and time.monotonic() < end:
        child.send_signal(signal.SIGUSR2)  # repeatedly, because it may not handle the signal yet
        time.sleep(1)
    if alive(child):
        os.kill(child.pid, signal.SIGKILL)


def alive(child: Process) -> bool:
    """Asks the system and not `child`, whose lock the interrupted code may hold."""
    ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
    try:
        return os.waitid(os.P_PID, child.pid, ended) is None
    except ChildProcessError:
        return False


def several(count: int) -> dict[str, str]:
    """The variables by which the processes of one training find each other."""
    if count == 1:
        return {}
    meeting = TorchDistributedEnvironment()
    return {
        "MASTER_ADDR": meeting.master_addr,
        "MASTER_PORT": str(meeting.master_port),
        "RANK": str(meeting.rank),
        "WORLD_SIZE": str(meeting.world_size),
        "LOCAL_RANK": str(meeting.local_rank),
        "LOCAL_WORLD_SIZE": str(meeting.local_world_size),
    }


def forget(paths: JobPaths) -> None:
    """Delete earlier pickles: submitit fails on an unfinished one and would use an old one."""
    for pickle in (paths.submitted_pickle, paths.result_pickle):
        pickle.with_suffix(".pkl.save_tmp").unlink(missing_ok=True)
    paths.result_pickle.unlink(missing_ok=True)
