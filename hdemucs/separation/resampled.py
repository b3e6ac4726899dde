"""Read a sound file at another rate, piece by piece; pieces equal those of the whole file."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torchaudio.functional import resample

from hdemucs.formats.channels import converted
from hdemucs.formats.sound import Sound
from hdemucs.separation.overlap import Chunk

MARGIN = 64  # periods of either rate; the resampler's windowed sinc reaches over 6


class Resampled:
    """A sound file of any rate and channel count, converted to a model's `rate` and `channels`."""

    def __init__(self, sound: Sound, rate: int, channels: int) -> None:
        self.sound, self.channels = sound, channels
        common = math.gcd(rate, sound.rate)
        self.up, self.down = rate // common, sound.rate // common
        self.length = math.ceil(sound.frames * self.up / self.down)

    def read(self, start: int, frames: int) -> Chunk:
        """Samples [start, start + frames) at the model's rate."""
        if self.up == self.down:
            return self.original(start, start + frames)
        first = max(0, start // self.up - MARGIN)  # in periods of `up` samples out, `down` in
        last = math.ceil((start + frames) / self.up) + MARGIN
        piece = self.original(first * self.down, min(last * self.down, self.sound.frames))
        out = resample(piece, self.down, self.up)
        return out[:, start - first * self.up :][:, :frames]

    def original(self, start: int, end: int) -> Float[torch.Tensor, "channel sample"]:
        """Samples of the file, at its own rate.

        Raises:
            UserError: they contain NaN, or channels that cannot be converted to the model's.
        """
        signal = self.sound.read(start, end - start)
        fitted = converted(self.sound.path, signal, self.channels, self.sound.wav.mask)
        return torch.from_numpy(fitted)
