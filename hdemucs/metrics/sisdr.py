"""Scale-invariant SDR."""

from __future__ import annotations

import numpy as np

from hdemucs.metrics.signals import (
    Estimates,
    PerSource,
    Sources,
    decibels,
    doubled,
    fitted,
    products,
    summed,
)


def si_sdr(references: Sources, estimates: Estimates) -> PerSource:
    """|a s|^2 / |e - a s|^2 over the whole song, dB, with the gain a that fits best.

    Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019. No mean is removed, and the
    channels are one long vector with one common gain. NaN where a reference or an estimate is 0.
    """
    count, samples = len(references), references.shape[-1]
    estimates = fitted(estimates, samples)

    def inner(a: Sources, b: Sources) -> PerSource:
        return summed(lambda t: products(doubled(a[..., t]), doubled(b[..., t])), samples, count)

    energy = inner(references, references)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = (inner(references, estimates) / energy)[:, None]

    def wrong(block: slice) -> PerSource:
        error = doubled(estimates[..., block]) - gain * doubled(references[..., block])
        return products(error, error)

    target = gain[:, 0] ** 2 * energy
    defined = (energy > 0) & (inner(estimates, estimates) > 0)
    return np.where(defined, decibels(target, summed(wrong, samples, count)), np.nan)
