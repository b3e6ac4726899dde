"""Demucs as it was first published, for waveforms only: v1 of 2019 and v2 of 2021.

    mix -> conv k8 s4, ReLU, 1x1, GLU -> ... -> BLSTM -> ... -> + skip, conv k3, GLU, conv^T k8 s4

No convolution is padded, not even the decoder's of width 3, so the output is shorter than the
input. The "Demucs v2" that the hybrid paper trains anew (variant v2_hq) is the later code's: it
pads the decoder's convolutions, has group norm in its innermost levels, and averages its weights.

Source: Défossez, Usunier, Bottou and Bach, "Music source separation in the waveform domain" (arXiv
1911.13254); model.py of the package demucs 2.0.3.
"""

from __future__ import annotations

from typing import Annotated, Literal, cast

import torch
from einops import rearrange
from jaxtyping import Float
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional as F

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count, ModelConfig
from hdemucs.models.family import Family, Middle, Mixture, middle

from .blocks.resample import Resample
from .blocks.unpadded import Unpadded

Steps = Float[Tensor, "batch _ _"]

KERNEL, STRIDE, AROUND, SCALE = 8, 4, 3, 0.1
# Both versions switch off a normalisation of the input; its deviation, 1, and epsilon remain.
LEVEL = 1 + 1e-5


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Demucs2019Config(ModelConfig):
    """v1: 100 channels, not upsampled; v2: 64 channels, upsampled."""

    kind: Literal["demucs_2019"]
    channels: Count  # of the outermost level; they double with each level
    depth: Count  # number of levels
    lstm_layers: Annotated[int, Field(ge=0)]  # 0: no LSTM
    upsample: bool  # work at twice the sample rate


class BLSTM(nn.Module):
    """A bidirectional LSTM over all steps; the number of channels is kept."""

    def __init__(self, channels: int, layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(channels, channels, layers, bidirectional=True)
        self.linear = nn.Linear(2 * channels, channels)

    def forward(self, x: Steps) -> Steps:
        hidden, _ = self.lstm(rearrange(x, "b c t -> t b c"))
        return rearrange(self.linear(hidden), "t b c -> b c t")


class Encode(nn.Module):
    """Maps n steps to (n - 8) / 4 + 1."""

    def __init__(self, cin: int, width: int) -> None:
        super().__init__()
        self.down = nn.Conv1d(cin, width, KERNEL, STRIDE)
        self.rewrite = nn.Conv1d(width, 2 * width, 1)

    def forward(self, x: Steps) -> Steps:
        return F.glu(self.rewrite(self.down(x).relu()), dim=1)


class Decode(nn.Module):
    """Maps n steps to 4 (n - 3) + 8; adds the middle of the skip connection to its input."""

    def __init__(self, width: int, cout: int, activation: nn.Module) -> None:
        super().__init__()
        self.rewrite = nn.Conv1d(width, 2 * width, AROUND)
        self.up = nn.ConvTranspose1d(width, cout, KERNEL, STRIDE)
        self.activation = activation

    def forward(self, x: Steps, skip: Steps) -> Steps:
        x = x + middle(skip, x.shape[-1])
        return self.activation(self.up(F.glu(self.rewrite(x), dim=1)))


class Demucs2019(Unpadded):
    """The network of Demucs v1 and v2."""

    def __init__(self, config: Demucs2019Config) -> None:
        super().__init__()
        self.sources, audio = config.sources, config.audio_channels
        widths = [config.channels * 2**level for level in range(config.depth)]
        self.factor = 2 if config.upsample else 1
        self.step = STRIDE**config.depth // self.factor
        self.enter = Resample(2, 1) if config.upsample else nn.Identity()
        self.leave = Resample(1, 2) if config.upsample else nn.Identity()
        self.encoder = nn.ModuleList(map(Encode, [audio, *widths[:-1]], widths))
        layers = config.lstm_layers
        self.bottleneck = BLSTM(widths[-1], layers) if layers else nn.Identity()
        outputs = [audio * len(config.sources), *widths[:-1]]
        after = [nn.Identity(), *(nn.ReLU() for _ in widths[1:])]
        self.decoder = nn.ModuleList(map(Decode, widths[::-1], outputs[::-1], after[::-1]))
        rescale(self)

    def valid_centre(self, mix: Mixture) -> Middle:
        x, skips = self.enter(mix / LEVEL), list[Tensor]()
        for encode in self.encoder:
            x = encode(x)
            skips.append(x)
        x = self.bottleneck(x)
        for decode in self.decoder:
            x = decode(x, skips.pop())
        return self.leave(x).unflatten(1, (len(self.sources), -1))

    def valid_length(self, length: int) -> int:
        steps = length * self.factor
        for _ in self.encoder:
            steps = max(1, -(-(steps - KERNEL) // STRIDE) + 1) + AROUND - 1
        for _ in self.encoder:
            steps = (steps - 1) * STRIDE + KERNEL
        return -(-steps // self.factor)


@torch.no_grad()
def rescale(model: nn.Module) -> None:
    """Bring every convolution's initial scale closer to 0.1 (section 3.3 of arXiv 1911.13254).

    The sums are in double precision, so that the weights do not depend on the number of threads.
    A network without weights stays as it is: to compute nothing, torch imports its compiler.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d) and not module.weight.is_meta:
            scale = (module.weight.double().std() / SCALE).sqrt().to(module.weight.dtype)
            module.weight.div_(scale)
            cast(Tensor, module.bias).div_(scale)


def build(config: Demucs2019Config) -> Demucs2019:
    return Demucs2019(config)


FAMILY = Family(config=Demucs2019Config, build=build)
