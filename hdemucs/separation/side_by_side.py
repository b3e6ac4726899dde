"""Run the models of a bag on one song in parallel: each computes its next block in a thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager

import torch

from hdemucs.separation.overlap import Block


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
