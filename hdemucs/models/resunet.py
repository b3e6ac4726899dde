"""ResUNetDecouple+: a deep residual U-Net that writes a mask, a rotation and an added magnitude.

Q. Kong, Y. Cao, H. Liu, K. Choi and Y. Wang, "Decoupling Magnitude and Phase Estimation with Deep
ResUNet for Music Source Separation", ISMIR 2021, and `ResUNet143_DecouplePlusInplaceABN_ISMIR2021`
in bytesep/models/resunet_ismir2021.py of bytesep 0.1.1. There is one network per source; its 143
layers are its convolutions.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import torch
from jaxtyping import Float
from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, batch_norm, leaky_relu, pad, relu

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count
from hdemucs.models.blocks.config import SpectrogramConfig
from hdemucs.models.blocks.mask_and_rotation import MAPS, MaskAndRotation
from hdemucs.models.blocks.spectral import Image, Network, SpectrogramSeparator, whole
from hdemucs.models.blocks.stft import STFT
from hdemucs.models.family import Family

Info = Any  # pydantic's ValidationInfo: a protocol, which tests cannot check at run time
Scale = tuple[int, int]  # frames and frequencies that are reduced to one

SLOPE = 0.01  # of leaky ReLUs for negative values


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ResUNetConfig(SpectrogramConfig):
    """Settings; published: 32, 64, 128, 256, 384 and 384 channels, 4 units, 4 middle blocks."""

    kind: Literal["resunet"]
    channels: Annotated[tuple[Count, ...], Field(min_length=1)]  # of every level, outermost first
    over_time: Count  # how many of the outermost levels halve frames as well as frequencies
    units: Count  # residual units in each block
    middle: Count  # blocks below the innermost level
    momentum: Annotated[float, Field(gt=0, le=1)]  # share that a step has in running statistics

    @field_validator("channels")
    @classmethod
    def _halved(cls, channels: tuple[int, ...], info: Info) -> tuple[int, ...]:
        if info.data.get("window", 0) // 2 % 2 ** len(channels):
            raise ValueError(f"{len(channels)} levels cannot halve the window's frequencies each")
        return channels


class AbsoluteNorm(nn.BatchNorm2d):
    """Batch norm that scales by |weight| + epsilon, as inplace_abn's InPlaceABN does."""

    def forward(self, x: Image) -> Image:
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        return batch_norm(
            x, self.running_mean, self.running_var, self.weight.abs() + self.eps, self.bias,
            self.training, self.momentum or 0.0, self.eps,
        )  # fmt: skip


class Unit(nn.Module):
    """Norm, leaky ReLU and convolution, twice; the input is added."""

    def __init__(self, inputs: int, outputs: int, momentum: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(
            [nn.BatchNorm2d(inputs, momentum=momentum), AbsoluteNorm(outputs, momentum=momentum)]
        )
        self.convs = nn.ModuleList(
            nn.Conv2d(n, outputs, 3, padding=1, bias=False) for n in (inputs, outputs)
        )
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Image) -> Image:
        y = x
        for norm, conv in zip(self.norms, self.convs, strict=True):
            y = conv(leaky_relu(norm(y), SLOPE))
        return self.shortcut(x) + y


def block(inputs: int, outputs: int, config: ResUNetConfig) -> nn.Sequential:
    widths = (inputs, *(outputs for _ in range(config.units - 1)))
    return nn.Sequential(*(Unit(n, outputs, config.momentum) for n in widths))


class Up(nn.Module):
    """Norm, ReLU and transposed convolution, then a block that also sees the skip connection."""

    def __init__(self, inputs: int, outputs: int, scale: Scale, config: ResUNetConfig) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs, momentum=config.momentum)
        self.conv = nn.ConvTranspose2d(inputs, outputs, scale, stride=scale, bias=False)
        self.block = block(2 * outputs, outputs, config)

    def forward(self, x: Image, skip: Image) -> Image:
        return self.block(torch.cat([self.conv(relu(self.norm(x))), skip], 1))


class OneSource(nn.Module):
    """Maps the mixture's magnitudes to the decoder's maps for one source, for every channel."""

    def __init__(self, config: ResUNetConfig) -> None:
        super().__init__()
        audio, widths = config.audio_channels, config.channels
        self.norm = nn.BatchNorm2d(config.all_bins, momentum=config.momentum)
        self.multiple = 2 ** min(config.over_time, len(widths))
        self.scales: list[Scale] = [(1 + (i < config.over_time), 2) for i in range(len(widths))]
        inputs = (audio, *widths)
        self.inward = nn.ModuleList(
            block(a, b, config) for a, b in zip(inputs, widths, strict=False)
        )
        self.middle = nn.Sequential(
            *(block(widths[-1], widths[-1], config) for _ in range(config.middle))
        )
        ways_out = zip((widths[-1], *widths[:0:-1]), widths[::-1], self.scales[::-1], strict=True)
        self.outward = nn.ModuleList(Up(a, b, scale, config) for a, b, scale in ways_out)
        self.after = block(widths[0], widths[0], config)
        self.last = nn.Conv2d(widths[0], audio * MAPS, 1)

    def forward(self, x: Image) -> Float[Tensor, "batch channel map frame frequency"]:
        """Frames are padded after the first norm; the highest frequency is left out."""
        frames = x.shape[2]
        x = self.norm(x.transpose(1, 3)).transpose(1, 3)
        x, skips = whole(x, self.multiple, 2)[..., :-1], []
        for inward, scale in zip(self.inward, self.scales, strict=True):
            skips.append(inward(x))
            x = avg_pool2d(skips[-1], scale)
        x = self.middle(x)
        for outward in self.outward:
            x = outward(x, skips.pop())
        maps = pad(self.last(self.after(x))[:, :, :frames], (0, 1))
        return maps.view(len(maps), -1, MAPS, *maps.shape[2:])


class ResUNet(Network):
    """One network per source, side by side."""

    def __init__(self, config: ResUNetConfig) -> None:
        super().__init__()
        self.multiple = 2 ** min(config.over_time, len(config.channels))
        self.sources = nn.ModuleList(OneSource(config) for _ in config.sources)

    def forward(
        self, x: Float[Tensor, "batch channel frequency frame"]
    ) -> Float[Tensor, "batch source channel map frequency frame"]:
        image = x.mT
        return torch.stack([network(image).mT for network in self.sources], 1)


def initialise(module: nn.Module) -> None:
    """Draw weights from Glorot's uniform distribution; set biases to 0."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def build(config: ResUNetConfig) -> SpectrogramSeparator:
    network = ResUNet(config)
    network.apply(initialise)
    stft = STFT(config.window, config.hop)
    return SpectrogramSeparator(config.sources, stft, MaskAndRotation(), network)


FAMILY = Family(config=ResUNetConfig, build=build)
