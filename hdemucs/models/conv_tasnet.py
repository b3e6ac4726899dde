"""Conv-TasNet: masks on a learned basis, from dilated convolutions.

    encoded -> norm -> 1x1 -> blocks with dilations 1, 2, 4, ..., several times -> 1x1 -> masks

Sources: Luo and Mesgarani, "Conv-TasNet: surpassing ideal time-frequency magnitude masking for
speech separation", 2019 (arXiv 1809.07454). For stereo music: Défossez et al., "Music source
separation in the waveform domain" (arXiv 1911.13254) and tasnet.py of the package demucs 2.0.3.

The norms' statistics run over the whole input, so estimates depend on its length: songs are
separated in segments of the length that the network was trained on, or near it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count, ModelConfig
from hdemucs.models.family import Family

from .blocks.tasnet import Basis, Edges, FrameNorm, Frames, Masks, TasNet, global_norm, xavier

NORMS: dict[str, Callable[[int], nn.Module]] = {"frame": FrameNorm, "global": global_norm}
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ConvTasNetConfig(ModelConfig):
    """The letters are those of the paper's table of hyperparameters.

    Music models have no skips, no biases, frame norms, ReLU masks, a rectified encoder, cut edges
    and `xavier`. Speech models have skips as wide as the bottleneck, biases, global norms, sigmoid
    masks, a linear encoder and padded edges.
    """

    kind: Literal["conv_tasnet"]
    basis: Count  # N: filters of the learned basis
    window: Annotated[int, Field(ge=2, multiple_of=2)]  # L: samples of a filter
    bottleneck: Count  # B: channels between blocks
    hidden: Count  # H: channels within a block
    kernel: Annotated[int, Field(ge=1)]  # P: taps of the depthwise convolutions, odd
    dilations: Count  # X: blocks with dilations 1, 2, 4, ...
    repeats: Count  # R: how often these blocks are repeated
    skip: (
        Count | None
    )  # Sc: each block adds this many channels to a sum, which gives the masks; None: the end does
    bias: bool  # of the convolutions within the masker
    input_norm: Literal["frame", "global"]
    mask: Literal["relu", "sigmoid"]
    rectify: bool  # ReLU after the encoder
    edges: Edges
    initial: Literal["xavier", "torch"]


class Block(nn.Module):
    """A depthwise dilated convolution between two 1x1: [B, C, K] -> its hidden features."""

    def __init__(self, config: ConvTasNetConfig, dilation: int) -> None:
        super().__init__()
        hidden, bias = config.hidden, config.bias
        reach = (config.kernel - 1) * dilation // 2
        self.enter = nn.Conv1d(config.bottleneck, hidden, 1, bias=bias)
        self.enter_activation, self.enter_norm = nn.PReLU(), global_norm(hidden)
        self.depthwise = nn.Conv1d(
            hidden, hidden, config.kernel,
            padding=reach, dilation=dilation, groups=hidden, bias=bias,
        )  # fmt: skip
        self.activation, self.norm = nn.PReLU(), global_norm(hidden)

    def forward(self, x: Frames) -> Frames:
        x = self.enter_norm(self.enter_activation(self.enter(x)))
        return self.norm(self.activation(self.depthwise(x)))


class Residual(nn.Module):
    """Blocks whose outputs are added to their inputs, one after the other."""

    def __init__(self, config: ConvTasNetConfig, blocks: Iterable[Block]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.leave = nn.ModuleList(
            nn.Conv1d(config.hidden, config.bottleneck, 1, bias=config.bias) for _ in self.blocks
        )
        self.width = config.bottleneck  # of the output

    def forward(self, x: Frames) -> Frames:
        for block, leave in zip(self.blocks, self.leave, strict=True):
            x = x + leave(block(x))
        return x


class Skips(nn.Module):
    """Blocks that also add to a common sum, which is the output; the last block only adds to it."""

    def __init__(self, config: ConvTasNetConfig, blocks: Iterable[Block], width: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        hidden, bias = config.hidden, config.bias
        self.leave = nn.ModuleList(
            nn.Conv1d(hidden, config.bottleneck, 1, bias=bias) for _ in self.blocks[:-1]
        )
        self.skip = nn.ModuleList(nn.Conv1d(hidden, width, 1, bias=bias) for _ in self.blocks)
        self.activation, self.width = nn.PReLU(), width

    def forward(self, x: Frames) -> Frames:
        total = Tensor()
        for index, (block, skip) in enumerate(zip(self.blocks, self.skip, strict=True)):
            features = block(x)
            total = total + skip(features) if index else skip(features)
            if index < len(self.leave):
                x = x + self.leave[index](features)
        return self.activation(total)


class TemporalConvNet(nn.Module):
    """The masker: encoded mixture to masks."""

    def __init__(self, config: ConvTasNetConfig) -> None:
        super().__init__()
        self.count = len(config.sources)
        blocks = [
            Block(config, 2**d) for _ in range(config.repeats) for d in range(config.dilations)
        ]
        self.norm = NORMS[config.input_norm](config.basis)
        self.enter = nn.Conv1d(config.basis, config.bottleneck, 1, bias=config.bias)
        self.body = Skips(config, blocks, config.skip) if config.skip else Residual(config, blocks)
        masks = self.count * config.basis
        self.leave = nn.Conv1d(self.body.width, masks, 1, bias=config.bias)
        self.activation = ACTIVATIONS[config.mask]()

    def forward(self, encoded: Frames) -> Masks:
        masks = self.activation(self.leave(self.body(self.enter(self.norm(encoded)))))
        return masks.unflatten(1, (self.count, -1))


def build(config: ConvTasNetConfig) -> TasNet:
    basis = Basis(
        channels=config.audio_channels, filters=config.basis, window=config.window,
        rectify=config.rectify, edges=config.edges,
    )  # fmt: skip
    model = TasNet(config.sources, basis, TemporalConvNet(config))
    return xavier(model) if config.initial == "xavier" else model


FAMILY = Family(config=ConvTasNetConfig, build=build)
