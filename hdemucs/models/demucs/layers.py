"""The four halves of a U-Net level.

    encoder:  Down  -> Refine        decoder:  Rewrite -> Up

The halves are kept apart because of the hybrid: where its branches meet, each of them brings a
Down and they share one Refine; where they part, one Rewrite feeds an Up of each branch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from hdemucs.models.demucs.config import GROUPS

from .axis import cut, pad_to_multiple
from .plan import Level

Activation = Callable[[], nn.Module]
Along = Float[Tensor, "batch _ ..."]  # [B, C, T] or [B, C, F, T], whichever the axis
Frequencies = Float[Tensor, "batch _ _ time"]  # [B, C, F, T]

ALONE, AROUND, OVER_TIME = (1, 1), (3, 3), (1, 3)  # kernels over frequency and over time


def norm(channels: int, *, wanted: bool) -> nn.Module:
    """Group norm on the levels for which the plan wants it, else nothing."""
    return nn.GroupNorm(GROUPS, channels) if wanted else nn.Identity()


class Down(nn.Module):
    """Strided convolution along the axis: n -> ceil(n / stride) steps."""

    def __init__(self, level: Level) -> None:
        super().__init__()
        self.axis, self.stride = level.axis, level.stride
        self.conv = level.axis.down(level.cin, level.width, level.kernel, level.stride, level.pad)

    def forward(self, x: Along) -> Along:
        return self.conv(pad_to_multiple(self.axis.view(x), self.stride, self.axis.dim))


class Rewrite(nn.Module):
    """Convolution to twice the channels, then GLU back to as many; the shape is kept."""

    def __init__(self, level: Level, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.axis = level.axis
        self.conv = level.axis.local(level.width, 2 * level.width, kernel)
        self.norm = norm(2 * level.width, wanted=level.normed)

    def forward(self, x: Along) -> Along:
        return F.glu(self.norm(self.conv(self.axis.view(x))), dim=1)


def rewrite(level: Level, kernel: tuple[int, int]) -> nn.Module:
    """A Rewrite on the levels that have one, else nothing."""
    return Rewrite(level, kernel) if level.rewritten else nn.Identity()


class Refine(nn.Module):
    """Activation, residual branch over time, gated 1x1 convolution; the shape is kept."""

    def __init__(self, level: Level, activation: Activation, residual: nn.Module) -> None:
        super().__init__()
        self.axis = level.axis
        self.norm = norm(level.width, wanted=level.normed)
        self.activation = activation()
        self.residual = residual
        self.rewrite = rewrite(level, ALONE)

    def forward(self, x: Along) -> Along:
        x = self.activation(self.norm(self.axis.view(x)))
        return self.rewrite(self.axis.over_time(self.residual, x))


class Up(nn.Module):
    """Transposed convolution, cut to the `size` that the level's Down was given.

    Group norm takes the part that is cut off into account; without a norm, it is not computed.
    """

    def __init__(self, level: Level, activation: Activation) -> None:
        super().__init__()
        crop = 0 if level.normed_out else level.pad
        self.axis, self.start = level.axis, level.pad - crop
        self.conv = level.axis.up(level.width, level.cout, level.kernel, level.stride, crop)
        self.norm = norm(level.cout, wanted=level.normed_out)
        self.activation = activation()

    def forward(self, x: Along, size: int) -> Along:
        x = self.norm(self.conv(self.axis.view(x)))
        return self.activation(cut(x, self.axis.dim, self.start, size))


class Encode(nn.Module):
    """Down -> Refine."""

    def __init__(self, down: Down, refine: Refine) -> None:
        super().__init__()
        self.down, self.refine = down, refine

    def forward(self, x: Along) -> Along:
        return self.refine(self.down(x))


class Decode(nn.Module):
    """Rewrite -> Up, applied to the sum of what comes from below and the skip connection."""

    def __init__(self, rewrite: nn.Module, up: Up) -> None:
        super().__init__()
        self.rewrite, self.up = rewrite, up

    def forward(self, x: Along, skip: Along, size: int) -> Along:
        return self.up(self.rewrite(self.up.axis.view(x) + skip), size)


class FrequencyEmbedding(nn.Module):
    """Adds a learned vector per frequency, so that later layers can tell frequencies apart.

    (Isik et al., 2020.) Weights are stored `boost` times smaller, so that the optimiser moves them
    `boost` times faster. They start as a random walk, so that neighbouring frequencies start alike.
    """

    def __init__(
        self, frequencies: int, channels: int, weight: float = 0.2, boost: float = 10.0
    ) -> None:
        super().__init__()
        walk = torch.randn(frequencies, channels)
        if not walk.is_meta:  # to compute nothing, torch imports its compiler
            walk = walk.cumsum(0) / torch.arange(1, frequencies + 1)[:, None].sqrt() / boost
        self.embedding = nn.Parameter(walk)
        self.gain = weight * boost

    def forward(
        self, x: Float[Tensor, "batch channel frequency time"]
    ) -> Float[Tensor, "batch channel frequency time"]:
        return torch.add(x, self.embedding.T[:, :, None], alpha=self.gain)
