"""Levels whose frequencies are cut into bands, each with its own weights.

With the same weights in every band they equal the levels of layers.py: bands read beyond their
edges, and where two bands write to the same row, the values are added. The multi-band hybrid, one
of the models that the paper's authors entered into the Music Demixing Challenge, has them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F

from hdemucs.models.blocks.containers import Sequence

from .layers import OVER_TIME, Activation, Decode, Encode, Frequencies, Up, rewrite
from .plan import Level, bands_down, bands_up


def one_band(level: Level) -> Level:
    """The level within one band: its Down does not pad, because it is given its margins; Up keeps
    them.
    """
    return replace(level, pad=0, cuts=())


class BandedEncode(nn.Module):
    """One Encode per band, on overlapping rows."""

    def __init__(self, level: Level, encode: Callable[[Level], Encode]) -> None:
        super().__init__()
        self.pad = level.pad
        self.rows = [
            (start * level.stride, (stop - start - 1) * level.stride + level.kernel)
            for start, stop in bands_down(level)
        ]
        self.bands = Sequence[Encode](encode(one_band(level)) for _ in self.rows)

    def forward(self, x: Frequencies) -> Frequencies:
        x = F.pad(x, (0, 0, self.pad, self.pad))
        read = (x.narrow(2, first, count) for first, count in self.rows)
        return torch.cat([band(rows) for band, rows in zip(self.bands, read, strict=True)], dim=2)


class BandedDecode(nn.Module):
    """One Decode per band, on adjacent rows; the activation is applied to the sum of their outputs.

    Where two bands write to the same row, only the lower band's bias is added. The rewrite
    convolves along time only, since a neighbouring frequency may belong to another band.
    """

    def __init__(self, level: Level, activation: Activation) -> None:
        super().__init__()
        self.pad, self.stride, self.overlap = level.pad, level.stride, level.kernel - level.stride
        self.rows = [(start, stop - start) for start, stop in bands_up(level)]
        inner = one_band(level)
        self.bands = Sequence[Decode](
            Decode(rewrite(inner, OVER_TIME), Up(inner, nn.Identity)) for _ in self.rows
        )
        self.activation = activation()

    def forward(self, x: Frequencies, skip: Frequencies, size: int) -> Frequencies:
        (lead, body, tail), *others = (
            band(x.narrow(2, first, count), skip.narrow(2, first, count), self.written(count))
            .split([self.overlap, self.written(count) - 2 * self.overlap, self.overlap], dim=2)
            for band, (first, count) in zip(self.bands, self.rows, strict=True)
        )  # fmt: skip
        pieces = [lead, body]
        for band, (head, body, end) in zip(list(self.bands)[1:], others, strict=True):
            bias = band.up.conv.get_parameter("bias")[:, None, None]
            pieces += [tail + head - bias, body]
            tail = end
        return self.activation(torch.cat([*pieces, tail], dim=2).narrow(2, self.pad, size))

    def written(self, count: int) -> int:
        """The number of rows that a band writes when it reads `count`."""
        return count * self.stride + self.overlap
