"""What an executor is asked, and what there is to say of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Protocol, runtime_checkable

from hdemucs.runs.directory import Attempt, Run


class State(Enum):
    """What a run is to those who wait for it."""

    NEW = auto()  # never submitted
    SUBMITTING = auto()  # submitted, not to be seen yet
    WAITING = auto()  # in a queue
    RUNNING = auto()
    DEFERRED = auto()  # not taken, as there is no room for it now: ask again later
    STUCK = auto()  # in a queue that it can never leave
    UNKNOWN = auto()  # nobody to ask: decide nothing
    FAILED = auto()  # over, by its own doing or a person's
    LOST = auto()  # over, by the machine's doing: start it again
    DONE = auto()


LIVE = {State.SUBMITTING, State.WAITING, State.RUNNING, State.UNKNOWN}


@dataclass(frozen=True)
class Status:
    """A run's state, and how to name it to a person."""

    state: State
    word: str  # the executor's own word for it
    reason: str = ""
    job: str = ""  # its number: SLURM's, or the process id
    node: str = ""
    patience: float = 0.0  # seconds for which a run that is over may still turn out to be done
    left: bool = False  # its job may start yet, and must not when another is under way


@runtime_checkable
class Executor(Protocol):
    """Where jobs run. A job is `python -m hdemucs.training <run directory>`, from its snapshot."""

    def submit(self, runs: Sequence[Run]) -> None:
        """Start a job for each, as one batch; each run notes its attempt before it starts.

        Raises:
            UserError: what cluster.yaml asks for cannot be had.
        """

    def look(self, attempts: Mapping[Run, Attempt]) -> dict[Run, Status]:
        """What became of these attempts of mine; of runs that are not done."""

    def cancel(self, run: Run, status: Status) -> None:
        """End the job of a run that is not over."""

    def log(self, run: Run, attempt: Attempt) -> Path:
        """Where to read on when a job did not even come to train."""
