"""Separate songs: validation, evaluation, listening tests and the command line call this."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from hdemucs.config.separation import SeparationConfig
from hdemucs.separation.overlap import Block, Chunk, Model, Readable, Wanted, stride_of
from hdemucs.separation.shifts import shifted_mean

Song = Float[Tensor, "channel sample"]
Sources = Float[Tensor, "source channel sample"]

SILENCE = 1e-8  # a song with a smaller standard deviation counts as silent


def stream(
    model: Model, song: Readable, rate: int, config: SeparationConfig, generator: torch.Generator
) -> Iterator[Block]:
    """The sources of a song, block after block [source, channel, sample], at the scale it is read.

    With `shifts: 0` the song is separated once; otherwise once per shift, each starting 0 to
    `max_shift` seconds early at random. Memory depends on `segment`, not on the song's length.
    Samples that are not wanted may be NaN.
    """
    longest = int(config.max_shift * rate)
    offsets = torch.randint(longest + 1, (config.shifts,), generator=generator).tolist()
    delays = [longest - offset for offset in offsets] or [0]
    segment = max(1, int(config.segment * rate))
    yield from shifted_mean(model, song, delays, (segment, stride_of(segment, config.overlap)))


@torch.no_grad()
def separate(
    model: Model, mix: Song, rate: int, config: SeparationConfig, generator: torch.Generator
) -> Sources:
    """The sources [source, channel, sample] of a song in memory, at its scale, without
    normalisation.
    """
    return torch.cat(list(stream(model, in_memory(mix), rate, config, generator)), dim=-1)


def in_memory(mix: Song, wanted: Wanted | None = None) -> Readable:
    """A song in memory."""

    def read(start: int, frames: int) -> Chunk:
        return mix[..., start : start + frames]

    return Readable(read, mix.shape[-1], wanted)


def statistics(mix: Song) -> tuple[float, float]:
    """Mean and standard deviation of the mono mixture, by which the paper normalises a track."""
    mono = mix.mean(0)
    return mono.mean().item(), max(mono.std().item(), SILENCE)
