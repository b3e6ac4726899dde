"""Overlap-add: a song of any length is cut into segments, which are cross-faded triangularly.

As in the official demucs/apply.py with `split=True`, but as a stream: whatever the song's length,
only one segment of input and one of output are in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from hdemucs.models.family import middle

Chunk = Float[Tensor, "channel sample"]
Block = Float[Tensor, "source channel sample"]
Model = Callable[[Float[Tensor, "1 channel sample"]], Float[Tensor, "1 source channel sample"]]
Reader = Callable[[int, int], Chunk]  # (start, frames) -> that part of the song


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


def overlap_add(
    model: Model, read: Reader, length: int, segment: int, stride: int
) -> Iterator[Block]:
    """The sources of a song of `length` samples, in consecutive blocks [source, channel, sample].

    Each block is complete: all segments that overlap it have been added.
    """
    weights = triangle(segment)
    needed = getattr(model, "valid_length", int)  # plain functions take any length
    centre = getattr(model, "centre", model)  # and estimate all of their input
    total = torch.zeros(0)  # the samples that later segments will add to
    weight = torch.zeros(0)
    for start in range(0, length, stride):
        frames = min(segment, length - start)
        chunk = in_context(read, start, frames, length, needed(frames))
        estimate = middle(centre(chunk[None])[0], frames)
        shares = weights[:frames].to(estimate)
        total = added(total.to(estimate), estimate * shares)
        weight = added(weight.to(estimate), shares)
        ready = frames if start + stride >= length else min(stride, frames)
        yield total[..., :ready] / weight[:ready]
        total, weight = total[..., ready:], weight[ready:]


def in_context(read: Reader, start: int, frames: int, length: int, wanted: int) -> Chunk:
    """Read a segment in the middle of `wanted` samples of the song; outside of the song, silence.

    Models without padding see more samples than they estimate, and for these the song's own samples
    are better than zeros.
    """
    first = start - (wanted - frames) // 2
    last = first + wanted
    sound = read(max(0, first), min(last, length) - max(0, first))
    return pad(sound, (max(0, -first), max(0, last - length)))


def added(pending: Tensor, new: Tensor) -> Tensor:
    """`new`, plus what earlier segments contribute to its first samples."""
    return new + pad(pending, (0, new.shape[-1] - pending.shape[-1]))
