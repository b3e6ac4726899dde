"""All runs of a project, and the executors that carry them out: start, look, cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hdemucs.config.cluster import ClusterConfig
from hdemucs.errors import UserError
from hdemucs.runs.directory import Attempt, Run, locked, runs_in
from hdemucs.runs.executor import LIVE, Executor, State, Status
from hdemucs.runs.local import NAME as LOCAL
from hdemucs.runs.local import LocalExecutor, wait_until
from hdemucs.runs.slurm import NAME as SLURM
from hdemucs.runs.slurm import SlurmExecutor
from hdemucs.runs.workspace import Workspace

POLL = 0.5  # seconds between two looks for an attempt that may still become visible


@dataclass(frozen=True)
class Launcher:
    """The runs in one root folder."""

    root: Path
    chosen: str  # the executor for new attempts
    executors: Mapping[str, Executor]
    patience: float = 20.0  # seconds to wait for an attempt that another client left half-submitted

    @classmethod
    def of(
        cls, here: Workspace, config: ClusterConfig, data: Path, *, scoring: bool = False
    ) -> Launcher:
        """The runs of a checkout; `data` is the root of the songs that new jobs read.

        It has all executors, because earlier attempts may belong to another one than is chosen now.
        With `scoring`, new jobs have the settings that cluster.yaml gives for scoring, if any.
        """
        local = LocalExecutor(config.local, data)
        section = "scoring" if scoring and config.scoring else "slurm"
        asked = (scoring and config.scoring) or config.slurm
        slurm = SlurmExecutor(asked, section, data, here.root, here.runs / ".batches")
        return cls(here.runs, config.executor, {LOCAL: local, SLURM: slurm})

    def look(self, runs: Sequence[Run]) -> dict[Run, Status]:
        """The states of runs; each is asked of the executor that has its last attempt."""
        out: dict[Run, Status] = {}
        asked: dict[str, dict[Run, Attempt]] = {}
        for run in runs:
            attempt = run.attempt
            if run.done:
                out[run] = Status(State.DONE, "done")
            elif attempt is None:
                out[run] = Status(State.NEW, "new")
            else:
                asked.setdefault(attempt.executor, {})[run] = attempt
        for name, attempts in asked.items():
            out |= self.executor(name).look(attempts)
        return {run: out[run] for run in runs}

    def executor(self, name: str) -> Executor:
        if name not in self.executors:
            raise UserError(
                name, "is not the name of an executor", f"have one of {', '.join(self.executors)}"
            )
        return self.executors[name]

    def ensure(self, runs: Sequence[Run], *, lost: bool = False) -> list[Run]:
        """Make sure that every run is done or in progress; return those started now, as one batch.

        With `lost`, runs that turn out to have failed, when looked at again, are not started.
        """
        with locked(self.root / ".lock"):
            wait_until(lambda: not self.half_submitted(runs), self.patience, POLL)
            looks = self.look(runs)
            missing = [run for run, status in looks.items() if idle(status)]
            if lost:
                missing = [run for run in missing if looks[run].state is not State.FAILED]
            for run in missing:
                self.clear(run, looks[run])
            if missing:
                self.executor(self.chosen).submit(missing)
            now = self.look(missing)
            return [run for run in missing if now[run].state is not State.DEFERRED]

    def half_submitted(self, runs: Sequence[Run]) -> bool:
        """Whether an earlier holder of the lock may have died after recording an attempt, before
        making it.
        """
        return any(status.state is State.SUBMITTING for status in self.look(runs).values())

    def cancel(self, run: Run) -> bool:
        """End a run's job; False if it has none."""
        status, attempt = self.look([run])[run], run.attempt
        if attempt is None or not (status.left or status.state in LIVE):
            return False
        self.executor(attempt.executor).cancel(run, status)
        return True

    def clear(self, run: Run, status: Status) -> None:
        """Remove a job that can never start from the queue, so that nobody releases it later."""
        attempt = run.attempt
        if status.left and attempt is not None:
            self.executor(attempt.executor).cancel(run, status)

    def all(self) -> dict[Run, Status]:
        return self.look(runs_in(self.root))


def idle(status: Status) -> bool:
    return status.state not in {*LIVE, State.DONE}
