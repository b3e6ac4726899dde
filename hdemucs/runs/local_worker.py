"""The detached process behind one local run: wait for a free slot, train, record how it ended.

    python -m hdemucs.runs.local_worker RUN BATCH SLOTS [GPU ...]

No other process is needed. The queue is a lock for which waiting workers compete; a slot is a lock
that its worker holds; the system releases both when a process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hdemucs.files import write_json
from hdemucs.runs.directory import Run, locked
from hdemucs.runs.job import Execution

LOOK = 0.2  # seconds between two looks for a free slot


def keep(run: Run, batch: str, slots: int, gpus: list[str]) -> int:
    """Wait in the queue and train; return the exit status."""
    with locked(run.folder / "worker.lock"):
        say(run, batch, "waiting")
        with slot(run.folder.parent / ".slots", slots) as number:
            if run.done:
                return 0
            say(run, batch, "running", number)
            name = f"{socket.gethostname()}.{os.getpid()}"
            gpu = {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if gpus else {}
            execution = Execution.begin(run, batch, name)
            child = execution.start(gpu)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # only the child handles it, by saving
            code = child.wait()
            execution.end(code)
            return code


def say(run: Run, batch: str, state: str, number: int | None = None) -> None:
    """Report the run's state for others to read."""
    process = {
        "attempt": batch,
        "state": state,
        "slot": number,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": started(os.getpid()),
    }
    write_json(run.folder / "process.json", process)


def started(pid: int) -> str | None:
    """When a process began, in system ticks, which distinguishes it from a later one with its
    number.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


@contextmanager
def slot(folder: Path, count: int) -> Iterator[int]:
    """Wait for a free slot and hold it; gives its number."""
    with locked(folder / "queue"):
        number, file = free(folder, count)
    with file:
        yield number


def free(folder: Path, count: int) -> tuple[int, IO[str]]:
    """The first slot that is free, and the file whose lock holds it."""
    while True:
        for number in range(count):
            file = (folder / str(number)).open("a")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return number, file
            except BlockingIOError:
                file.close()
        time.sleep(LOOK)


def detach() -> None:
    """Continue in a session of its own, without a parent."""
    if os.fork():
        os._exit(0)
    os.setsid()


if __name__ == "__main__":
    folder, batch, slots, *gpus = sys.argv[1:]
    detach()
    sys.exit(keep(Run(Path(folder)), batch, int(slots), gpus))
