"""What a network is shown of a spectrogram, and the spectrograms that its estimate stands for."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from .wiener import with_mixture_phase

Spectrogram = Complex[Tensor, "batch channel frequency frame"]
Spectrograms = Complex[Tensor, "batch source channel frequency frame"]


class Decoder(ABC):
    """A pair of maps around a network that works on spectrograms."""

    @abstractmethod
    def features(self, z: Spectrogram) -> Float[Tensor, "batch feature frequency frame"]:
        """What the network is given of the mixture."""

    @abstractmethod
    def spectrograms(self, estimate: Tensor, z: Spectrogram) -> Spectrograms:
        """The sources' spectrograms, from what the network wrote and the mixture."""


class Magnitudes(Decoder):
    """Magnitudes in and out; the sources are given the mixture's phase."""

    def features(self, z: Spectrogram) -> Float[Tensor, "batch feature frequency frame"]:
        return z.abs()

    def spectrograms(self, estimate: Tensor, z: Spectrogram) -> Spectrograms:
        return with_mixture_phase(z, estimate)


class ComplexAsChannels(Decoder):
    """Real parts of all channels, then imaginary parts, in and out."""

    def features(self, z: Spectrogram) -> Float[Tensor, "batch feature frequency frame"]:
        return torch.cat([z.real, z.imag], 1)

    def spectrograms(self, estimate: Tensor, z: Spectrogram) -> Spectrograms:
        return torch.complex(*estimate.chunk(2, 2))
