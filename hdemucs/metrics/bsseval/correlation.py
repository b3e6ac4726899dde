"""Correlations of a song's blocks at the lags of the filters.

R[block, a, b, k] = sum over n of a[n] b[n + k], both within the block, for every reference channel
a, every channel b and the lags k = 0..taps - 1. Lags below 0 are those of the swapped pair; only
pairs of references need them.

A block is cut into pieces a few times as long as the filters. A piece of a, and the same piece of b
with the `taps - 1` samples after it, are transformed, and the products of their spectra are summed
over pieces. Short transforms stay in the cache, and the lags take a fifth of the spectra's memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from hdemucs.metrics.bsseval.spectra import Song

LONG = 4  # length of transforms, in lengths of the filters
CHANNELS = 2  # channels that are transformed together
TOGETHER = 32  # most pieces whose spectra are in memory together

Correlation = Float[Tensor, "reference channel lag"]
Correlations = Float[Tensor, "block reference channel lag"]
Pieces = Float[Tensor, "channel piece sample"]
Shorter = Float[Tensor, "reference piece shorter"]


class Products:
    """Spectra of pairs of pieces, and the sum of their products.

    The memory is used for one block after the other, since fresh memory costs as much as the
    transforms.
    """

    def __init__(self, song: Song, pieces: int, length: int, device: torch.device) -> None:
        bins, half = length // 2 + 1, len(song.references)
        self.length = length  # of the transforms; even
        self.left = torch.empty((bins, half, pieces), dtype=torch.complex128, device=device)
        self.right = self.left.new_empty((bins, song.channels, pieces))
        self.sum = self.left.new_zeros((bins, half, song.channels))

    def add(self, left: Shorter, right: Pieces) -> None:
        """Add the products of pieces of references (left) and of all channels (right).

        The bin comes first, as products of small matrices need it, and a few channels at a time
        stay in the cache.
        """
        count = left.shape[1]
        for some in channels(left):
            spectra = torch.fft.rfft(left[some], n=self.length).permute(2, 0, 1)
            torch.conj_physical(spectra, out=self.left[:, some, :count])
        for some in channels(right):
            spectra = torch.fft.rfft(right[some], n=self.length)
            self.right[:, some, :count] = spectra.permute(2, 0, 1)
        self.sum.baddbmm_(self.left[..., :count], self.right[..., :count].transpose(1, 2))

    def lags(self, taps: int) -> Correlation:
        """Correlations of what was added, at lags from 0; the sum starts anew."""
        found = torch.fft.irfft(self.sum.permute(1, 2, 0), n=self.length)[..., :taps].cpu()
        self.sum.zero_()
        return found


def channels(pieces: Tensor) -> Iterator[slice]:
    """The channels, a few at a time."""
    return (slice(first, first + CHANNELS) for first in range(0, len(pieces), CHANNELS))


def correlations(
    song: Song, blocks: Sequence[slice], taps: int, device: torch.device
) -> Correlations:
    """The correlations within each block."""
    longest, reach = max(block.stop - block.start for block in blocks), taps - 1
    length = power_of_two(min(LONG * taps, longest + reach))
    size = length - reach
    together = min(TOGETHER, -(-longest // size))
    products = Products(song, together, length, device)
    samples = np.empty((song.channels, together * size + reach))
    shape = len(blocks), len(song.references), song.channels, taps
    found = torch.empty(shape, dtype=torch.float64)
    for place, block in enumerate(blocks):
        for start in range(block.start, block.stop, together * size):
            song.copy(slice(start, min(start + samples.shape[1], block.stop)), samples)
            longer = torch.from_numpy(samples).to(device).unfold(1, length, size)
            products.add(longer[: len(song.references), :, :size], longer)
        found[place] = products.lags(taps)
    return found


def across(song: Song, seams: Sequence[int], taps: int) -> Correlation:
    """Correlations of the pairs of samples on opposite sides of a border between two blocks.

    Every block but the last must have `taps - 1` samples or more.
    """
    reach, half = taps - 1, len(song.references)
    products = Products(song, TOGETHER, power_of_two(2 * reach), torch.device("cpu"))
    for start in range(0, len(seams) if reach else 0, TOGETHER):
        some = seams[start : start + TOGETHER]
        samples = np.empty((song.channels, len(some), 2 * reach))
        for place, seam in enumerate(some):
            around = slice(seam - reach, min(seam + reach, song.samples))
            song.copy(around, samples[:, place])
        pieces = torch.from_numpy(samples)
        before = pieces[:half, :, :reach].clone()
        pieces[..., :reach] = 0
        products.add(before, pieces)
    return products.lags(taps)


def power_of_two(least: int) -> int:
    """The smallest power of two, not below `least` and even."""
    return 1 << max(least - 1, 1).bit_length()
