"""A branch's view of a mixture, and how its output becomes waveforms again.

- analyse: mixture [B, C, L] -> Analysis (the network's input, and what synthesise will need)
- synthesise: the decoder's output [B, S*C', ...] -> waveforms [B, S, C, L]
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from hdemucs.models.blocks.resample import Resample

Mixture = Float[Tensor, "batch channel length"]
Sources = Float[Tensor, "batch source channel length"]
Standardised = tuple[Tensor, Tensor, Tensor]  # x, mean, std

QUIET = 1e-5  # added to every standard deviation, so that silence stays finite


@dataclass(frozen=True)
class Analysis:
    """A branch's view of a batch of mixtures."""

    x: Tensor
    mean: Tensor
    std: Tensor
    length: int  # of the mixture, in samples
    mixture: Tensor | None = None  # the mixture's STFT, if the network writes magnitudes

    def restored(self, y: Tensor, sources: int) -> Tensor:
        """[B, S*C, ...] -> [B, S, C, ...], at the mixture's scale and precision."""
        y = rearrange(y.to(self.std.dtype), "b (s c) ... -> b s c ...", s=sources)
        return torch.addcmul(self.mean[:, None], y, self.std[:, None])


def over_all(x: Tensor) -> Standardised:
    """Standardise each example over all its values."""
    mean, std, centred = moments(x, tuple(range(1, x.dim())))
    return centred / (QUIET + std), mean, std


def over_the_mono(x: Tensor) -> Standardised:
    """Standardise every channel by the statistics of the mono mixture."""
    mean, std, _ = moments(x.mean(1, keepdim=True), (-1,))
    return (x - mean) / (QUIET + std), mean, std


def moments(x: Tensor, over: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, standard deviation (of n - 1), and x without its mean; faster than torch.std_mean."""
    mean = x.mean(over, keepdim=True)
    centred = x - mean
    count = x.numel() // mean.numel()
    return mean, (centred.square().sum(over, keepdim=True) / (count - 1)).sqrt(), centred


def as_is(x: Tensor) -> Standardised:
    """Keep the scale, as Demucs v2 does."""
    return x, x.new_zeros(len(x), 1, 1), x.new_ones(len(x), 1, 1)


class View(nn.Module, ABC):
    """The two maps around a branch's network, each the inverse of the other."""

    factor = 1  # network channels for each audio channel

    @abstractmethod
    def analyse(self, mix: Mixture) -> Analysis: ...

    @abstractmethod
    def synthesise(self, y: Tensor, analysis: Analysis, sources: int) -> Sources: ...

    def valid_length(self, length: int) -> int:
        """The shortest input, of `length` samples or more, that this view need not pad."""
        return length


class Waveform(View):
    """The samples themselves."""

    def analyse(self, mix: Mixture) -> Analysis:
        return Analysis(*over_all(mix), mix.shape[-1])

    def synthesise(self, y: Tensor, analysis: Analysis, sources: int) -> Sources:
        return analysis.restored(y, sources)


class PaddedWaveform(View):
    """Demucs v2's view: samples, perhaps resampled, padded so that no convolution leaves any out.

    `valid` maps a length at the network's rate to the next one that its levels give back.
    """

    def __init__(
        self,
        standardise: Callable[[Tensor], Standardised],
        valid: Callable[[int], int],
        *,
        upsample: int,
    ) -> None:
        super().__init__()
        self.standardise, self.valid, self.upsample = standardise, valid, upsample
        self.enter: nn.Module = nn.Identity() if upsample == 1 else Resample(upsample, 1)
        self.leave: nn.Module = nn.Identity() if upsample == 1 else Resample(1, upsample)

    def analyse(self, mix: Mixture) -> Analysis:
        length = mix.shape[-1]
        x, mean, std = self.standardise(mix)
        missing = self.valid_length(length) - length
        x = F.pad(x, (missing // 2, missing - missing // 2))
        return Analysis(self.enter(x), mean, std, length)

    def synthesise(self, y: Tensor, analysis: Analysis, sources: int) -> Sources:
        y = analysis.restored(self.leave(y.to(analysis.std.dtype)), sources)
        return y.narrow(-1, (y.shape[-1] - analysis.length) // 2, analysis.length)

    def valid_length(self, length: int) -> int:
        return -(-self.valid(self.upsample * length) // self.upsample)


def reflect(x: Tensor, left: int, right: int) -> Tensor:
    """Reflection padding; an x shorter than the padding is first extended by zeros."""
    short = max(0, max(left, right) + 1 - x.shape[-1])
    zeros_right = min(right, short)
    zeros_left = short - zeros_right
    if short:
        x = F.pad(x, (zeros_left, zeros_right))
    return F.pad(x, (left - zeros_left, right - zeros_right), mode="reflect")
