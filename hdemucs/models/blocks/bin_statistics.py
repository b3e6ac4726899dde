"""Mean and standard deviation of the training mixtures' magnitudes in every frequency bin."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from hdemucs.models.family import Songs

from .stft import STFT

FLOOR = 1e-4  # least standard deviation, as a share of the largest one

PerBin = Float[Tensor, " bin"]


@torch.no_grad()
def bin_statistics(stft: STFT, songs: Songs) -> tuple[PerBin, PerBin]:
    """Mean and standard deviation of every bin over all frames of all songs.

    Magnitudes are averaged over channels first. As in `get_statistics` of scripts/train.py of
    sigsep/open-unmix-pytorch 1.3.0, frames are not centred, and no deviation is below FLOOR of the
    largest. Songs shorter than a window are left out.
    """
    count = 0
    total, squares = (torch.zeros(stft.bins, dtype=torch.float64) for _ in range(2))
    for song in songs:
        if song.shape[-1] < stft.window:
            continue
        frames = stft(song, centred=False).abs().mean(0).double().cpu()
        count += frames.shape[-1]
        total += frames.sum(-1)
        squares += frames.square().sum(-1)
    mean = total / max(count, 1)
    std = (squares / max(count, 1) - mean.square()).clamp(min=0).sqrt()
    return mean.float(), std.clamp(min=max(FLOOR * std.max().item(), FLOOR**2)).float()
