"""LaSAFT with gated pointwise convolutional modulation, and LightSAFT: one network for any source.

W. Choi, M. Kim, J. Chung and S. Jung, "LaSAFT: Latent Source Attentive Frequency Transformation
for Conditioned Source Separation", ICASSP 2021; `DCUN_TFC_GPoCM_LaSAFT` in
ws-choi/Conditioned-Source-Separation-LaSAFT. It writes complex spectrograms, as channels.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from pydantic import field_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count
from hdemucs.models.blocks.config import Share, SpectrogramConfig
from hdemucs.models.blocks.decoders import ComplexAsChannels
from hdemucs.models.blocks.spectral import ConditionedNetwork, Image, SpectrogramSeparator, whole
from hdemucs.models.blocks.stft import STFT
from hdemucs.models.family import Family

from .blocks import (
    Attention,
    Conditions,
    Embedding,
    Gate,
    LaSAFT,
    LightSAFT,
    TimeFrequencyConvolutions,
)

Features = Float[Tensor, "batch part frequency frame"]
Info = Any  # pydantic's ValidationInfo: a protocol, which tests cannot check at run time

TRANSFORMS: dict[str, type[LaSAFT | LightSAFT]] = {"lasaft": LaSAFT, "lightsaft": LightSAFT}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LasaftConfig(SpectrogramConfig):
    """Settings of LaSAFT or LightSAFT. The embeddings stand for `sources` in this order."""

    kind: Literal["lasaft"]
    transform: Literal["lasaft", "lightsaft"]
    channels: Count  # of every layer
    levels: Count  # that halve time and frequency, with blocks on both sides and one below
    layers: Count  # convolutions in each block
    latent: Count  # number of latent sources
    key: Count  # width of an attention key
    embedding: Count  # width of a source's embedding
    squeeze: Count  # how many times narrower the bottleneck is than its frequencies
    narrowest: Count  # least width of the bottleneck
    dropout: Share  # between embeddings and gates

    @field_validator("levels")
    @classmethod
    def _halved(cls, levels: int, info: Info) -> int:
        if info.data.get("window", 0) // 2 % 2**levels:
            raise ValueError(f"{levels} levels cannot halve the window's frequencies each")
        return levels


class Block(nn.Module):
    """Convolutions, a gate on the way out, and the frequency transform, which is added."""

    def __init__(self, inputs: int, bins: int, config: LasaftConfig) -> None:
        super().__init__()

        def squeeze(width: int) -> int:
            return max(width // config.squeeze, config.narrowest)

        channels = config.channels
        attention = Attention(config.embedding, config.key, config.latent)
        self.convolutions = TimeFrequencyConvolutions(inputs, channels, config.layers)
        self.gate = Gate()
        self.transform = TRANSFORMS[config.transform](channels, bins, squeeze, attention)

    def forward(
        self, x: Image, wanted: Embedding, modulation: tuple[Tensor, Tensor] | None = None
    ) -> Image:
        x = self.convolutions(x)
        if modulation:
            x = self.gate(x, *modulation)
        return x + self.transform(x, wanted)


class Lasaft(ConditionedNetwork):
    """A U-Net of blocks; only those on the way out have gates; all attend to the wanted source."""

    def __init__(self, config: LasaftConfig) -> None:
        super().__init__()
        parts, channels = 2 * config.audio_channels, config.channels
        self.multiple, self.count = 2**config.levels, len(config.sources)
        bins = [config.window // 2 >> level for level in range(config.levels + 1)]
        norm = nn.BatchNorm2d(channels)
        self.first = nn.Sequential(nn.Conv2d(parts, channels, (1, 2)), norm, nn.ReLU())
        self.inward = nn.ModuleList(Block(channels, n, config) for n in bins[:-1])
        self.down = nn.ModuleList(scaled(nn.Conv2d, channels) for _ in bins[:-1])
        self.middle = Block(channels, bins[-1], config)
        self.up = nn.ModuleList(scaled(nn.ConvTranspose2d, channels) for _ in bins[:-1])
        self.outward = nn.ModuleList(Block(2 * channels, n, config) for n in bins[-2::-1])
        self.last = nn.Conv2d(channels, parts, (1, 2), padding=(0, 1))
        self.conditions = Conditions(
            self.count, config.embedding, config.dropout, config.levels, channels
        )

    def forward(self, x: Features) -> Float[Tensor, "batch source part frequency frame"]:
        """Estimates of all sources of every example; examples and sources form one batch inside."""
        batch, size = len(x), x.shape[1:]
        repeated = x[:, None].expand(-1, self.count, *size).flatten(0, 1)
        wanted = torch.arange(self.count, device=x.device).repeat(batch)
        return self.of(repeated, wanted).view(batch, self.count, *size)

    def of(self, x: Features, wanted: Int[Tensor, " batch"]) -> Features:
        """The estimate of one source per example; `wanted` holds places in the configuration's
        sources.

        In training, the gates pass through a batch norm and so depend on which sources a batch asks
        for:
        it should ask for several.
        """
        return self.image(whole(x, self.multiple).mT, wanted).mT[..., : x.shape[-1]]

    def image(self, x: Image, wanted: Int[Tensor, " batch"]) -> Image:
        embedding, matrices, biases = self.conditions(wanted)
        x, skips = self.first(x), []
        for block, down in zip(self.inward, self.down, strict=True):
            skips.append(block(x, embedding))
            x = down(skips[-1])
        x = self.middle(x, embedding)
        ways_out = zip(self.up, self.outward, matrices, biases, strict=True)
        for up, block, matrix, bias in ways_out:
            x = block(torch.cat([up(x), skips.pop()], 1), embedding, (matrix, bias))
        return self.last(x)


def scaled(conv: type[nn.Conv2d | nn.ConvTranspose2d], channels: int) -> nn.Sequential:
    """A convolution to half or twice the frames and frequencies, and a norm."""
    return nn.Sequential(conv(channels, channels, 2, stride=2), nn.BatchNorm2d(channels))


def build(config: LasaftConfig) -> SpectrogramSeparator:
    network = Lasaft(config)
    for parameter in network.parameters():
        if parameter.dim() > 1:  # keys and embeddings as well, as in the authors' code
            nn.init.xavier_normal_(parameter)
    stft = STFT(config.window, config.hop)
    return SpectrogramSeparator(config.sources, stft, ComplexAsChannels(), network)


FAMILY = Family(config=LasaftConfig, build=build)
