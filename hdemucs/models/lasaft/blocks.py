"""LaSAFT's parts: time-frequency convolutions, frequency attention, gated pointwise modulation.

W. Choi, M. Kim, J. Chung and S. Jung, "LaSAFT: Latent Source Attentive Frequency Transformation
for Conditioned Source Separation", ICASSP 2021, sections 2 and 3; lasaft/source_separation/
conditioned/ of ws-choi/Conditioned-Source-Separation-LaSAFT. LightSAFT: Y. Jeong, W. Choi et al.,
"LightSAFT: Lightweight Latent Source Aware Frequency Transform for Source Separation", MDX
workshop 2021. Images are [batch, channel, frame, frequency].
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import relu

from hdemucs.models.blocks.spectral import Image

Embedding = Float[Tensor, "batch embedding"]
Squeeze = Callable[[int], int]  # from the number of frequencies to the bottleneck's width


class TimeFrequencyConvolutions(nn.Module):
    """TFC: a dense block of 3 x 3 convolutions; only the last one's output is returned."""

    def __init__(self, inputs: int, channels: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            convolution(inputs + i * channels, channels) for i in range(layers)
        )

    def forward(self, x: Image) -> Image:
        *others, last = self.layers
        for layer in others:
            x = torch.cat([layer(x), x], 1)
        return last(x)


def convolution(inputs: int, outputs: int) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, 3, padding=1)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())


class Attention(nn.Module):
    """The relevance of each latent source for the wanted source, as shares that add up to 1."""

    def __init__(self, embedding: int, width: int, latent: int) -> None:
        super().__init__()
        self.query = nn.Linear(embedding, width)
        self.keys = nn.Parameter(torch.randn(width, latent))

    def forward(self, wanted: Embedding) -> Float[Tensor, "batch latent"]:
        return torch.softmax(self.query(wanted) @ self.keys / len(self.keys) ** 0.5, -1)


class OverFrequencies(nn.Module):
    """A linear map of the frequencies of every channel and frame, a norm and a ReLU."""

    def __init__(self, channels: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Image) -> Image:
        return relu(self.norm(self.linear(x)))


class LaSAFT(nn.Module):
    """Every latent source has its own map of the frequencies; attention weighs their outputs."""

    def __init__(self, channels: int, bins: int, squeeze: Squeeze, attention: Attention) -> None:
        super().__init__()
        self.attention, self.latent = attention, attention.keys.shape[1]
        narrow = squeeze(bins * self.latent)
        self.narrow = OverFrequencies(channels, bins, narrow)
        self.widen = OverFrequencies(channels, narrow, bins * self.latent)

    def forward(self, x: Image, wanted: Embedding) -> Image:
        values = self.widen(self.narrow(x))
        values = values.view(*x.shape, self.latent)  # per frequency, all latent sources
        return torch.einsum("bctfs,bs->bctf", values, self.attention(wanted))


class LightSAFT(nn.Module):
    """Latent sources differ in the bottleneck only, and share the map from it to frequencies."""

    def __init__(self, channels: int, bins: int, squeeze: Squeeze, attention: Attention) -> None:
        super().__init__()
        self.attention, self.latent = attention, attention.keys.shape[1]
        narrow = squeeze(bins)
        self.narrow = OverFrequencies(channels, bins, narrow * self.latent)
        self.widen = OverFrequencies(channels, narrow, bins)

    def forward(self, x: Image, wanted: Embedding) -> Image:
        values = self.narrow(x)
        values = values.view(*x.shape[:-1], self.latent, -1)  # the bottleneck of each latent source
        return self.widen(torch.einsum("bctsf,bs->bctf", values, self.attention(wanted)))


class Gate(nn.Module):
    """x * sigmoid(x G + b): a pointwise convolution with weights from the condition (GPoCM)."""

    def forward(
        self, x: Image, matrix: Float[Tensor, "batch given made"], bias: Float[Tensor, "batch made"]
    ) -> Image:
        modulated = torch.einsum("bctf,bcd->bdtf", x, matrix) + bias[:, :, None, None]
        return x * torch.sigmoid(modulated)


class Conditions(nn.Module):
    """Maps a source's index to its embedding, and to each decoder level's matrix and bias."""

    def __init__(
        self, sources: int, embedding: int, dropout: float, levels: int, channels: int
    ) -> None:
        super().__init__()
        e = embedding
        self.levels, self.channels = levels, channels
        self.embedding = nn.Embedding(sources, e)
        self.hidden = nn.Sequential(
            nn.Linear(e, 2 * e), nn.ReLU(),
            nn.Linear(2 * e, 4 * e), nn.ReLU(), nn.Dropout(dropout), nn.BatchNorm1d(4 * e),
            nn.Linear(4 * e, 8 * e), nn.ReLU(), nn.Dropout(dropout), nn.BatchNorm1d(8 * e),
        )  # fmt: skip
        self.matrices = standardised(8 * e, levels * channels**2)
        self.biases = standardised(8 * e, levels * channels)

    def forward(self, source: Tensor) -> tuple[Embedding, Tensor, Tensor]:
        """For sources [batch]: embeddings, and for each level matrices [batch, C, C] and biases."""
        wanted = self.embedding(source)
        h = self.hidden(wanted)
        size, c = (len(source), self.levels), self.channels
        matrices = self.matrices(h).view(*size, c, c).transpose(0, 1)
        return wanted, matrices, self.biases(h).view(*size, c).transpose(0, 1)


def standardised(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs, affine=False))
