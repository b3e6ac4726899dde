"""The models of a bag on one song: each works out its next block in a thread of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager

import torch

from hdemucs.separation.overlap import Block


@contextmanager
def side_by_side(streams: Sequence[Iterator[Block]], most: int) -> Iterator[list[Iterator[Block]]]:
    """The same streams with the same blocks, up to `most` of which are worked on at once.

    Each stream is one block ahead of who reads it. With one stream or one thread all is as it was.
    """
    count = min(most, len(streams))
    if count <= 1:
        yield list(streams)
        return
    with ThreadPoolExecutor(count, "model") as pool:
        yield [ahead(stream, pool) for stream in streams]


def ahead(stream: Iterator[Block], pool: Executor) -> Iterator[Block]:
    """A stream, the next block of which is begun before it is asked for."""
    learning = torch.is_grad_enabled()

    def following() -> Block | None:
        with torch.set_grad_enabled(learning):  # which each thread has of its own
            return next(stream, None)

    def blocks(waiting: Future[Block | None]) -> Iterator[Block]:
        while (block := waiting.result()) is not None:
            waiting = pool.submit(following)
            yield block

    return blocks(pool.submit(following))
