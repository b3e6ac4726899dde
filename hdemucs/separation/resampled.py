"""Reading a sound file at another rate, piece by piece: any piece equals the whole's, cut."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torchaudio.functional import resample

from hdemucs import audio
from hdemucs.separation.overlap import Chunk

MARGIN = 64  # periods of either rate; the resampler's windowed sinc reaches over 6


def as_channels(
    signal: Float[Tensor, "given sample"], channels: int
) -> Float[Tensor, "{channels} sample"]:
    """Mono to every channel; more channels than wanted down to their mean (the mid signal)."""
    if len(signal) == channels:
        return signal
    return signal.mean(0, keepdim=True).expand(channels, -1)


class Resampled:
    """A sound file of any rate and channel count, as a model of `rate` and `channels` wants it."""

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        """
        Raises:
            UserError: the file is no sound file or holds no audio.
        """
        self.path, self.channels = path, channels
        self.format = audio.inspect(path)
        common = math.gcd(rate, self.format.rate)
        self.up, self.down = rate // common, self.format.rate // common
        self.length = math.ceil(self.format.frames * self.up / self.down)

    def read(self, start: int, frames: int) -> Chunk:
        """Samples [start, start + frames) at the model's rate."""
        if self.up == self.down:
            return self.original(start, start + frames)
        first = max(0, start // self.up - MARGIN)  # in periods: `up` samples out, `down` in
        last = math.ceil((start + frames) / self.up) + MARGIN
        piece = self.original(first * self.down, min(last * self.down, self.format.frames))
        out = resample(piece, self.down, self.up)
        return out[:, start - first * self.up :][:, :frames]

    def original(self, start: int, end: int) -> Float[Tensor, "channel sample"]:
        """Samples of the file at its own rate."""
        signal = torch.from_numpy(audio.read(self.path, start, end - start))
        return as_channels(signal, self.channels)
