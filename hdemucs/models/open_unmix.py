"""Open-Unmix: for each source, a bidirectional LSTM that writes a mask for magnitudes.

F.-R. Stöter, S. Uhlich, A. Liutkus and Y. Mitsufuji, "Open-Unmix - A Reference Implementation
for Music Source Separation", JOSS 4(41), 2019. Sources share no weights, and each network is
usually trained by itself. A Wiener filter over all sources comes last.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from jaxtyping import Float
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count
from hdemucs.models.blocks.config import Share, SpectrogramConfig
from hdemucs.models.blocks.decoders import Magnitudes
from hdemucs.models.blocks.spectral import Network, SpectrogramSeparator
from hdemucs.models.blocks.stft import STFT
from hdemucs.models.blocks.unmix import Decode, Encode, Magnitude, blstm, fit
from hdemucs.models.family import Family


@dataclass(frozen=True, kw_only=True, config=STRICT)
class OpenUnmixConfig(SpectrogramConfig):
    """Open-Unmix of any size; `hidden` is 512 in the published umx and 1024 in umxl."""

    kind: Literal["open_unmix"]
    bins: Count  # number of lowest frequencies that the network sees; it writes all
    hidden: Annotated[int, Field(ge=2, multiple_of=2)]
    layers: Count  # of the LSTM
    dropout: Share  # between its layers


class OneSource(nn.Module):
    """Estimates the magnitudes of one source: a mask times the mixture's."""

    def __init__(self, config: OpenUnmixConfig) -> None:
        super().__init__()
        channels = config.audio_channels
        self.encode = Encode(channels, min(config.bins, config.all_bins), config.hidden)
        self.lstm = blstm(config.hidden, config.layers, config.dropout)
        self.decode = Decode(channels, config.all_bins, config.hidden)

    def forward(self, x: Magnitude) -> Magnitude:
        encoded = self.encode(x)
        remembered, _ = self.lstm(encoded)
        return x * self.decode(torch.cat([encoded, remembered], -1))


class OpenUnmix(Network):
    """One network per source, side by side."""

    def __init__(self, config: OpenUnmixConfig) -> None:
        super().__init__()
        self.sources = nn.ModuleList(OneSource(config) for _ in config.sources)

    def forward(self, x: Magnitude) -> Float[Tensor, "batch source channel frequency frame"]:
        return torch.stack([network(x) for network in self.sources], 1)


def build(config: OpenUnmixConfig) -> SpectrogramSeparator:
    stft = STFT(config.window, config.hop)
    return SpectrogramSeparator(config.sources, stft, Magnitudes(), OpenUnmix(config))


FAMILY = Family(config=OpenUnmixConfig, build=build, fit=fit)
