"""Levels whose frequencies are cut into bands, each with weights of its own.

With the same weights in every band they are exactly the levels of layers.py: bands read
beyond their edges, and what two of them write to a row adds up. (Multi-band hybrid, one of
the models the paper's authors entered into the Music Demixing Challenge.)
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
    """The level inside a band: its Down is given its margins, its Up keeps them."""
    return replace(level, pad=0, cuts=())


class BandedEncode(nn.Module):
    """An Encode for each band, on overlapping rows."""

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
    """A Decode for each band, on adjoining rows; the activation follows their sum.

    On the rows that two bands write, the lower one's bias counts. The rewrite looks along
    time alone, since neighbouring frequencies may be another band's.
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
        """How many rows a band writes that reads `count`."""
        return count * self.stride + self.overlap
