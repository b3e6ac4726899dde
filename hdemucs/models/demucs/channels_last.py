"""A loaded Demucs network as a CPU runs it fastest: channels last in memory, fewer passes over it.

oneDNN's kernels want neighbouring channels together. In torch's usual layout they copy their input
before and their output after, transposed convolutions most of all, and with one thread torch leaves
small kernels to a slower path. Here every convolution and group norm gets and gives memory in the
order batch, time, channel, under the same shapes, so nothing is copied between them; folding
frequencies into the batch becomes a view. GELU and the gates' sigmoid are done by the convolution
before them, and what each frequency of a spectrogram goes through alone is done for as many of them
at a time as the cache holds.

Estimates stay the same up to rounding.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from hdemucs.config.parts import Part
from hdemucs.models.family import Separator

from .config import HybridConfig, WaveformConfig
from .layers import Encode, Refine, Rewrite, Up
from .residual import Step
from .separator import Demucs

CACHE = 2**21  # bytes that the layers of a level may hold at once; measured, less is slower again
HELD = 5  # times the input: what the layers of a level hold at once
PLANES = 4  # axes of what oneDNN convolves
ROWS = -2  # the axis of frequencies

Signal = Float[Tensor, "batch _ ..."]  # [B, C, T] or [B, C, F, T]
Steps = Float[Tensor, "batch channel time"]
Bins = Float[Tensor, "batch channel frequency time"]


def available() -> bool:
    """Whether this torch has oneDNN, and its convolutions with what may follow them."""
    mkldnn = torch.ops.mkldnn
    names = ("_convolution_pointwise", "_convolution_transpose_pointwise")
    return bool(torch._C._has_mkldnn) and all(hasattr(mkldnn, name) for name in names)


def faster(model: Separator, kind: torch.dtype) -> None:
    """Rebuild a Demucs network in place for a CPU, its convolutions in `kind`; others stay."""
    if isinstance(model, Demucs) and available():
        rebuild(model, kind)


def rebuild(module: nn.Module, kind: torch.dtype) -> None:
    """Every layer below a module by its twin."""
    for name, child in list(module.named_children()):
        if isinstance(child, Encode):
            join_gelu(child.refine, child.down, kind)
        if isinstance(child, Up):
            join_gelu(child, child, kind)
        if not isinstance(child, WHOLE):
            rebuild(child, kind)
        setattr(module, name, twin_of(child, kind))


def join_gelu(layer: Refine | Up, before: Any, kind: torch.dtype) -> None:
    """Have the convolution before a GELU do it, where no norm stands between them."""
    if isinstance(layer.norm, nn.Identity) and isinstance(layer.activation, nn.GELU):
        before.conv = convolution(before.conv, kind, "gelu")
        layer.activation = nn.Identity()


WHOLE = (Rewrite,)  # their twins are made of what they were


def twin_of(layer: nn.Module, kind: torch.dtype) -> nn.Module:
    """What takes a layer's place; most stay."""
    if type(layer) in (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d):
        return convolution(layer, kind, "none")
    if isinstance(layer, nn.GroupNorm):
        return Norm(layer)
    if isinstance(layer, Rewrite):
        return Gated(layer, kind) if isinstance(layer.norm, nn.Identity) else Normed(layer, kind)
    if isinstance(layer, Step):
        return Light(layer)
    if (
        isinstance(layer, Refine)
        and layer.axis.name == "frequency"
        and isinstance(layer.norm, nn.Identity)
    ):
        return ByRows(layer)
    return layer


def channels_last(x: Signal) -> Bins:
    """[B, C, F or 1, T] with its channels together in memory; a view where they are already."""
    x = x if x.dim() == PLANES else x.unsqueeze(2)
    return x.contiguous(memory_format=torch.channels_last)


def planar(numbers: Any, filler: int) -> list[int]:
    """For two axes, what a layer over one or two says of each."""
    return [filler, *numbers] if len(numbers) == 1 else list(numbers)


class Convolution(nn.Module):
    """A convolution, transposed or not, of one or two axes, and what follows it."""

    def __init__(self, layer: Any, weights: tuple[Tensor, Tensor | None], after: str) -> None:
        super().__init__()
        weight, bias = weights
        self.flat, self.after = layer.weight.dim() < PLANES, after
        self.turned = isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d)
        self.weight = nn.Parameter(channels_last(weight), requires_grad=False)
        self.bias = None if bias is None else nn.Parameter(bias, requires_grad=False)
        self.stride, self.dilation = planar(layer.stride, 1), planar(layer.dilation, 1)
        self.padding = planar(layer.padding, 0)

    def forward(self, x: Signal) -> Signal:
        weight = self.weight
        x = channels_last(x.to(weight.dtype))
        if self.turned:
            y = torch.ops.mkldnn._convolution_transpose_pointwise(
                x, weight, self.bias, self.padding, [0, 0], self.stride, self.dilation, 1,
                self.after, [], "none",
            )  # fmt: skip
        else:
            y = torch.ops.mkldnn._convolution_pointwise(
                x, weight, self.bias, self.padding, self.stride, self.dilation, 1,
                self.after, [], "none",
            )  # fmt: skip
        return y.squeeze(2) if self.flat else y


def convolution(layer: Any, kind: torch.dtype, after: str) -> Convolution:
    """A layer's twin; `after`: "none", "gelu" or "sigmoid"."""
    if isinstance(layer, Convolution):
        return layer
    bias = layer.bias
    given = layer.weight.detach().to(kind), bias if bias is None else bias.detach().to(kind)
    return Convolution(layer, given, after)


class Gated(nn.Module):
    """A Rewrite: its two halves apart, the second through a sigmoid."""

    def __init__(self, layer: Rewrite, kind: torch.dtype) -> None:
        super().__init__()
        self.axis = layer.axis
        weights, biases = (
            cast(Tensor, p).detach().to(kind).chunk(2) for p in (layer.conv.weight, layer.conv.bias)
        )
        self.value = Convolution(layer.conv, (weights[0], biases[0]), "none")
        self.gate = Convolution(layer.conv, (weights[1], biases[1]), "sigmoid")

    def forward(self, x: Signal) -> Signal:
        x = self.axis.view(x)
        return self.value(x).mul_(self.gate(x))


class Normed(nn.Module):
    """A Rewrite whose halves are normed together."""

    def __init__(self, layer: Rewrite, kind: torch.dtype) -> None:
        super().__init__()
        self.axis = layer.axis
        self.conv = convolution(layer.conv, kind, "none")
        self.norm = Norm(cast(nn.GroupNorm, layer.norm))

    def forward(self, x: Signal) -> Signal:
        return gated(self.norm(self.conv(self.axis.view(x))))


def gated(x: Signal) -> Signal:
    """GLU over channels, which lie together: faster so than by torch's, for bf16 above all."""
    value, gate = x.chunk(2, 1)
    return gate.sigmoid().mul_(value)


class Norm(nn.Module):
    """Group norm."""

    def __init__(self, layer: nn.GroupNorm) -> None:
        super().__init__()
        self.groups, self.eps = layer.num_groups, layer.eps
        self.weight, self.bias = layer.weight, layer.bias

    def forward(self, x: Signal) -> Signal:
        y = F.group_norm(channels_last(x), self.groups, self.weight, self.bias, self.eps)
        return y if x.dim() == PLANES else y.squeeze(2)


class Light(nn.Module):
    """A step of a residual branch."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.squeeze, self.squeeze_norm = step.squeeze, step.squeeze_norm
        self.activation, self.context = step.activation, step.context
        self.expand, self.expand_norm, self.scale = step.expand, step.expand_norm, step.scale

    def forward(self, x: Steps) -> Steps:
        y = self.context(self.activation(self.squeeze_norm(self.squeeze(x))))
        y = gated(self.expand_norm(self.expand(y)))
        return torch.addcmul(x, self.scale[:, None].to(x.dtype), y.to(x.dtype))


class ByRows(nn.Module):
    """A Refine of a spectrogram, as many frequencies at a time as the cache holds."""

    def __init__(self, layer: Refine) -> None:
        super().__init__()
        self.layer, self.axis = layer, layer.axis

    def forward(self, x: Signal) -> Signal:
        x = self.axis.view(x)
        row = HELD * x[:, :, :1].numel() * x.element_size()
        parts = [self.layer(part) for part in torch.split(x, max(1, CACHE // row), 2)]
        return parts[0] if len(parts) == 1 else torch.cat(parts, 2)


HYBRID = Part(config=HybridConfig, build=faster)
WAVEFORM = Part(config=WaveformConfig, build=faster)
