"""Overlap-add: a song of any length is cut into segments, which are cross-faded triangularly.

As in the official demucs/apply.py with `split=True`, but as a stream: whatever the song's length,
only one segment of input and one of output are in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from hdemucs.models.family import middle

Chunk = Float[Tensor, "channel sample"]
Block = Float[Tensor, "source channel sample"]
Model = Callable[[Float[Tensor, "1 channel sample"]], Float[Tensor, "1 source channel sample"]]
Reader = Callable[[int, int], Chunk]  # (start, frames) -> that part of the song


@dataclass(frozen=True)
class Wanted:
    """The parts of a song that are wanted; only segments that touch them are separated."""

    spans: tuple[tuple[int, int], ...]  # samples, [first, last)
    sources: int

    def touched(self, start: int, frames: int) -> bool:
        """Whether samples [start, start + frames) have a wanted one."""
        return any(first < start + frames and start < last for first, last in self.spans)

    def later(self, delay: int) -> Wanted:
        """The same parts of the song with `delay` samples before it."""
        moved = ((first + delay, last + delay) for first, last in self.spans)
        return Wanted(tuple(moved), self.sources)


@dataclass(frozen=True)
class Readable:
    """A song that is read in parts."""

    read: Reader
    length: int  # samples
    wanted: Wanted | None = None  # None: all of it


def triangle(segment: int) -> Float[Tensor, " sample"]:
    """Weights that rise to 1 in the middle of a segment and fall again; none is 0."""
    half = segment // 2
    rise = torch.arange(1, half + 1, dtype=torch.float32)
    fall = torch.arange(segment - half, 0, -1, dtype=torch.float32)
    weights = torch.cat([rise, fall])
    return weights / weights.max()


def stride_of(segment: int, overlap: float) -> int:
    """The samples between the starts of two segments."""
    return max(1, int((1 - overlap) * segment))


def overlap_add(model: Model, song: Readable, segment: int, stride: int) -> Iterator[Block]:
    """The sources of a song, in consecutive blocks [source, channel, sample].

    Each block is complete: all segments that overlap it have been added. Samples that belong to a
    segment of which nothing is wanted are NaN.
    """
    weights = triangle(segment)
    needed = getattr(model, "valid_length", int)  # plain functions take any length
    centre = getattr(model, "centre", model)  # and estimate all of their input
    total = torch.zeros(0)  # the samples that later segments will add to
    weight = torch.zeros(0)
    for start in range(0, song.length, stride):
        frames = min(segment, song.length - start)
        if song.wanted is None or song.wanted.touched(start, frames):
            chunk = in_context(song, start, frames, needed(frames))
            estimate = middle(centre(chunk[None])[0], frames)
        else:
            chunk = song.read(start, frames)
            estimate = chunk.new_full((song.wanted.sources, *chunk.shape), torch.nan)
        shares = weights[:frames].to(estimate)
        total = added(total.to(estimate), estimate * shares)
        weight = added(weight.to(estimate), shares)
        ready = frames if start + stride >= song.length else min(stride, frames)
        yield total[..., :ready] / weight[:ready]
        total, weight = total[..., ready:], weight[ready:]


def in_context(song: Readable, start: int, frames: int, needed: int) -> Chunk:
    """Read a segment in the middle of `needed` samples of the song; outside of the song, silence.

    Models without padding see more samples than they estimate, and for these the song's own samples
    are better than zeros.
    """
    first = start - (needed - frames) // 2
    last = first + needed
    sound = song.read(max(0, first), min(last, song.length) - max(0, first))
    return pad(sound, (max(0, -first), max(0, last - song.length)))


def added(pending: Tensor, new: Tensor) -> Tensor:
    """`new`, plus what earlier segments contribute to its first samples."""
    return new + pad(pending, (0, new.shape[-1] - pending.shape[-1]))
