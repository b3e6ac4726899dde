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
Part = Complex[Tensor, "bin estimate block"]  # part of a spectrum, in some bins
Energies = dict[str, Float[np.ndarray, "source block"]]


@dataclass(frozen=True)
class Filters:
    """Frequency responses, from reference channels to estimate channels."""

    everything: Complex[Tensor, "frequency estimate reference"]
    own: Complex[Tensor, "frequency source channel channel"]

    @classmethod
    def of(cls, everything: Shared, own: Own, length: int) -> Filters:
        """Frequency responses of taps, for spectra of an even `length`."""
        whole = torch.fft.rfft(torch.from_numpy(everything[0]), n=length, dim=0)
        single = torch.fft.rfft(torch.from_numpy(own), n=length, dim=1)
        return cls(whole.transpose(1, 2), single.permute(1, 0, 3, 2))

    def to(self, like: Tensor) -> Filters:
        everything = self.everything.to(like.device, like.dtype).contiguous()
        return Filters(everything, self.own.to(like.device, like.dtype).contiguous())


def energies(spectra: Iterable[Spectrum], filters: Filters, length: int) -> Energies:
    """Energy of each part, by source and frame; a spectrum's channels are the references', then
    estimates'.
    """
    groups: list[np.ndarray] = []
    fitting: Filters | None = None
    for spectrum in spectra:
        fitting = fitting or filters.to(spectrum)
        sums = [
            weighted(part, start, length)
            for start in range(0, len(spectrum), BINS)
            for part in [parts(spectrum, fitting, slice(start, start + BINS))]
        ]
        groups.append(np.sum(sums, axis=0))
    whole = np.concatenate(groups, -1)  # [part, channel, frame]
    sources = filters.own.shape[1]
    by_source = whole.reshape(len(PARTS), sources, -1, whole.shape[-1]).sum(2)
    return dict(zip(PARTS, by_source, strict=True))


def parts(spectrum: Spectrum, filters: Filters, bins: slice) -> list[Part]:
    """The spectra of the parts in some bins, in the order of PARTS."""
    half = spectrum.shape[1] // 2
    references, estimates = spectrum[bins, :half].contiguous(), spectrum[bins, half:]
    everything = torch.bmm(filters.everything[bins], references)
    count, sources, size, _ = filters.own[bins].shape
    single = references.reshape(count * sources, size, -1)
    own = torch.bmm(filters.own[bins].reshape(-1, size, size), single).reshape(references.shape)
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
