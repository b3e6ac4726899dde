"""SDR, ISR, SIR and SAR of BSSEval v4, frame by frame."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from hdemucs.metrics.bsseval.correlation import across, cross, lagged
from hdemucs.metrics.bsseval.energies import Energies, Filters, Own, Shared, energies
from hdemucs.metrics.bsseval.filters import ILL_POSED, IllPosedWarning, project
from hdemucs.metrics.bsseval.spectra import Song, Spectra, Spectrum, fast_length
from hdemucs.metrics.frames import Frames, unscored
from hdemucs.metrics.sdr import sdr
from hdemucs.metrics.signals import Estimates, Sources, decibels, doubled, fitted, products

BLOCK = 1 << 15  # least number of samples that are correlated together
DOUBTFUL = 60.0  # dB above which complex64 is too coarse
KEPT = 1 << 30  # most bytes of spectra kept for the second pass; others are computed again

Scores = Float[np.ndarray, "source frame"]


class Evaluated(NamedTuple):
    """The scores of one song."""

    frames: dict[str, Scores]  # dB, by metric
    dependent: bool  # references hardly determine the filters: ISR, SIR and SAR mean nothing


def bsseval(
    references: Sources,
    estimates: Estimates,
    window: int,
    hop: int,
    taps: int = 512,
    device: torch.device | None = None,
) -> dict[str, Scores]:
    """As `evaluate`, but returns the scores only, and warns if the references are dependent."""
    found = evaluate(references, estimates, window, hop, taps, device)
    if found.dependent:
        warnings.warn(IllPosedWarning(ILL_POSED), stacklevel=2)
    return found.frames


def evaluate(
    references: Sources,
    estimates: Estimates,
    window: int,
    hop: int,
    taps: int = 512,
    device: torch.device | None = None,
) -> Evaluated:
    """Framewise scores in dB by metric, as `museval.evaluate(mode="v4")` gives them.

    Vincent, Gribonval and Févotte, IEEE TASLP 14(4), 2006; Liutkus, Stöter and Ito, "The 2018
    Signal Separation Evaluation Campaign". The filters are fitted once, on the whole song. No
    reference and no estimate may be silent throughout. `window`, `hop` and `taps` are in samples.
    """
    estimates = fitted(estimates, references.shape[-1])
    frames = Frames(references.shape[-1], window, hop)
    device = device or torch.device("cpu")
    scores, dependent = framewise(references, estimates, frames, taps, device)
    for values in scores.values():
        values[:, unscored(references, estimates, frames)] = np.nan
    return Evaluated({"SDR": sdr(references, estimates, window, hop), **scores}, dependent)


def framewise(
    references: Sources, estimates: Sources, frames: Frames, taps: int, device: torch.device
) -> Evaluated:
    """The scores that need filters, in every frame."""
    song = Song(references.reshape(-1, frames.samples), estimates.reshape(-1, frames.samples))
    size = max(frames.length, min(BLOCK, frames.samples), taps)
    starts = range(0, frames.samples, size)
    blocks = [slice(start, min(start + size, frames.samples)) for start in starts]
    length = fast_length(min(size, frames.samples) + taps - 1)
    spectra = Kept(Spectra(song, blocks, length, device))
    half = len(song.references)
    correlation = lagged(cross((s[:, :half], s) for s in spectra), length, taps)
    correlation += across(song, list(starts)[1:], taps)
    shared, own, dependent = fit(correlation.numpy(), len(references), taps)
    target = np.stack([energy(references[..., frame]) for frame in frames], -1)
    if list(frames) == blocks[: len(frames)]:
        filters = Filters.of(shared, own, length)
        scores = ratios(target, energies(spectra, filters, length))
        if not spectra.rounded or all(
            (s[np.isfinite(s)] < DOUBTFUL).all() for s in scores.values()
        ):
            return Evaluated(scores, dependent)
    length = fast_length(frames.length + taps - 1)
    exact = Spectra(song, list(frames), length, device)
    scores = ratios(target, energies(exact, Filters.of(shared, own, length), length))
    return Evaluated(scores, dependent)


def ratios(target: Scores, parts: Energies) -> dict[str, Scores]:
    """The metrics in the frames of `target`, from the energies of the parts."""
    count = target.shape[-1]
    parts = {name: values[:, :count] for name, values in parts.items()}
    return {
        "ISR": decibels(target, parts["spatial"]),
        "SIR": decibels(parts["own"], parts["interference"]),
        "SAR": decibels(parts["all"], parts["artifacts"]),
    }


def energy(reference: Sources) -> Float[np.ndarray, " source"]:
    values = doubled(reference)
    return products(values, values)


class Kept:
    """Spectra for two passes; they are kept as complex64 after the first, unless there are too
    many.
    """

    def __init__(self, spectra: Spectra) -> None:
        self.spectra = spectra
        bins = spectra.length // 2 + 1
        self.size = len(spectra.blocks) * spectra.song.channels * bins
        self.store: list[Tensor] = []

    @property
    def rounded(self) -> bool:
        """Whether the second pass is given complex64."""
        return bool(self.store)

    def __iter__(self) -> Iterator[Spectrum]:
        if self.store:
            yield from self.store
        elif self.size * torch.complex64.itemsize > KEPT:
            yield from self.spectra
        else:
            yield from self.keeping()

    def keeping(self) -> Iterator[Spectrum]:
        """Keep all spectra in one piece of memory, which is given back at once in the end."""
        whole = torch.empty(self.size, dtype=torch.complex64, device=self.spectra.device)
        start = 0
        for spectrum in self.spectra:
            yield spectrum
            place = whole[start : start + spectrum.numel()].view(spectrum.shape)
            self.store.append(place.copy_(spectrum))
            start += spectrum.numel()


def fit(
    correlation: Float[np.ndarray, "reference channel lag"], sources: int, taps: int
) -> tuple[Shared, Own, bool]:
    """The filters for all estimates, and each source's own: [1 or source, tap, from, to].

    The third value is whether the references do not determine them.
    """
    half = len(correlation)
    gram = np.moveaxis(correlation[:, :half, taps - 1 :], -1, 0)  # [lag, a, b]: sum a[n] b[n + k]
    right = np.moveaxis(correlation[:, half:, taps - 1 :], -1, 0)
    everything, together = project(gram[None], right[None])
    size = half // sources
    places = [slice(start, start + size) for start in range(0, half, size)]
    own, alone = project(
        np.stack([gram[:, p, p] for p in places]), np.stack([right[:, p, p] for p in places])
    )
    return everything, own, together or alone
