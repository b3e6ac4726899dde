"""Correlations of whole songs at small lags, from the spectra of their blocks.

R[a, b, k] = sum over n of a[n] b[n + k], for every reference channel a, every channel b and the
lags k = -(taps - 1)..taps - 1, in this order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from hdemucs.metrics.bsseval.spectra import Song, Spectra, Spectrum, fast_length

Correlation = Float[Tensor, "reference channel lag"]
CrossSpectrum = Complex[Tensor, "frequency left right"]


def cross(pairs: Iterable[tuple[Spectrum, Spectrum]]) -> CrossSpectrum:
    """The sum over blocks of conj(left) times right, bin by bin."""
    total: Tensor | None = None
    for left, right in pairs:
        conjugate = left.conj().resolve_conj()  # bmm is slow on lazily conjugated views
        if total is None:
            total = torch.bmm(conjugate, right.transpose(1, 2))
        else:
            total.baddbmm_(conjugate, right.transpose(1, 2))
    if total is None:
        raise ValueError("no blocks")
    return total


def lagged(spectrum: CrossSpectrum, length: int, taps: int) -> Correlation:
    """Correlations from a cross spectrum of blocks: of pairs of samples within the same block."""
    lags = torch.fft.irfft(spectrum.permute(1, 2, 0), n=length)
    return torch.cat([lags[..., 1 - taps :], lags[..., :taps]], -1).cpu()


def across(song: Song, seams: Sequence[int], taps: int) -> Correlation:
    """Correlations of the pairs of samples on opposite sides of a border between two blocks.

    Every block but the last must have `taps - 1` samples or more.
    """
    reach, count = taps - 1, len(song.references)
    correlation = torch.zeros((count, song.channels, 2 * taps - 1), dtype=torch.float64)
    if not seams:
        return correlation
    length, cpu = fast_length(2 * reach), torch.device("cpu")
    before = [slice(seam - reach, seam) for seam in seams]
    after = [slice(seam, min(seam + reach, song.samples)) for seam in seams]
    sides = (Spectra(song, blocks, length, cpu) for blocks in (before, after))
    products = torch.fft.irfft(cross(zip(*sides, strict=True)).permute(1, 2, 0), n=length)
    # a[seam - reach + i] and b[seam + j] are k = reach + j - i apart; here j - i = 1 - reach..0.
    later = torch.cat([products, products[..., :1]], -1)[..., length + 1 - reach :]
    correlation[..., taps:] = later[:count]
    correlation[..., :reach] = later.transpose(0, 1).flip(-1)[:count]
    return correlation
