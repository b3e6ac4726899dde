"""The four halves of a U-Net level.

    encoder:  Down  -> Refine        decoder:  Rewrite -> Up

Keeping the halves apart is what makes the hybrid simple. Where the branches meet, each
brings a Down and they share one Refine; where they part, one Rewrite feeds an Up each.
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
    """Group norm, on levels where the plan asks for it."""
    return nn.GroupNorm(GROUPS, channels) if wanted else nn.Identity()


class Down(nn.Module):
    """Strided convolution: n -> ceil(n / stride) along the axis."""

    def __init__(self, level: Level) -> None:
        super().__init__()
        self.axis, self.stride = level.axis, level.stride
        self.conv = level.axis.down(level.cin, level.width, level.kernel, level.stride, level.pad)

    def forward(self, x: Along) -> Along:
        return self.conv(pad_to_multiple(self.axis.view(x), self.stride, self.axis.dim))


class Rewrite(nn.Module):
    """Convolution to twice the channels, gated back to as many; the shape is kept."""

    def __init__(self, level: Level, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.axis = level.axis
        self.conv = level.axis.local(level.width, 2 * level.width, kernel)
        self.norm = norm(2 * level.width, wanted=level.normed)

    def forward(self, x: Along) -> Along:
        return F.glu(self.norm(self.conv(self.axis.view(x))), dim=1)


def rewrite(level: Level, kernel: tuple[int, int]) -> nn.Module:
    """A Rewrite, on levels that have one."""
    return Rewrite(level, kernel) if level.rewritten else nn.Identity()


class Refine(nn.Module):
    """Activation, residual branch over time, 1x1 rewrite; the shape is kept."""

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
    """Transposed convolution, cut back to the `size` the level's Down was given.

    Group norm counts what is cut away; where there is none, it is not even computed.
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
    """Rewrite -> Up, on the sum of what comes from below and what was skipped."""

    def __init__(self, rewrite: nn.Module, up: Up) -> None:
        super().__init__()
        self.rewrite, self.up = rewrite, up

    def forward(self, x: Along, skip: Along, size: int) -> Along:
        return self.up(self.rewrite(self.up.axis.view(x) + skip), size)


class FrequencyEmbedding(nn.Module):
    """Lets the layers below tell frequencies apart (Isik et al., 2020).

    Weights are stored `boost` times smaller, so the optimiser moves them `boost` times
    faster, and start as a random walk, so that neighbouring frequencies start alike.
    """

    def __init__(
        self, frequencies: int, channels: int, weight: float = 0.2, boost: float = 10.0
    ) -> None:
        super().__init__()
        walk = torch.randn(frequencies, channels).cumsum(0)
        walk /= torch.arange(1, frequencies + 1)[:, None].sqrt()
        self.embedding = nn.Parameter(walk / boost)
        self.gain = weight * boost

    def forward(
        self, x: Float[Tensor, "batch channel frequency time"]
    ) -> Float[Tensor, "batch channel frequency time"]:
        return torch.add(x, self.embedding.T[:, :, None], alpha=self.gain)
