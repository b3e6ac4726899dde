"""Decoders: what a network sees of a spectrogram, and how its output becomes spectrograms."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from .wiener import with_mixture_phase

Spectrogram = Complex[Tensor, "batch channel frequency frame"]
Spectrograms = Complex[Tensor, "batch source channel frequency frame"]


class Decoder(ABC):
    """The two maps around a network that works on spectrograms."""

    @abstractmethod
    def features(self, z: Spectrogram) -> Float[Tensor, "batch feature frequency frame"]:
        """The network's input, made from the mixture's spectrogram."""

    @abstractmethod
    def spectrograms(self, estimate: Tensor, z: Spectrogram) -> Spectrograms:
        """The sources' spectrograms, from the network's output and the mixture's spectrogram."""


class Magnitudes(Decoder):
    """Magnitudes in and out; every source gets the mixture's phase."""

    def features(self, z: Spectrogram) -> Float[Tensor, "batch feature frequency frame"]:
        return z.abs()

    def spectrograms(self, estimate: Tensor, z: Spectrogram) -> Spectrograms:
        return with_mixture_phase(z, estimate)


class ComplexAsChannels(Decoder):
    """Real parts of all channels, then imaginary parts of all channels, in and out."""

    def features(self, z: Spectrogram) -> Float[Tensor, "batch feature frequency frame"]:
        return torch.cat([z.real, z.imag], 1)

    def spectrograms(self, estimate: Tensor, z: Spectrogram) -> Spectrograms:
        return torch.complex(*estimate.chunk(2, 2))
