"""The U-Net over magnitudes of Jansson et al., and Spleeter's variant: a mask for each source.

A. Jansson, E. Humphrey, N. Montecchio, R. Bittner, A. Kumar and T. Weyde, "Singing Voice
Separation with Deep U-Net Convolutional Networks", ISMIR 2017; R. Hennequin, A. Khlif, F. Voituret
and M. Moussallam, "Spleeter: a fast and efficient music source separation tool with pre-trained
models", JOSS 5(50), 2020, and spleeter/model/functions/unet.py of deezer/spleeter 2.4. Sources
share no weights. The paper's networks are for mono at 8192 Hz; here every channel is an input and
an output, at any rate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import torch
from jaxtyping import Float
from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import pad

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count
from hdemucs.models.blocks.config import Share, SpectrogramConfig
from hdemucs.models.blocks.decoders import Magnitudes
from hdemucs.models.blocks.spectral import Image, Network, SpectrogramSeparator, whole
from hdemucs.models.blocks.stft import STFT
from hdemucs.models.family import Family

Magnitude = Float[Tensor, "batch channel frequency frame"]
Info = Any  # pydantic's ValidationInfo: a protocol, which tests cannot check at run time

KERNEL = 5
SLOPE = 0.2  # of Jansson's leaky ReLU for negative values
DROPPED = 3  # how many of the innermost decoder levels have dropout
LAST_KERNEL, LAST_DILATION = 4, 2  # of Spleeter's convolution over the last level


@dataclass(frozen=True, kw_only=True, config=STRICT)
class UNetConfig(SpectrogramConfig):
    """Settings of a U-Net per source."""

    kind: Literal["u_net"]
    wiring: Literal["jansson", "spleeter"]
    scale: Literal["loudest", "none"]  # of the magnitudes that the network sees
    bins: Count  # the lowest frequencies; the mask of all others is 0
    channels: Annotated[tuple[Count, ...], Field(min_length=2)]  # of every level, outermost first
    dropout: Share

    @field_validator("channels")
    @classmethod
    def _halved(cls, channels: tuple[int, ...], info: Info) -> tuple[int, ...]:
        if info.data.get("bins", 0) % 2 ** len(channels):
            raise ValueError(f"bins must be a multiple of {2 ** len(channels)}, 2 to the levels")
        if info.data.get("bins", 0) > info.data.get("window", 0) // 2 + 1:
            raise ValueError("a window has no more bins than half its samples and one")
        return channels


class HalvingConv(nn.Module):
    """A convolution of stride 2 over an even size, with 1 zero added before and 2 after."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, KERNEL, stride=2)

    def forward(self, x: Image) -> Image:
        return self.conv(pad(x, (1, 2, 1, 2)))


class DoublingConv(nn.Module):
    """The transposed convolution back to HalvingConv's input size: drops 1 before and 2 after."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(inputs, outputs, KERNEL, stride=2, padding=1)

    def forward(self, x: Image) -> Image:
        return self.conv(x)[..., :-1, :-1]


class Down(nn.Module):
    """Convolution, norm and activation; the decoder sees their output."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv, self.norm = HalvingConv(inputs, outputs), nn.BatchNorm2d(outputs)

    def forward(self, x: Image) -> tuple[Image, Image]:
        """What the decoder sees, and the input of the next level."""
        x = nn.functional.leaky_relu(self.norm(self.conv(x)), SLOPE)
        return x, x


class SpleeterDown(Down):
    """As `Down`, but the decoder sees the convolution's output, before norm and activation."""

    def forward(self, x: Image) -> tuple[Image, Image]:
        seen = self.conv(x)
        return seen, nn.functional.elu(self.norm(seen))


class SpleeterDeepest(HalvingConv):
    """A convolution only: the norm's output would not be used."""

    def forward(self, x: Image) -> tuple[Image, Image]:  # type: ignore[override]
        seen = super().forward(x)
        return seen, seen


def jansson_up(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    norm = nn.BatchNorm2d(outputs)
    return nn.Sequential(DoublingConv(inputs, outputs), norm, nn.ReLU(), nn.Dropout(dropout))


def spleeter_up(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    norm = nn.BatchNorm2d(outputs)
    return nn.Sequential(DoublingConv(inputs, outputs), nn.ELU(), norm, nn.Dropout(dropout))


def jansson_last(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(DoublingConv(inputs, outputs), nn.Sigmoid())


def spleeter_last(inputs: int, outputs: int) -> nn.Sequential:
    """A convolution to one channel at full size, then a dilated one to all channels."""
    padding = LAST_DILATION * (LAST_KERNEL - 1) // 2
    conv = nn.Conv2d(1, outputs, LAST_KERNEL, padding=padding, dilation=LAST_DILATION)
    return nn.Sequential(spleeter_up(inputs, 1, 0.0), conv, nn.Sigmoid())


Level = Callable[[int, int], nn.Module]
WIRINGS: dict[str, tuple[Level, Level, Callable[[int, int, float], nn.Module], Level]] = {
    "jansson": (Down, Down, jansson_up, jansson_last),
    "spleeter": (SpleeterDown, SpleeterDeepest, spleeter_up, spleeter_last),
}  # level, innermost level, and on the way back: level, outermost level


class UNet(nn.Module):
    """Maps the mixture's magnitudes to a mask for one source, between 0 and 1."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        level, innermost, up, outermost = WIRINGS[config.wiring]
        audio, widths = config.audio_channels, config.channels
        ways_in = list(zip((audio, *widths[:-1]), widths, strict=True))
        self.down = nn.ModuleList([*(level(*w) for w in ways_in[:-1]), innermost(*ways_in[-1])])
        outputs = widths[-2::-1]
        inputs = (widths[-1], *(2 * width for width in outputs))
        dropout = [config.dropout] * DROPPED + [0.0] * len(outputs)
        self.up = nn.ModuleList(map(up, inputs, outputs, dropout))
        self.last = outermost(inputs[-1], audio)

    def forward(self, x: Image) -> Image:
        seen = []
        for down in self.down:
            skip, x = down(x)
            seen.append(skip)
        x = seen.pop()
        for up in self.up:
            x = torch.cat([up(x), seen.pop()], 1)
        return self.last(x)


class UNets(Network):
    """One U-Net per source, side by side, all with the same input."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.bins, self.multiple = config.bins, 2 ** len(config.channels)
        self.scaled = SCALES[config.scale]
        self.sources = nn.ModuleList(UNet(config) for _ in config.sources)

    def forward(self, x: Magnitude) -> Float[Tensor, "batch source channel frequency frame"]:
        image = self.scaled(whole(x[:, :, : self.bins], self.multiple).mT)
        masks = torch.stack([network(image).mT for network in self.sources], 1)
        masks = masks[..., : x.shape[-1]]
        return x[:, None] * pad(masks, (0, 0, 0, x.shape[2] - self.bins))


def by_the_loudest(x: Image) -> Image:
    """Scale every example to between 0 and 1 (Jansson et al. scale whole songs so)."""
    return x / x.amax((1, 2, 3), keepdim=True).clamp(min=torch.finfo(x.dtype).tiny)


def as_it_is(x: Image) -> Image:
    return x


SCALES = {"loudest": by_the_loudest, "none": as_it_is}


def build(config: UNetConfig) -> SpectrogramSeparator:
    stft = STFT(config.window, config.hop)
    return SpectrogramSeparator(config.sources, stft, Magnitudes(), UNets(config))


FAMILY = Family(config=UNetConfig, build=build)
