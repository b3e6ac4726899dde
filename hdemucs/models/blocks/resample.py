"""Sinc resampling by a fraction (the filters of the package julius, Smith's algorithm)."""

from __future__ import annotations

import math
from typing import cast

import torch
from einops import rearrange
from jaxtyping import Float
from julius.resample import ResampleFrac
from torch import Tensor, nn
from torch.nn import functional as F

LEAST = 64  # samples of a block: matrices of that size are multiplied at full speed


class Resample(nn.Module):
    """Resample by `up` / `down`; the filters are computed once and are not part of the state.

    The convolution of one channel with `up` long filters is written as a product of matrices. A CPU
    computes it and its gradient ten times faster so than as a convolution of one channel.
    """

    matrix: Tensor

    def __init__(self, up: int, down: int) -> None:
        super().__init__()
        with torch.device("cpu"):  # a constant, so it has values even in a skeleton
            filters = ResampleFrac(down, up)
            kernel = cast(Tensor, filters.kernel)[:, 0]
            self.up, self.stride, self.margin = len(kernel), down, filters._width
            self.count = math.ceil(max(LEAST, kernel.shape[1] - down) / down)  # strides in a block
            self.register_buffer("matrix", toeplitz(kernel, down, self.count), persistent=False)

    def forward(self, x: Float[Tensor, "batch channel _"]) -> Float[Tensor, "batch channel _"]:
        block = self.count * self.stride
        size = x.shape[-1] * self.up // self.stride
        blocks = -(-size // (self.count * self.up))
        right = (blocks + 1) * block - x.shape[-1] - self.margin
        padded = F.pad(x, (self.margin, right), mode="replicate")
        framed = rearrange(padded, "b c (n t) -> (b c) n t", t=block)
        phases = framed[:, :-1] @ self.matrix[:block] + framed[:, 1:] @ self.matrix[block:]
        return rearrange(phases, "(b c) n t -> b c (n t)", b=len(x))[..., :size]


def toeplitz(
    kernel: Float[Tensor, "phase tap"], stride: int, count: int
) -> Float[Tensor, "sample output"]:
    """The matrix that takes two blocks of `count` strides to the outputs of the first block.

    Outputs are in the order of time: all phases of a stride, then those of the next.
    """
    phases, taps = kernel.shape
    out = kernel.new_zeros(2 * count * stride, count * phases)
    row = count * phases  # from one sample to the next
    bands = out.as_strided((count, taps, phases), (stride * row + phases, row, 1))
    bands.copy_(kernel.T)  # each stride's outputs begin `stride` samples later than the last one's
    return out
