"""Sinc resampling by a fraction (the filters of the package julius, Smith's algorithm)."""

from __future__ import annotations

from typing import cast

import torch
from einops import rearrange
from jaxtyping import Float
from julius.resample import ResampleFrac
from torch import Tensor, nn
from torch.nn import functional as F


class Resample(nn.Module):
    """Resample by `up` / `down`; the filters are computed once and are not part of the state."""

    kernel: Tensor

    def __init__(self, up: int, down: int) -> None:
        super().__init__()
        with torch.device("cpu"):  # a constant, so it has values even in a skeleton
            filters = ResampleFrac(down, up)
        self.stride, self.margin = down, filters._width
        self.register_buffer("kernel", cast(Tensor, filters.kernel), persistent=False)

    def forward(self, x: Float[Tensor, "batch channel _"]) -> Float[Tensor, "batch channel _"]:
        size = x.shape[-1] * len(self.kernel) // self.stride
        edges = (self.margin, self.margin + self.stride)
        flat = F.pad(rearrange(x, "b c t -> (b c) 1 t"), edges, mode="replicate")
        phases = F.conv1d(flat, self.kernel, stride=self.stride)
        return rearrange(phases, "(b c) p t -> b c (t p)", b=len(x))[..., :size]
