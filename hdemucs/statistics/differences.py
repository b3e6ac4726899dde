"""Paired differences between two systems that were scored on the same tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from hdemucs.config.report import IntervalConfig
from hdemucs.statistics.intervals import Interval, mean_interval

Paired = Float[np.ndarray, "seed track"]
Other = Float[np.ndarray, "_ track"]  # its number of seeds may differ
Kept = Float[np.ndarray, "seed _"]  # the tracks that both systems scored


@dataclass(frozen=True)
class Difference:
    """Row minus baseline in dB: the mean over tracks (and seeds) of each track's difference."""

    mean: float
    interval: Interval
    p: float  # of Wilcoxon's signed-rank test, two-sided, over tracks
    effect: float  # matched-pairs rank-biserial correlation, -1..1
    tracks: int
    seeds: int

    @property
    def shown(self) -> bool:
        """Whether the interval excludes zero."""
        return not self.interval.holds_zero


def paired(row: Paired, baseline: Other) -> Kept:
    """Differences [seed, track] on the tracks that both systems scored.

    If both have equally many seeds, these are paired in order; otherwise each seed of the row is
    compared with the baseline's mean over seeds.
    """
    other = baseline if len(row) == len(baseline) else baseline.mean(0, keepdims=True)
    differences = row - other
    return differences[:, ~np.isnan(differences).any(0)]


def compared(row: Paired, baseline: Other, config: IntervalConfig) -> Difference | None:
    """Compare two systems' track scores [seed, track]; None without a common track."""
    values = paired(row, baseline)
    if not values.size:
        return None
    over_seeds = values.mean(0)
    return Difference(
        mean=float(values.mean()),
        interval=mean_interval(values, config),
        p=signed_rank(over_seeds),
        effect=rank_biserial(over_seeds),
        tracks=values.shape[1],
        seeds=values.shape[0],
    )


def signed_rank(differences: Float[np.ndarray, " track"]) -> float:
    """The p value of Wilcoxon's signed-rank test, exact where scipy can do it; 1 if nothing
    differs.
    """
    moved = differences[differences != 0]
    return float(stats.wilcoxon(moved).pvalue) if len(moved) else 1.0


def rank_biserial(differences: Float[np.ndarray, " track"]) -> float:
    """(sum of ranks in favour - sum of ranks against) / sum of ranks.

    Kerby, "The simple difference formula", Comprehensive Psychology 3 (2014).
    """
    moved = differences[differences != 0]
    if not len(moved):
        return 0.0
    ranks = stats.rankdata(np.abs(moved))
    return float(np.sum(ranks * np.sign(moved)) / np.sum(ranks))
