"""A separator over spectrograms, made of a transform, a network and a decoder.

mix -> stft -> features -> network -> estimate -> spectrograms -> inverse -> sources
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import pad

from hdemucs.models.family import Mixture, Separator, Sources

from .decoders import Decoder, Spectrogram, Spectrograms
from .stft import STFT

Image = Float[Tensor, "batch _ _ _"]  # channel, frame, frequency: each layer has its own sizes


class Network(nn.Module):
    """Maps features [batch, feature, frequency, frame] to an estimate [batch, source, ...].

    It takes any number of frames. A network that works on multiples of some number pads the frames
    itself; it states the number as `multiple`, so that callers can pass more audio instead.
    """

    multiple = 1


class ConditionedNetwork(Network, ABC):
    """One network for all sources, which is told which of them to estimate."""

    @abstractmethod
    def of(self, x: Tensor, wanted: Int[Tensor, " batch"]) -> Tensor:
        """The estimate of one source of each example; `wanted` holds their places among the
        sources.
        """


class SpectrogramSeparator(Separator):
    """A transform, a decoder and the network inside them.

    Losses that compare spectrograms call `stft` and `estimate`; a post-filter calls `stft`,
    `spectrograms` and `stft.inverse`.
    """

    def __init__(
        self, sources: tuple[str, ...], stft: STFT, decoder: Decoder, network: Network
    ) -> None:
        super().__init__()
        self.sources = sources
        self.stft, self.decoder, self.network = stft, decoder, network

    def forward(self, mix: Mixture) -> Sources:
        return self.stft.inverse(self.spectrograms(self.stft(mix)), mix.shape[-1])

    def estimate(self, z: Spectrogram) -> Tensor:
        """The network's output, such as magnitudes, in the spectrogram's precision."""
        return self.network(self.decoder.features(z)).to(z.real.dtype)

    def spectrograms(self, z: Spectrogram) -> Spectrograms:
        """The sources' spectrograms, estimated from the mixture's."""
        estimate = self.estimate(z)
        with torch.autocast(z.device.type, enabled=False):
            return self.decoder.spectrograms(estimate, z)

    def valid_length(self, length: int) -> int:
        """The shortest input of `length` samples or more whose frames the network need not pad."""
        frames = self.stft.frames(length)
        missing = -frames % self.network.multiple
        return (frames + missing - 1) * self.stft.hop if missing else length


def whole(x: Tensor, multiple: int, dim: int = -1) -> Tensor:
    """Append zeros to x along `dim`, so that its size there is a multiple of `multiple`."""
    after = x.dim() - 1 - dim % x.dim()
    return pad(x, (0, 0) * after + (0, -x.shape[dim] % multiple))
