"""Wave-U-Net: a U-Net of unpadded convolutions on the samples themselves.

    mix -> conv, keep, every 2nd sample -> ... -> conv -> ... -> twice the samples, concat, conv
    -> concat mix -> 1x1 a source; the last source is the mixture less the others

Source: Stoller, Ewert and Dixon, "Wave-U-Net: a multi-scale neural network for end-to-end audio
source separation", ISMIR 2018 (arXiv 1806.03185), and github.com/f90/Wave-U-Net. These are its
models with input context (M3 to M7).
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

from .blocks.around import AtRate
from .blocks.unpadded import Unpadded

Steps = Float[Tensor, "batch _ _"]

SLOPE = 0.2  # of the leaky ReLU for negative values


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WaveUNetConfig(ModelConfig):
    """M4 has accompaniment and vocals, and linear upsampling; M5 learns it; M6 has four sources."""

    kind: Literal["wave_u_net"]
    sample_rate: Count  # Hz, of the audio
    rate: Count | None  # Hz, at which the network works; None: the audio's rate
    levels: Count
    channels: Count  # of the outermost level; level i has i + 1 times as many
    kernel: Count  # of convolutions on the way down
    up_kernel: Count  # of convolutions on the way up
    upsampling: Literal["linear", "learned"]
    difference: str | None  # source made as the mixture minus the others; None: no source

    @field_validator("kernel", "up_kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError("a kernel has a middle: it must be odd")
        return kernel

    @field_validator("difference")
    @classmethod
    def _source(cls, difference: str | None, info: Any) -> str | None:
        if difference is not None and difference not in info.data.get("sources", ()):
            raise ValueError("names no source")
        return difference


class Upsample(nn.Module):
    """n -> 2 n - 1 steps: adds the mean of each two neighbours, with equal or learned weights."""

    def __init__(self, channels: int, *, learned: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, 1)) if learned else None

    def forward(self, x: Steps) -> Steps:
        before, after = x[..., :-1], x[..., 1:]
        share = 0.5 if self.weight is None else self.weight.sigmoid()
        between = after + share * (before - after)
        return torch.cat([torch.stack([before, between], -1).flatten(-2), x[..., -1:]], -1)


class Up(nn.Module):
    """Twice the steps, next to the middle of the skip connection, then a convolution."""

    def __init__(self, below: int, kept: int, kernel: int, *, learned: bool) -> None:
        super().__init__()
        self.upsample = Upsample(below, learned=learned)
        self.conv = nn.Conv1d(kept + below, kept, kernel)

    def forward(self, x: Steps, kept: Steps) -> Steps:
        x = self.upsample(x)
        return activated(self.conv(torch.cat([middle(kept, x.shape[-1]), x], dim=1)))


class WaveUNet(Unpadded):
    """The network, at its own sample rate."""

    def __init__(self, config: WaveUNetConfig) -> None:
        super().__init__()
        self.sources, self.difference = config.sources, config.difference
        self.written = [name for name in config.sources if name != config.difference]
        self.audio_channels, self.levels = config.audio_channels, config.levels
        self.kernel, self.up_kernel, self.step = config.kernel, config.up_kernel, 2**config.levels
        widths = [config.channels * (level + 1) for level in range(config.levels + 1)]
        learned, audio = config.upsampling == "learned", config.audio_channels
        self.down = nn.ModuleList(
            nn.Conv1d(before, width, config.kernel)
            for before, width in zip([audio, *widths], widths, strict=False)
        )
        self.up = nn.ModuleList(
            Up(widths[level + 1], widths[level], config.up_kernel, learned=learned)
            for level in reversed(range(config.levels))
        )
        self.heads = nn.ModuleList(nn.Conv1d(widths[0] + audio, audio, 1) for _ in self.written)
        for module in self.modules():
            if isinstance(module, nn.Conv1d):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(cast(Tensor, module.bias))

    def valid_centre(self, mix: Mixture) -> Middle:
        *outer, innermost = self.down
        x, kept = mix, list[Tensor]()
        for conv in outer:
            kept.append(activated(conv(x)))
            x = kept[-1][..., ::2]
        x = activated(innermost(x))
        for up in self.up:
            x = up(x, kept.pop())
        mix = middle(mix, x.shape[-1])
        features = torch.cat([mix, x], dim=1)
        estimates = {
            name: head(features).tanh() for name, head in zip(self.written, self.heads, strict=True)
        }
        if self.difference:
            estimates[self.difference] = self.clipped(mix - sum(estimates.values()))
        return torch.stack([estimates[name] for name in self.sources], dim=1)

    def clipped(self, x: Tensor) -> Tensor:
        """Clip to full scale, but not in training, where gradients must pass through."""
        return x if self.training else x.clamp(-1, 1)

    def valid_length(self, length: int) -> int:
        """The output gives the innermost level's steps x, and x the input (appendix A)."""
        wanted, up = float(length), self.up_kernel - 1
        for _ in range(self.levels):
            wanted = (wanted + up + 1) / 2
        x = -int(-wanted // 1) + self.kernel - 1
        for _ in range(self.levels):
            x = 2 * x - 1 + self.kernel - 1
        return x


def activated(x: Tensor) -> Tensor:
    return F.leaky_relu(x, SLOPE)


def build(config: WaveUNetConfig) -> Separator:
    network = WaveUNet(config)
    if config.rate in (None, config.sample_rate):
        return network
    return AtRate(network, config.sample_rate, config.rate)


FAMILY = Family(config=WaveUNetConfig, build=build)
