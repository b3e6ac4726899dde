"""Intervals for means and medians over tracks; the methods were chosen by simulated coverage.

`reports/benchmarks/intervals.md` (made by `hdemucs bench intervals`) shows the coverage on which
each choice is based.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from hdemucs.config.report import IntervalConfig
from hdemucs.statistics.estimates import MANY_SEEDS, Paired, Sample, over_both, over_tracks

Statistic = Callable[[np.ndarray], np.ndarray]

FEW = 8  # with fewer tracks, no bootstrap covers; Student's t nearly does


@dataclass(frozen=True)
class Interval:
    """An interval, and the method that gave it."""

    low: float
    high: float
    method: str

    @property
    def holds_zero(self) -> bool:
        return not (self.low > 0 or self.high < 0)


def mean_interval(values: Paired, config: IntervalConfig) -> Interval:
    """The interval of the mean of values [seed, track].

    From three seeds on, it covers tracks and seeds. With fewer, it covers tracks, after averaging
    over seeds, by the expanded BCa bootstrap, but is never narrower than Student's t; only the
    latter covers below eight tracks or if differences have heavy tails.
    """
    seeds, tracks = values.shape
    over_seeds = values.mean(0)
    if tracks < 2:  # noqa: PLR2004  too few to estimate a spread
        return Interval(float("-inf"), float("inf"), "one track: no interval")
    if np.ptp(over_seeds) == 0:
        value = float(over_seeds[0])
        return Interval(value, value, "no spread")
    if seeds >= MANY_SEEDS:
        return crossed(values, config.level)
    if tracks < FEW:
        return student(over_seeds, config.level)
    bootstrap, t = expanded_bca(over_seeds, config), student(over_seeds, config.level)
    return Interval(min(bootstrap.low, t.low), max(bootstrap.high, t.high), bootstrap.method)


def student(sample: Sample, level: float) -> Interval:
    """Student's t interval over tracks."""
    found = over_tracks(sample)
    return Interval(*found.bounds(level), found.method)


def expanded_bca(sample: Sample, config: IntervalConfig) -> Interval:
    """The BCa bootstrap interval of the mean, widened for the sample's size.

    Efron, "Better bootstrap confidence intervals", JASA 82 (1987). The widening corrects the
    bootstrap's factor sqrt((n - 1) / n) and replaces z by t: Hesterberg, "What teachers should know
    about the bootstrap", The American Statistician 69 (2015).
    """
    count, centre = len(sample), sample.mean()
    means = resampled(sample, lambda drawn: drawn.mean(-1), config)
    same = 1e-9 * np.ptp(sample)  # draws whose mean equals the sample's, except for rounding
    below = np.mean(means < centre - same) + np.mean(np.abs(means - centre) <= same) / 2
    bias = stats.norm.ppf(np.clip(below, 1 / len(means), 1 - 1 / len(means)))
    influence = sample - centre  # the effect on the mean of leaving a track out, up to a factor
    acceleration = np.sum(influence**3) / (6 * np.sum(influence**2) ** 1.5)
    tails = np.array([0.5 - config.level / 2, 0.5 + config.level / 2])
    wide = np.sqrt(count / (count - 1)) * stats.t.ppf(tails, count - 1)
    low, high = np.quantile(
        means, stats.norm.cdf(bias + (bias + wide) / (1 - acceleration * (bias + wide)))
    )
    return Interval(float(low), float(high), "expanded BCa bootstrap over tracks")


def resampled(sample: np.ndarray, statistic: Statistic, config: IntervalConfig) -> np.ndarray:
    """The statistic of `config.resamples` draws with replacement of tracks (the last axis)."""
    generator = np.random.default_rng(config.seed)
    tracks = sample.shape[-1]
    drawn = sample[..., generator.integers(0, tracks, (config.resamples, tracks))]
    return statistic(drawn)


def crossed(values: Paired, level: float) -> Interval:
    """The interval of a mean over tracks and seeds, both random: two-way random effects."""
    found = over_both(values)
    return Interval(*found.bounds(level), found.method)


def median_of_scored(scores: np.ndarray) -> np.ndarray:
    """The median over the tracks (the last axis) that have a score; NaN if none has."""
    some = ~np.isnan(scores).all(axis=-1, keepdims=True)
    return np.where(some[..., 0], np.nanmedian(np.where(some, scores, 0.0), axis=-1), np.nan)


def median_interval(scores: Float[np.ndarray, "source track"], config: IntervalConfig) -> Interval:
    """The interval of the mean over sources of the median over tracks: percentile bootstrap over
    tracks.

    A track may have no score for a source (NaN). Draws in which a source has no score are left out.
    """
    if (~np.isnan(scores)).sum(axis=-1).min() < FEW:
        return Interval(float("-inf"), float("inf"), f"under {FEW} tracks: no interval")

    def statistic(drawn: np.ndarray) -> np.ndarray:
        return median_of_scored(drawn).mean(0)

    tails = [0.5 - config.level / 2, 0.5 + config.level / 2]
    values = resampled(scores, statistic, config)
    low, high = np.quantile(values[~np.isnan(values)], tails)
    return Interval(float(low), float(high), "percentile bootstrap over tracks")
