"""Dense blocks with a dilation for each connection, nested ones, and a U-shaped network of these.

N. Takahashi and Y. Mitsufuji, "D3Net: Densely connected multidilated DenseNet for music source
separation", arXiv 2010.01733, sections 3 and 4, and d3net/music-source-separation/
d3net_basic_blocks.py of sony/ai-research-code. Images are [batch, channel, frame, frequency].
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import avg_pool2d

from hdemucs.models.blocks.spectral import Image

from .config import BandConfig


def activated(inputs: int, outputs: int, dilation: int) -> nn.Sequential:
    """Norm, ReLU and a 3 x 3 convolution that keeps the size."""
    conv = nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation)
    return nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(), conv)


class Grouped(nn.Module):
    """Groups of `growth` channels: each one adds to all later groups; the last one is the output.

    `first` writes all groups from the input. `later[i]` maps the complete group i to what it adds
    to the groups after it.
    """

    def __init__(self, growth: int, first: nn.Module, later: Sequence[nn.Module]) -> None:
        super().__init__()
        self.growth, self.first, self.later = growth, first, nn.ModuleList(later)

    def forward(self, x: Image) -> Image:
        groups = list(torch.split(self.first(x), self.growth, 1))
        for i, layer in enumerate(self.later):
            added = torch.split(layer(groups[i]), self.growth, 1)
            later = zip(groups[i + 1 :], added, strict=True)
            groups[i + 1 :] = [group + more for group, more in later]
        return groups[-1]


def dense(inputs: int, growth: int, layers: int) -> Grouped:
    """A D2 block: layer l sees the input undilated and the output of layer m dilated by 2^m.

    All convolutions over one feature have the same dilation, so they are computed as one.
    """
    return Grouped(
        growth,
        activated(inputs, growth * layers, 1),
        [activated(growth, growth * (layers - 1 - i), 2 ** (i + 1)) for i in range(layers - 1)],
    )


def nested(inputs: int, growth: int, layers: int, blocks: int) -> Grouped:
    """A D3 block: D2 blocks that are connected to each other as the layers within them are."""
    return Grouped(
        growth,
        dense(inputs, growth * blocks, layers),
        [dense(growth, growth * (blocks - 1 - i), layers) for i in range(blocks - 1)],
    )


class Band(nn.Module):
    """A convolution, then D3 blocks: on the way in, innermost, and on the way out."""

    def __init__(self, channels: int, config: BandConfig) -> None:
        super().__init__()
        self.width = config.growth[-1]
        self.first = nn.Conv2d(channels, config.first, 3, padding=1)
        depth = len(config.growth) // 2
        growth, layers, blocks = config.growth, config.layers, config.nested
        inputs = (config.first, *growth)
        self.inward = nn.ModuleList(
            nested(inputs[i], growth[i], layers[i], blocks) for i in range(depth + 1)
        )
        ways_out = list(zip(pairwise(growth[depth:]), layers[depth + 1 :], strict=True))
        self.up = nn.ModuleList(doubled(before) for (before, _), _ in ways_out)
        self.outward = nn.ModuleList(
            nested(before + skip, after, n, blocks)
            for ((before, after), n), skip in zip(ways_out, growth[depth - 1 :: -1], strict=False)
        )

    def forward(self, x: Image) -> Image:
        x = self.inward[0](self.first(x))
        skips = []
        for block in self.inward[1:]:
            skips.append(x)
            x = block(avg_pool2d(x, 2))
        for up, block in zip(self.up, self.outward, strict=True):
            x = block(torch.cat([up(x), skips.pop()], 1))
        return x


def doubled(channels: int) -> nn.Sequential:
    """A norm and a transposed convolution to twice the frames and frequencies."""
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ConvTranspose2d(channels, channels, 2, 2))
