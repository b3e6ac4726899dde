"""Run the models of a bag on one song in parallel, and the songs of a test set: by threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

from hdemucs.separation.overlap import Block

T = TypeVar("T")


@contextmanager
def side_by_side(streams: Sequence[Iterator[Block]], most: int) -> Iterator[list[Iterator[Block]]]:
    """The same streams with the same blocks; up to `most` streams are computed at a time.

    Each stream is one block ahead of its reader. With one stream or one thread, nothing changes.
    """
    count = min(most, len(streams))
    if count <= 1:
        yield list(streams)
        return
    with ThreadPoolExecutor(count, "model") as pool:
        yield [ahead(stream, pool) for stream in streams]


def ahead(stream: Iterator[Block], pool: Executor) -> Iterator[Block]:
    """A stream whose next block is computed before it is asked for."""
    learning = torch.is_grad_enabled()

    def following() -> Block | None:
        with torch.set_grad_enabled(learning):  # because each thread has its own setting
            return next(stream, None)

    def blocks(waiting: Future[Block | None]) -> Iterator[Block]:
        while (block := waiting.result()) is not None:
            waiting = pool.submit(following)
            yield block

    return blocks(pool.submit(following))


def whole(streams: Iterable[Iterator[Block]], most: int) -> Iterator[list[Block]]:
    """All blocks of each stream, stream by stream; up to `most` streams are computed at a time.

    Streams are taken when their turn comes, so no more songs are in memory than are worked on, and
    one that is finished. Whoever stops reading waits for no more than the present blocks. Gradients
    are not computed.
    """
    stopped = threading.Event()
    if most <= 1:
        yield from (collected(stream, stopped) for stream in streams)
        return
    with ThreadPoolExecutor(most, "song") as pool:
        begun = (pool.submit(collected, stream, stopped) for stream in streams)
        try:
            for future in ahead_of(begun, most):
                yield future.result()
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)


@torch.no_grad()
def collected(stream: Iterator[Block], stopped: threading.Event) -> list[Block]:
    """The blocks of a stream, or as many as there are when nobody wants them any more."""
    blocks = []
    for block in stream:
        if stopped.is_set():
            break
        blocks.append(block)
    return blocks


def ahead_of(items: Iterable[T], count: int) -> Iterator[T]:
    """The same items, `count` of which are taken before they are asked for."""
    waiting: deque[T] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > count:
            yield waiting.popleft()
    yield from waiting
