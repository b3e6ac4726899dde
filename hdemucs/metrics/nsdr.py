"""nSDR, the SDR of the Music Demixing Challenge 2021 (also "uSDR", "new SDR")."""

from __future__ import annotations

import numpy as np

from hdemucs.metrics.signals import Estimates, PerSource, Sources, doubled, fitted, products, summed

DELTA = 1e-7  # keeps the ratio finite for silence and for exact estimates


def nsdr(references: Sources, estimates: Estimates) -> PerSource:
    """10 log10((|s|^2 + 1e-7) / (|s - e|^2 + 1e-7)) over the whole song and both channels, dB.

    Mitsufuji et al., "Music Demixing Challenge 2021", Frontiers in Signal Processing 1 (2022),
    doi 10.3389/frsip.2021.808395. A song's score is the mean over its sources, a system's the mean
    over songs.
    """
    count, samples = len(references), references.shape[-1]
    estimates = fitted(estimates, samples)

    def wanted(block: slice) -> PerSource:
        reference = doubled(references[..., block])
        return products(reference, reference)

    def wrong(block: slice) -> PerSource:
        error = doubled(references[..., block]) - doubled(estimates[..., block])
        return products(error, error)

    numerator = summed(wanted, samples, count) + DELTA
    return 10 * np.log10(numerator / (summed(wrong, samples, count) + DELTA))
