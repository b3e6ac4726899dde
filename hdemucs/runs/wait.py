"""Wait for one run, showing all that are in progress; restart it if a machine failed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from hdemucs.errors import UserError
from hdemucs.runs.directory import Run
from hdemucs.runs.executor import LIVE, State, Status
from hdemucs.runs.launcher import Launcher
from hdemucs.runs.status_table import StatusTable

ROOM = 60.0  # seconds between submissions of what the queue had no room for
PATIENT = {*LIVE, State.DEFERRED}
AGAIN = 3  # how often in a row a waiting client restarts a lost run that makes no progress


def finish(launcher: Launcher, run: Run, others: Sequence[Run], poll: float) -> None:
    """Start those of these runs that are missing, as one batch; return when the first is done.

    Raises:
        UserError: it failed, can never start, or was lost too often.
    """
    for started in launcher.ensure([run, *others]):
        print(f"started {started.name} on {launcher.chosen}", flush=True)  # noqa: T201
    wait(launcher, run, others, poll)


def wait(launcher: Launcher, run: Run, others: Sequence[Run], poll: float) -> None:
    """Return when the run is done.

    Raises:
        UserError: it failed, can never start, or was lost too often.
    """
    lost, saved, over = 0, run.saved, None
    asked = time.monotonic()
    with StatusTable() as shown:
        while True:
            looks = launcher.look([run, *others])
            shown.show(looks)
            status = looks[run]
            if status.state is State.DONE:
                return
            asked = ask_again(launcher, looks, asked)
            over = None if status.state in PATIENT else over or time.monotonic()
            if over is not None and time.monotonic() - over >= status.patience:
                before, saved = saved, run.saved
                lost = lost + 1 if saved == before else 1
                if status.state is not State.LOST or lost > AGAIN:
                    raise failure(launcher, run, status)
                launcher.ensure([run], lost=True)
                over = None
            time.sleep(poll)


def ask_again(launcher: Launcher, looks: Mapping[Run, Status], last: float) -> float:
    """Submit what the queue had no room for, from time to time; return when this was last done."""
    deferred = [run for run, status in looks.items() if status.state is State.DEFERRED]
    if not deferred or time.monotonic() - last < ROOM:
        return last
    launcher.ensure(deferred, lost=True)
    return time.monotonic()


def failure(launcher: Launcher, run: Run, status: Status) -> UserError:
    """The error for a run that ended without a result; a stuck one is cancelled."""
    job = f"job {status.job}" if status.job else "its job"
    launcher.clear(run, status)
    if status.state is State.STUCK:
        problem = f"{job} can never start: {status.reason}"
        return UserError(run.name, problem, "correct cluster.yaml and run the same command again")
    attempt = run.attempt
    log = run.log if attempt is None else launcher.executor(attempt.executor).log(run, attempt)
    problem = f"{job} {status.word}" + (f": {status.reason}" if status.reason else "")
    cure = f"log: {log}; the same command goes on from the last checkpoint"
    return UserError(run.name, problem, cure)
