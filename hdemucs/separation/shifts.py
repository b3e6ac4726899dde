"""The shift trick: the mean over copies of the song that start a little later.

Strided convolutions are not equivariant to shifts; averaging over random ones makes the model
nearly so (Demucs, 2019; official demucs/apply.py, `shifts`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from hdemucs.separation.overlap import Block, Chunk, Model, Readable, overlap_add


def delayed(song: Readable, delay: int) -> Readable:
    """The same song with `delay` samples of silence before it."""

    def read(start: int, frames: int) -> Chunk:
        silent = min(frames, max(0, delay - start))
        sound = song.read(max(0, start - delay), frames - silent)
        return torch.nn.functional.pad(sound, (silent, 0))

    return Readable(read, song.length + delay, song.wanted and song.wanted.later(delay))


def without(blocks: Iterator[Block], delay: int) -> Iterator[Block]:
    """The blocks without their first `delay` samples."""
    for block in blocks:
        dropped = min(delay, block.shape[-1])
        delay -= dropped
        if dropped < block.shape[-1]:
            yield block[..., dropped:]


def in_step(streams: Sequence[Iterator[Block]]) -> Iterator[list[Block]]:
    """Blocks of several streams of one song, cut so that their lengths agree."""
    pending = [next(stream, None) for stream in streams]
    while all(block is not None for block in pending):
        blocks = [block for block in pending if block is not None]
        frames = min(block.shape[-1] for block in blocks)
        yield [block[..., :frames] for block in blocks]
        pending = [
            block[..., frames:] if block.shape[-1] > frames else next(stream, None)
            for block, stream in zip(blocks, streams, strict=True)
        ]


def shifted_mean(
    model: Model, song: Readable, delays: Sequence[int], cut: tuple[int, int]
) -> Iterator[Block]:
    """The mean of the sources over one run per delay (samples); `cut` is (segment, stride)."""
    streams = [without(overlap_add(model, delayed(song, d), *cut), d) for d in delays]
    for blocks in in_step(streams):
        yield torch.stack(blocks).mean(0)
