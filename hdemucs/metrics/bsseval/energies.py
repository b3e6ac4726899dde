"""Energies of the parts that an estimate is split into, by Parseval's theorem.

museval's terms: s is the reference in one frame, zero-padded by the filters' length; own is s
after its own filters; all is the sum of every reference after the filters for this estimate. Then
spatial = own - s, interference = all - own, artifacts = estimate - all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from hdemucs.metrics.bsseval.spectra import Spectrum

BINS = 1024  # bins that are worked on together, so that they stay in the cache
PARTS = ("spatial", "own", "interference", "all", "artifacts")

Shared = Float[np.ndarray, "1 tap reference estimate"]
Own = Float[np.ndarray, "source tap from to"]
Responses = Complex[Tensor, "frequency both reference"]
Part = Complex[Tensor, "bin estimate block"]  # part of a spectrum, in some bins
Energies = dict[str, Float[np.ndarray, "source block"]]


@dataclass(frozen=True)
class Both:
    """The taps of all filters, from reference channels to estimate channels.

    Those of `all` come first, then those of `own`: one product of larger matrices is faster than
    two, though most of the second half is zero.
    """

    taps: Float[np.ndarray, "tap reference both"]
    sources: int

    @classmethod
    def of(cls, everything: Shared, own: Own) -> Both:
        half, size = everything.shape[3], own.shape[3]
        taps = np.zeros((everything.shape[1], everything.shape[2], 2 * half))
        taps[..., :half] = everything[0]
        for source, filters in enumerate(own):
            first = source * size
            taps[:, first : first + size, half + first : half + first + size] = filters
        return cls(taps, len(own))

    def responses(self, length: int) -> Responses:
        """Frequency responses for spectra of an even `length`."""
        whole = torch.fft.rfft(torch.from_numpy(self.taps), n=length, dim=0)
        return whole.transpose(1, 2).contiguous()


def energies(spectra: Iterable[Spectrum], filters: Both, length: int) -> Energies:
    """Energy of each part, by source and frame; a spectrum's channels are the references', then
    estimates'.
    """
    groups: list[np.ndarray] = []
    responses = filters.responses(length)
    for spectrum in spectra:
        responses = responses.to(spectrum.device)
        sums = [
            weighted(part, start, length)
            for start in range(0, len(spectrum), BINS)
            for part in [parts(spectrum, responses, slice(start, start + BINS))]
        ]
        groups.append(np.sum(sums, axis=0))
    whole = np.concatenate(groups, -1)  # [part, channel, frame]
    by_source = whole.reshape(len(PARTS), filters.sources, -1, whole.shape[-1]).sum(2)
    return dict(zip(PARTS, by_source, strict=True))


def parts(spectrum: Spectrum, responses: Responses, bins: slice) -> list[Part]:
    """The spectra of the parts in some bins, in the order of PARTS."""
    half = spectrum.shape[1] // 2
    references, estimates = spectrum[bins, :half], spectrum[bins, half:]
    both = torch.bmm(responses[bins], references)
    everything, own = both[:, :half], both[:, half:]
    return [own - references, own, everything - own, everything, estimates - everything]


def weighted(
    spectra: list[Part], start: int, length: int
) -> Float[np.ndarray, "part estimate block"]:
    """Energies of signals, from bins `start` and up of their spectra of even `length`.

    Every bin but the first and the last counts twice, for the negative frequencies.
    """
    last = length // 2 - start
    sums = []
    for spectrum in spectra:
        total = 2 * energy(spectrum)
        if start == 0:
            total -= energy(spectrum[:1])
        if last < len(spectrum):
            total -= energy(spectrum[last:])
        sums.append(total / length)
    return np.stack(sums)


def energy(spectrum: Part) -> Float[np.ndarray, "estimate block"]:
    """The squared magnitude, summed over bins."""
    pairs = torch.view_as_real(spectrum.contiguous())
    if pairs.is_cuda:
        return pairs.square().sum((0, 3), dtype=torch.float64).cpu().numpy()
    flat = pairs.numpy().reshape(len(pairs), -1)
    summed = np.einsum("fk,fk->k", flat, flat).astype(np.float64)
    return summed.reshape(*spectrum.shape[1:], 2).sum(-1)
