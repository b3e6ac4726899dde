"""What an executor must do, and the states of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Protocol, runtime_checkable

from hdemucs.runs.directory import Attempt, Run


class State(Enum):
    """A run's state, as it matters to those who wait for it."""

    NEW = auto()  # never submitted
    SUBMITTING = auto()  # submitted, but not visible yet
    WAITING = auto()  # in a queue
    RUNNING = auto()
    DEFERRED = auto()  # not accepted, because there is no room for it now: submit again later
    STUCK = auto()  # in a queue that it can never leave
    UNKNOWN = auto()  # no answer from the queue: decide nothing
    FAILED = auto()  # ended by its own error or by a person
    LOST = auto()  # ended by the machine: start it again
    DONE = auto()


LIVE = {State.SUBMITTING, State.WAITING, State.RUNNING, State.UNKNOWN}


@dataclass(frozen=True)
class Status:
    """A run's state, and words to show it."""

    state: State
    word: str  # the executor's own name for the state
    reason: str = ""
    job: str = ""  # SLURM's job number, or the process id
    node: str = ""
    patience: float = 0.0  # seconds after its end during which a run may still turn out to be done
    left: bool = False  # its job may start later, and must not when another one runs


@runtime_checkable
class Executor(Protocol):
    """A place to run jobs. A job is `python -m hdemucs.training <run directory>`, with its own
    code.
    """

    def submit(self, runs: Sequence[Run]) -> None:
        """Start one job for each run, as one batch; each run's attempt is recorded before it
        starts.

        Raises:
            UserError: the machine cannot supply what cluster.yaml asks for.
        """

    def look(self, attempts: Mapping[Run, Attempt]) -> dict[Run, Status]:
        """The states of these attempts of this executor, for runs that are not done."""

    def cancel(self, run: Run, status: Status) -> None:
        """End the job of a run that is not over."""

    def log(self, run: Run, attempt: Attempt) -> Path:
        """The log to read if a job ended before its training began."""
