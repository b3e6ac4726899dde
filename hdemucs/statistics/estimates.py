"""A mean paired difference with its standard error: over tracks, or over tracks and seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

Sample = Float[np.ndarray, " track"]
Paired = Float[np.ndarray, "seed track"]
Studies = Float[np.ndarray, "*study seed track"]

Number = np.ndarray | float  # one value per study

MANY_SEEDS = 3  # the least number of seeds from which their spread is estimated


@dataclass(frozen=True)
class Estimate:
    """A mean whose error follows Student's t."""

    mean: float
    error: float  # standard error
    freedom: float  # degrees of freedom of the standard error
    method: str

    def bounds(self, level: float) -> tuple[float, float]:
        """The two-sided interval of confidence `level`."""
        reach = stats.t.ppf(0.5 + level / 2, self.freedom) * self.error
        return float(self.mean - reach), float(self.mean + reach)

    def p_above(self, value: float) -> float:
        """The one-sided p value of "the true mean is above `value`"; a small one supports it."""
        return float(stats.t.sf(self.standardised(value), self.freedom))

    def p_below(self, value: float) -> float:
        """The one-sided p value of "the true mean is below `value`"."""
        return float(stats.t.cdf(self.standardised(value), self.freedom))

    def standardised(self, value: float) -> float:
        """The number of standard errors by which the mean is above `value`."""
        distance = self.mean - value
        if self.error > 0:
            return distance / self.error
        return float(np.sign(distance)) * np.inf if distance else 0.0


def estimate(values: Paired) -> Estimate:
    """The mean of values [seed, track], over tracks and, from three seeds on, over seeds as well.

    Raises:
        ValueError: fewer than two tracks, so there is no spread.
    """
    seeds, tracks = values.shape
    if tracks < 2:  # noqa: PLR2004
        raise ValueError("one track has no spread")
    return over_both(values) if seeds >= MANY_SEEDS else over_tracks(values.mean(0))


def over_tracks(sample: Sample) -> Estimate:
    """Student's t over tracks; the error is that of these trained models, not of the recipe."""
    error = sample.std(ddof=1) / np.sqrt(len(sample))
    return Estimate(
        float(sample.mean()), float(error), float(len(sample) - 1), "Student's t over tracks"
    )


@dataclass(frozen=True)
class Spreads:
    """Standard deviations in dB: between tracks, between seeds, and of the remaining variation."""

    track: float
    seed: float
    rest: float


def squares(values: Studies) -> tuple[Number, Number, Number]:
    """Mean squares of tracks, of seeds and of the rest, in the layout seeds x tracks."""
    seeds, tracks = values.shape[-2:]
    centre = values.mean((-2, -1), keepdims=True)
    by_track = values.mean(-2, keepdims=True) - centre
    by_seed = values.mean(-1, keepdims=True) - centre
    rest = values - centre - by_track - by_seed

    def total(part: np.ndarray) -> Number:
        return np.sum(part**2, axis=(-2, -1))

    return (
        seeds * total(by_track) / (tracks - 1),
        tracks * total(by_seed) / (seeds - 1),
        total(rest) / ((tracks - 1) * (seeds - 1)),
    )


def spreads(values: Paired) -> Spreads:
    """Estimate the spreads of differences [seed, track]; a negative variance counts as zero.

    With one seed, tracks and the rest cannot be separated and nothing is known about seeds, so all
    variation is attributed to tracks.
    """
    seeds, tracks = values.shape
    if seeds == 1:
        return Spreads(float(values.std(ddof=1)), 0.0, 0.0)
    of_tracks, of_seeds, rest = (float(square) for square in squares(values))
    return Spreads(
        track=max(0.0, (of_tracks - rest) / seeds) ** 0.5,
        seed=max(0.0, (of_seeds - rest) / tracks) ** 0.5,
        rest=rest**0.5,
    )


def errors(values: Studies) -> tuple[Number, Number]:
    """Standard error of each study's mean over tracks and seeds, and its degrees of freedom.

    The model has two-way random effects: the variance of the mean is (MS_track + MS_seed - MS_rest)
    / (seeds * tracks); its degrees of freedom are Satterthwaite's ("An approximate distribution of
    estimates of variance components", Biometrics Bulletin 2, 1946).
    """
    seeds, tracks = values.shape[-2:]
    of_tracks, of_seeds, rest = squares(values)
    total = of_tracks + of_seeds - rest
    terms = (
        of_tracks**2 / (tracks - 1) + of_seeds**2 / (seeds - 1)
        + rest**2 / ((tracks - 1) * (seeds - 1))
    )  # fmt: skip
    largest = np.maximum(of_tracks, of_seeds)
    one_factor = total <= largest  # the other factor shows no variance of its own
    alone = np.where(of_tracks >= of_seeds, tracks - 1, seeds - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = np.where(one_factor, alone, total**2 / terms)
    return np.sqrt(np.where(one_factor, largest, total) / (seeds * tracks)), freedom


def over_both(values: Paired) -> Estimate:
    """The mean when tracks and seeds are both drawn at random; see `errors`."""
    error, freedom = errors(values)
    method = "two-way random effects over tracks and seeds"
    return Estimate(float(values.mean()), float(error), float(freedom), method)
