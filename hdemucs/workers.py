"""Work on many tracks, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TypeVar

from hdemucs.errors import UserError
from hdemucs.memory import keep_freed_memory
from hdemucs.progress import Progress

T = TypeVar("T")
R = TypeVar("R")

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
MOST = 16  # because each track takes about 0.5 GB


def jobs() -> int:
    """The number of processes: $HDEMUCS_JOBS, or else the available cores, at most 16.

    Raises:
        UserError: $HDEMUCS_JOBS is not a positive integer.
    """
    asked = os.environ.get("HDEMUCS_JOBS", "")
    if not asked:
        return min(len(os.sched_getaffinity(0)), MOST)
    if not asked.isdecimal() or int(asked) < 1:
        raise UserError("$HDEMUCS_JOBS", f"is {asked!r}", "set it to a number of processes")
    return int(asked)


def mapped(work: Callable[[T], R], items: Sequence[T], count: int, label: str) -> list[R]:
    """The results of `work` on all items, in order, by `count` processes; shows progress."""
    progress = Progress(label, len(items), "tracks")
    try:
        done: dict[int, R] = {}
        for index, result in unordered(work, items, min(count, len(items))):
            done[index] = result
            progress.step()
        return [done[index] for index in range(len(items))]
    finally:
        progress.close()


def unordered(work: Callable[[T], R], items: Sequence[T], count: int) -> Iterator[tuple[int, R]]:
    """(index, result) in the order of completion; in this process if one is enough."""
    if count <= 1:
        yield from enumerate(map(work, items))
        return
    context = multiprocessing.get_context("spawn")  # forking a process with threads may hang
    with ProcessPoolExecutor(count, context, initializer=begin) as pool:
        with deaf_to_ctrl_c(), single_threaded():
            pending = {pool.submit(work, item): index for index, item in enumerate(items)}
        try:
            for future in as_completed(pending):
                yield pending[future], future.result()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):  # nobody waits for the result
                for worker in multiprocessing.active_children():
                    worker.terminate()
            pool.shutdown(cancel_futures=True)
            raise


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Start workers that ignore Ctrl-C, which a terminal sends to all processes, so that this one
    acts.

    A process starts with the same signals blocked as its parent; this one unblocks them afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def single_threaded() -> Iterator[None]:
    """Let processes that are started inside use one thread each: there are as many as cores."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def begin() -> None:
    """What a worker does first."""
    keep_freed_memory()
    die_with_the_parent()


def die_with_the_parent() -> None:
    """End a worker whose parent was killed: otherwise it would wait for work forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=leave_after, args=[parent.sentinel], daemon=True).start()


def leave_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
