"""Means of ratings that are crossed by listeners and excerpts, with two intervals for each.

"listeners" is the usual interval, t over listeners' means; it is about other listeners of these
excerpts. "listeners and excerpts" includes the variation of both and is about new music, for which
the other interval covered 40 % instead of 95 % (simulated with the variances of SiSEC 2008's
listening test: tests/listening/test_crossed.py).

Variance components are estimated by moments: sums of squares within listeners, within excerpts and
in total, each around the means of sources, are set equal to their expectations (Gao and Owen 2017,
for designs with missing cells). Without missing cells the result is s2(listener means)/nL +
s2(excerpt means)/nE - s2(residual)/(nL nE).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.stats import t as student

Values = Float[np.ndarray, "rating"]
Codes = Int[np.ndarray, "rating"]

NONE = float("nan")


@dataclass(frozen=True)
class Ratings:
    """Scores of one condition, or differences of two, one for each listener and excerpt."""

    scores: Values
    listener: Codes
    excerpt: Codes
    source: Codes  # of the excerpt, as a fixed stratum
    weights: Values  # of the ratings in the estimate; they sum to 1


@dataclass(frozen=True)
class Estimate:
    """A mean, the half-widths of its intervals, and the numbers they are based on."""

    mean: float
    listeners: float  # half-width for these excerpts; NaN for one listener
    both: float  # half-width for new excerpts, too; NaN for one listener, or one excerpt per source
    error: float  # standard error of `both`
    freedom: int  # degrees of freedom of `both`
    ratings: int
    n_listeners: int
    n_excerpts: int


def ratings(frame: pd.DataFrame, *, by_source: bool) -> Ratings:
    """Ratings from the columns score, listener, excerpt and source.

    With `by_source`, the mean is that of the sources' means; otherwise all ratings are pooled, as
    in the paper's "All".
    """
    source = codes(frame["source"])
    weights = np.full(len(frame), 1 / max(len(frame), 1))
    if by_source and len(frame):
        weights = 1 / np.bincount(source)[source] / (source.max() + 1)
    return Ratings(
        scores=frame["score"].to_numpy(np.float64),
        listener=codes(frame["listener"]),
        excerpt=codes(frame["excerpt"]),
        source=source,
        weights=weights,
    )


def codes(column: pd.Series) -> Codes:
    return np.asarray(pd.factorize(column)[0], dtype=np.int64)


def estimate(of: Ratings, confidence: float) -> Estimate:
    """The weighted mean with both intervals."""
    if not len(of.scores):
        return Estimate(NONE, NONE, NONE, NONE, 0, 0, 0, 0)
    listeners, excerpts = of.listener.max() + 1, of.excerpt.max() + 1
    freedom = int(min(listeners - 1, excerpts - of.source.max() - 1))
    error = float(np.sqrt(variance(of))) if freedom > 0 else NONE
    return Estimate(
        mean=float(of.scores @ of.weights),
        listeners=over_listeners(of, confidence),
        both=error * quantile(confidence, freedom) if freedom > 0 else NONE,
        error=error,
        freedom=freedom,
        ratings=len(of.scores),
        n_listeners=int(listeners),
        n_excerpts=int(excerpts),
    )


def quantile(confidence: float, freedom: int) -> float:
    return float(student.ppf(0.5 + confidence / 2, freedom))


def over_listeners(of: Ratings, confidence: float) -> float:
    """Half-width of t over listeners' means, the usual interval (BS.1534-3, Attachment 4)."""
    count = np.bincount(of.listener)
    if len(count) < 2:  # noqa: PLR2004  one has no spread
        return NONE
    means = np.bincount(of.listener, of.scores) / count
    error = means.std(ddof=1) / np.sqrt(len(count))
    return float(error * quantile(confidence, len(count) - 1))


def variance(of: Ratings) -> float:
    """Variance of the weighted mean over listeners and excerpts, at least that of the residual."""
    listener, excerpt, residual = components(of)
    parts = [np.square(np.bincount(group, of.weights)).sum() for group in (of.listener, of.excerpt)]
    alone = residual * np.square(of.weights).sum()
    return float(max(listener * parts[0] + excerpt * parts[1] + alone, alone))


def components(of: Ratings) -> Float[np.ndarray, 3]:
    """Variances of listeners, of excerpts and of the residual, none below 0."""
    own = numbered(of.listener * (of.source.max() + 1) + of.source)  # a listener's, of one source
    squares = [within(of.scores, group) for group in (own, of.excerpt, of.source)]
    total = len(of.scores)
    inside = [total - group.max() - 1 for group in (own, of.excerpt, of.source)]
    expected = [
        [0.0, inside[0], inside[0]],
        [inside[1], 0.0, inside[1]],
        [spread(own, of.source), spread(of.excerpt, of.source), inside[2]],
    ]
    solved = np.linalg.lstsq(np.array(expected, np.float64), np.array(squares), rcond=None)[0]
    return np.asarray(np.maximum(solved, 0.0))


def numbered(group: Codes) -> Codes:
    """The same groups, numbered 0, 1, 2 and so on."""
    return np.asarray(np.unique(group, return_inverse=True)[1], dtype=np.int64)


def spread(group: Codes, source: Codes) -> float:
    """The factor of a group's variance in the sum of squares around the sources' means."""
    owner = source[np.unique(group, return_index=True)[1]]
    return float(len(group) - (np.square(np.bincount(group)) / np.bincount(source)[owner]).sum())


def within(scores: Values, group: Codes) -> float:
    """The sum of squares around the groups' means."""
    means = np.bincount(group, scores) / np.bincount(group)
    return float(np.square(scores - means[group]).sum())
