"""Work on many tracks in processes of their own."""

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
from hdemucs.progress import Progress

T = TypeVar("T")
R = TypeVar("R")

MOST = 16  # a track in work takes about 0.5 GB


def jobs() -> int:
    """Processes to use: $HDEMUCS_JOBS, else the cores this process may use, at most 16.

    Raises:
        UserError: $HDEMUCS_JOBS is no positive integer.
    """
    asked = os.environ.get("HDEMUCS_JOBS", "")
    if not asked:
        return min(len(os.sched_getaffinity(0)), MOST)
    if not asked.isdecimal() or int(asked) < 1:
        raise UserError("$HDEMUCS_JOBS", f"is {asked!r}", "set it to a number of processes")
    return int(asked)


def mapped(work: Callable[[T], R], items: Sequence[T], count: int, label: str) -> list[R]:
    """`work` on every item, in order whatever the number of processes, with progress."""
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
    """(index, result) as they come; in this process if one is enough."""
    if count <= 1:
        yield from enumerate(map(work, items))
        return
    context = multiprocessing.get_context("spawn")  # forking a process with threads may hang
    with ProcessPoolExecutor(count, context, initializer=die_with_the_parent) as pool:
        with deaf_to_ctrl_c():
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
    """Start workers that leave Ctrl-C, which the terminal sends to all, to this process.

    A process begins with the signals blocked that are blocked where it is started. Here it is heard
    afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def die_with_the_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=leave_after, args=[parent.sentinel], daemon=True).start()


def leave_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
