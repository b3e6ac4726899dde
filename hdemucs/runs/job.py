"""One process of a job, on any machine: take the run over, train from its copied code, report."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hdemucs.files import write_json
from hdemucs.runs.directory import Run

DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
AGAIN = 75  # exit status of a training that stopped when asked and saved its state (EX_TEMPFAIL)
TAIL = 40  # last lines of a log that are searched for a cause


@dataclass(frozen=True)
class Execution:
    """One process' work on a run. The newest process owns the run; older ones stop at their next
    write.
    """

    run: Run
    batch: str  # of the attempt it belongs to
    name: str  # shared by all processes of the job's start
    token: str  # of this process
    rank: int = 0  # in a DDP job, only the first process writes

    @classmethod
    def begin(cls, run: Run, batch: str, name: str, rank: int = 0) -> Execution:
        """Take the run over; `name` tells people which job has it."""
        execution = cls(run, batch, name, f"{name}.{uuid.uuid4().hex[:8]}", rank)
        if rank == 0:
            run.own(execution.token)
            (run.folder / "outcome.json").unlink(missing_ok=True)  # an earlier process'
            begun = {"attempt": batch, "token": execution.token, "host": socket.gethostname()}
            write_json(run.folder / "execution.json", begun)
        return execution

    @property
    def log(self) -> Path:
        return self.run.log if self.rank == 0 else self.run.folder / f"log.{self.rank}.txt"

    def start(self, extra: Mapping[str, str], deaf: tuple[signal.Signals, ...] = ()) -> Process:
        """Start the training; it ignores `deaf` signals until it handles them, and ends with this
        process.
        """
        with self.log.open("a") as file:
            file.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} {self.token}\n")
            file.flush()
            return subprocess.Popen(
                [sys.executable, "-m", self.run.program, str(self.run.folder)],
                cwd=self.run.code,
                env=self.environment(extra),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: prepare(deaf),
            )

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        threads = str(self.run.threads)
        fence = {"HDEMUCS_OWNER": self.token} if self.rank == 0 else {}
        return {
            **os.environ,
            "PYTHONPATH": str(self.run.code),
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            **fence,
            **extra,
        }

    def end(self, code: int) -> None:
        """Record a failure, unless another process owns the run by now or reported first."""
        if self.run.done or not self.run.owner.startswith(f"{self.name}."):
            return
        if self.run.outcome.get("attempt") != self.batch:
            process = f"process {self.rank}: " if self.rank else ""
            self.run.note(self.batch, code, process + cause(code, self.log))


Process = subprocess.Popen[bytes]


def prepare(deaf: tuple[signal.Signals, ...]) -> None:
    """Between fork and exec: keep signals ignored, and let the process die with its parent."""
    for each in deaf:
        signal.signal(each, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)


def cause(code: int, log: Path) -> str:
    """The reason why a training process ended, in one line."""
    if code == AGAIN:
        return "told to stop; its state is saved"
    if code < 0:
        name = signal.Signals(-code).name
        hint = " (out of memory, or by hand)" if name == "SIGKILL" else ""
        return f"killed by {name}{hint}"
    lines = tail(log, TAIL)
    said = [line for line in lines if line.strip() and not line.startswith((" ", "---"))]
    last = said[-1].removeprefix("error: ") if said else "said nothing"
    return f"{last} (exit status {code})" if code else f"ended without a result: {last}"


def tail(path: Path, count: int) -> list[str]:
    """The last lines of a text file; empty if it does not exist."""
    try:
        with path.open(errors="replace") as file:
            return list(deque((line.rstrip("\n") for line in file), maxlen=count))
    except FileNotFoundError:
        return []
