"""What every metric requires of its signals, and sums that keep their digits.

References and estimates are real arrays [source, channel, sample]. They may be float32, as sound
files are read; every product and sum is computed in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Bool, Float

Sources = Float[np.ndarray, "source channel sample"]
Estimates = Float[np.ndarray, "source channel _"]  # of any length, until they are fitted
PerSource = Float[np.ndarray, " source"]

BLOCK = 1 << 14  # samples that are converted to float64 at a time, to stay in the cache
LIMIT = 144.0  # dB between full scale and the last of 24 bits: no sound file holds less than that
GLANCE = 256  # samples that nearly always suffice to see that something sounds


def fitted(estimates: Estimates, samples: int) -> Estimates:
    """Estimates cut to `samples`, or filled up with silence, as museval does it."""
    missing = samples - estimates.shape[-1]
    if missing <= 0:
        return estimates[..., :samples]
    return np.pad(estimates, ((0, 0), (0, 0), (0, missing)))


def blocks(samples: int, size: int = BLOCK) -> Iterator[slice]:
    """Disjoint slices that cover `samples`."""
    for start in range(0, samples, size):
        yield slice(start, min(start + size, samples))


def summed(term: Callable[[slice], PerSource], samples: int, sources: int) -> PerSource:
    """The sum over all blocks of a term per source."""
    total = np.zeros(sources)
    for block in blocks(samples):
        total += term(block)
    return total


def doubled(signals: Float[np.ndarray, "source ..."]) -> Float[np.ndarray, "source value"]:
    """All values of each source in one row, float64."""
    return signals.astype(np.float64).reshape(len(signals), -1)


def products(a: np.ndarray, b: np.ndarray) -> PerSource:
    """Inner product of each row of `a` with the same row of `b`."""
    return np.einsum("sv,sv->s", a, b)


def decibels(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """10 log10 of the ratio; +inf wherever the denominator is 0, as in BSSEval."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = 10 * np.log10(numerator / denominator)
    return np.where(denominator == 0, np.inf, ratio)


def silent(signals: Sources) -> Bool[np.ndarray, " source"]:
    """Which sources museval takes for silent: the sum over channels is 0 at every sample.

    So a pure side signal, left = -right, is silent too.
    """
    sounding: np.ndarray = np.any(channel_sum(signals[..., :GLANCE]), axis=-1)
    if not sounding.all():
        sounding[~sounding] = np.any(channel_sum(signals[~sounding]), axis=-1)
    return ~sounding


def channel_sum(signals: Sources) -> Float[np.ndarray, "source sample"]:
    return signals.sum(1, dtype=np.float64)
