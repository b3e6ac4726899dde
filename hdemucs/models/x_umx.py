"""CrossNet Open-Unmix (X-UMX): Open-Unmix's networks of all sources, averaged at two points.

R. Sawata, S. Uhlich, S. Takahashi and Y. Mitsufuji, "All for One and One for All: Improving Music
Separation by Bridging Networks", ICASSP 2021, and `asteroid/models/x_umx.py` of asteroid 0.7.0.
The averages have no parameters; without them it would be Open-Unmix. All sources are trained
together, with a loss that also compares sums of sources.
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
from hdemucs.models.blocks.unmix import Decode, Encode, Hidden, Magnitude, blstm, fit
from hdemucs.models.family import Family


@dataclass(frozen=True, kw_only=True, config=STRICT)
class XUmxConfig(SpectrogramConfig):
    """Settings; the published model has Open-Unmix's sizes."""

    kind: Literal["x_umx"]
    bins: Count  # number of lowest frequencies that the network sees; it writes all
    hidden: Annotated[int, Field(ge=2, multiple_of=2)]
    layers: Count  # of each LSTM
    dropout: Share  # between its layers


class XUmx(Network):
    """Encoders of all sources -> mean -> LSTMs of all sources -> mean -> a mask per source.

    The second mean is over each source's encoding, concatenated with its LSTM's output; so the
    first half of it is the first mean again.
    """

    def __init__(self, config: XUmxConfig) -> None:
        super().__init__()
        channels, hidden, each = config.audio_channels, config.hidden, config.sources
        seen = min(config.bins, config.all_bins)
        self.encode = nn.ModuleList(Encode(channels, seen, hidden) for _ in each)
        self.lstm = nn.ModuleList(blstm(hidden, config.layers, config.dropout) for _ in each)
        self.decode = nn.ModuleList(Decode(channels, config.all_bins, hidden) for _ in each)

    def forward(self, x: Magnitude) -> Float[Tensor, "batch source channel frequency frame"]:
        encoded = mean([encode(x) for encode in self.encode])
        remembered = mean([lstm(encoded)[0] for lstm in self.lstm])
        crossed = torch.cat([encoded, remembered], -1)
        return torch.stack([x * decode(crossed) for decode in self.decode], 1)


def mean(x: list[Hidden]) -> Hidden:
    return torch.stack(x).mean(0)


def build(config: XUmxConfig) -> SpectrogramSeparator:
    stft = STFT(config.window, config.hop)
    return SpectrogramSeparator(config.sources, stft, Magnitudes(), XUmx(config))


FAMILY = Family(config=XUmxConfig, build=build, fit=fit)
