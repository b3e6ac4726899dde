"""WaveNet for music: dilated gated convolutions at the sample rate, without a bottleneck.

    mix -> conv -> blocks with dilations 1, 2, 4, ..., several times -> sum of skips -> head

Source: Lluís, Pons and Serra, "End-to-end music source separation: is it possible in the waveform
domain?", Interspeech 2019 (arXiv 1810.12187); github.com/francesclluis/source-separation-wavenet.
The original pads every convolution with zeros and keeps the samples that its blocks' padding does
not reach. Here no convolution is padded. Results are equal, except at the edges, where the first
and last three convolutions see zeros in the original and real audio here.
"""

from __future__ import annotations

from typing import Any, Literal, cast

import torch
from jaxtyping import Float
from pydantic import field_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional as F

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count, ModelConfig
from hdemucs.models.family import Family, Middle, Mixture, Separator, middle

from .blocks.around import AtRate, ChannelByChannel
from .blocks.unpadded import Unpadded

Steps = Float[Tensor, "batch _ _"]

KERNEL = 3


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WaveNetConfig(ModelConfig):
    """The paper's has 64 channels, 4 stacks of 10 dilations, head 2048 and 256, mono at 16 kHz."""

    kind: Literal["wavenet"]
    sample_rate: Count  # Hz, of the audio
    rate: Count | None  # Hz, at which the network works; None: the audio's rate
    mono: bool  # every channel is separated by itself
    channels: Count  # of blocks and skip connections
    stacks: Count
    dilations: Count  # blocks per stack, with dilations 1, 2, 4, ...
    head: tuple[Count, Count]  # channels of the head's two convolutions
    difference: str | None  # source made as the mixture minus the others; None: no source

    @field_validator("difference")
    @classmethod
    def _source(cls, difference: str | None, info: Any) -> str | None:
        if difference is not None and difference not in info.data.get("sources", ()):
            raise ValueError("names no source")
        return difference


class Block(nn.Module):
    """A tanh times a sigmoid; half of the next layer is added to the input, half is the skip."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.gated = nn.Conv1d(channels, 2 * channels, KERNEL, dilation=dilation, bias=False)
        self.leave = nn.Conv1d(channels, 2 * channels, 1, bias=False)

    def forward(self, x: Steps, kept: int) -> tuple[Steps, Steps]:
        """The next block's input, and the middle `kept` steps of the skip connection."""
        value, gate = self.gated(x).chunk(2, dim=1)
        y = value.tanh() * gate.sigmoid()
        residual, skip = self.leave.weight.chunk(2)
        onward = middle(x, y.shape[-1]) + F.conv1d(y, residual)
        return onward, F.conv1d(middle(y, kept), skip)


class WaveNet(Unpadded):
    """The network at its own rate. The last block's residual half is unused, as published."""

    step = 1

    def __init__(self, config: WaveNetConfig, channels: int) -> None:
        super().__init__()
        self.sources, self.difference = config.sources, config.difference
        self.written = [name for name in config.sources if name != config.difference]
        width, (first, second) = config.channels, config.head
        dilations = [2**d for _ in range(config.stacks) for d in range(config.dilations)]
        self.context = sum(dilations) * (KERNEL - 1)
        self.enter = nn.Conv1d(channels, width, KERNEL, bias=False)
        self.blocks = nn.ModuleList(Block(width, dilation) for dilation in dilations)
        self.head = nn.Sequential(
            nn.ReLU(),
            nn.Conv1d(width, first, KERNEL, bias=False),
            nn.ReLU(),
            nn.Conv1d(first, second, KERNEL, bias=False),
            nn.Conv1d(second, len(self.written) * channels, 1),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv1d):
                nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(cast(Tensor, self.head[-1].bias))

    def valid_centre(self, mix: Mixture) -> Middle:
        x = self.enter(mix)
        kept = x.shape[-1] - self.context
        total = x.new_zeros(())
        for block in self.blocks:
            x, skip = block(x, kept)
            total = total + skip
        y = self.head(total).unflatten(1, (len(self.written), -1))
        estimates = dict(zip(self.written, y.unbind(1), strict=True))
        if self.difference:
            estimates[self.difference] = middle(mix, y.shape[-1]) - y.sum(1)
        return torch.stack([estimates[name] for name in self.sources], dim=1)

    def valid_length(self, length: int) -> int:
        return length + self.context + 3 * (KERNEL - 1)


def build(config: WaveNetConfig) -> Separator:
    network: Separator = WaveNet(config, 1 if config.mono else config.audio_channels)
    network = ChannelByChannel(network) if config.mono else network
    if config.rate in (None, config.sample_rate):
        return network
    return AtRate(network, config.sample_rate, config.rate)


FAMILY = Family(config=WaveNetConfig, build=build)
