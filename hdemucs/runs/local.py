"""Training on this machine: detached processes that outlive their client, one per slot."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hdemucs.config.cluster import LocalConfig
from hdemucs.runs import local_worker as worker
from hdemucs.runs.directory import Attempt, Run
from hdemucs.runs.executor import State, Status

NAME = "local"
GRACE = 15.0  # seconds within which a new worker must report
LAG = 1.0  # seconds between a worker's end and the cancelling client's record of it
SOON = 5.0  # seconds that a cancelled run has to end by itself


@dataclass(frozen=True)
class LocalExecutor:
    """Runs jobs as detached processes."""

    config: LocalConfig
    data: Path  # root of the data set

    def submit(self, runs: Sequence[Run]) -> None:
        gpus = visible_gpus()
        for run in runs:
            batch = uuid.uuid4().hex
            run.record(Attempt(executor=NAME, batch=batch, index=0, size=1, time=time.time()))
            slots = self.config.slots or len(gpus) or max(1, cores() // run.threads)
            spawn([str(run.folder), batch, str(slots), *gpus], run, self.data)
            wait_until(partial(spoken, run, batch), GRACE)

    def look(self, attempts: Mapping[Run, Attempt]) -> dict[Run, Status]:
        return {run: status(run, attempt) for run, attempt in attempts.items()}

    def cancel(self, run: Run, status: Status) -> None:
        """Send SIGTERM to the worker and its training, then SIGKILL."""
        process, attempt = said(run), run.attempt
        for each in (signal.SIGTERM, signal.SIGKILL):
            if not process or worker.started(process["pid"]) != process["started"]:
                break
            with suppress(ProcessLookupError):
                os.killpg(process["pid"], each)
            wait_until(lambda: not held(run), SOON)
        if attempt is not None:
            run.note(attempt.batch, code=1, cause="cancelled")

    def log(self, run: Run, attempt: Attempt) -> Path:
        return run.log


def spawn(arguments: list[str], run: Run, data: Path) -> None:
    """Start a worker in a session of its own, so that no Ctrl-C or hang-up reaches it."""
    project = Path(worker.__file__).parents[2]
    with run.log.open("a") as log:
        subprocess.run(
            [sys.executable, "-m", worker.__name__, *arguments],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(project), "HDEMUCS_DATA": str(data)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )


def spoken(run: Run, batch: str) -> bool:
    """Whether the worker of a batch has reported."""
    return said(run).get("attempt") == batch


def wait_until(true: Callable[[], bool], seconds: float, poll: float = 0.02) -> None:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(poll)


def status(run: Run, attempt: Attempt) -> Status:
    """A run's state, from its files and locks."""
    process, outcome = said(run), run.outcome
    mine = process.get("attempt") == attempt.batch
    job, node = (str(process["pid"]), process["host"]) if mine else ("", "")
    if outcome.get("attempt") == attempt.batch:
        return Status(State.FAILED, "failed", outcome["cause"], job, node)
    if held(run) and mine:
        state = State.RUNNING if process["state"] == "running" else State.WAITING
        reason = "for a free slot" if state is State.WAITING else ""
        return Status(state, process["state"], reason, job, node)
    if not mine and time.time() - attempt.time < GRACE:
        return Status(State.SUBMITTING, "starting")
    return Status(State.LOST, "lost", "its process is gone", job, node, patience=LAG)


def said(run: Run) -> dict[str, Any]:
    """The last report of the run's worker."""
    with suppress(FileNotFoundError, json.JSONDecodeError):
        return dict(json.loads((run.folder / "process.json").read_text()))
    return {}


def held(run: Run) -> bool:
    """Whether the run's worker is alive, on any machine."""
    with suppress(FileNotFoundError), (run.folder / "worker.lock").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def visible_gpus() -> list[str]:
    """The names of the GPUs that may be used, as CUDA_VISIBLE_DEVICES takes them."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name for name in chosen.split(",") if name]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return []
    return [str(i) for i, line in enumerate(listed.stdout.splitlines()) if line.startswith("GPU")]
