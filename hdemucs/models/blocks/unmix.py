"""The parts of Open-Unmix's network, which CrossNet Open-Unmix connects differently.

F.-R. Stöter, S. Uhlich, A. Liutkus and Y. Mitsufuji, "Open-Unmix - A Reference Implementation
for Music Source Separation", JOSS 4(41), 2019, and `OpenUnmix` in openunmix/model.py of
sigsep/open-unmix-pytorch 1.3.0. Between the parts, the first axis is frames, as LSTMs want it.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import relu

from hdemucs.models.family import Songs

from .bin_statistics import bin_statistics
from .spectral import SpectrogramSeparator

Magnitude = Float[Tensor, "batch channel frequency frame"]
Hidden = Float[Tensor, "frame batch hidden"]


class Encode(nn.Module):
    """Maps the lowest `bins` frequencies, each standardised, to `hidden` numbers in [-1, 1]."""

    def __init__(self, channels: int, bins: int, hidden: int) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(bins))
        self.scale = nn.Parameter(torch.ones(bins))
        self.linear = nn.Linear(channels * bins, hidden, bias=False)
        self.norm = nn.BatchNorm1d(hidden)

    def forward(self, x: Magnitude) -> Hidden:
        x = x[:, :, : len(self.shift)].permute(3, 0, 1, 2)
        x = (x + self.shift) * self.scale
        return torch.tanh(over_rows(self.norm, self.linear(x.flatten(2))))

    @torch.no_grad()
    def standardise(self, mean: Float[Tensor, " bin"], std: Float[Tensor, " bin"]) -> None:
        """Start from the statistics of the training mixtures; training changes them further."""
        self.shift.copy_(-mean[: len(self.shift)])
        self.scale.copy_(1 / std[: len(self.scale)])


class Decode(nn.Module):
    """Maps the numbers of each frame to a mask of all frequencies; its values are 0 or more."""

    def __init__(self, channels: int, bins: int, hidden: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2 * hidden, hidden, bias=False)
        self.norm = nn.BatchNorm1d(hidden)
        self.last = nn.Linear(hidden, channels * bins, bias=False)
        self.last_norm = nn.BatchNorm1d(channels * bins)
        self.scale = nn.Parameter(torch.ones(bins))
        self.shift = nn.Parameter(torch.ones(bins))

    def forward(self, h: Float[Tensor, "frame batch double"]) -> Magnitude:
        h = relu(over_rows(self.norm, self.linear(h)))
        h = over_rows(self.last_norm, self.last(h))
        h = h.view(*h.shape[:2], -1, len(self.scale))
        return relu(h * self.scale + self.shift).permute(1, 2, 3, 0)


def blstm(hidden: int, layers: int, dropout: float) -> nn.LSTM:
    """A bidirectional LSTM from `hidden` numbers a frame to `hidden`, half of them a direction."""
    between = dropout if layers > 1 else 0.0
    return nn.LSTM(hidden, hidden // 2, layers, bidirectional=True, dropout=between)


def over_rows(norm: nn.BatchNorm1d, x: Float[Tensor, "frame batch feature"]) -> Tensor:
    """Apply a batch norm over all frames of all examples."""
    return norm(x.flatten(0, 1)).view_as(x)


def fit(separator: SpectrogramSeparator, songs: Songs) -> None:
    """Let every encoder standardise its input by the statistics of the training mixtures."""
    statistics = bin_statistics(separator.stft, songs)
    for module in separator.modules():
        if isinstance(module, Encode):
            module.standardise(*statistics)
