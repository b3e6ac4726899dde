"""Planned comparisons: each system with the baseline, and which systems tie with the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare
from scipy.stats import t as student
from statsmodels.stats.multitest import multipletests

from hdemucs.listening.analysis.crossed import Estimate, estimate, quantile, ratings
from hdemucs.listening.analysis.describe import MEAN, columns, part

CELL = ["listener", "excerpt"]
CHUNK = 1000  # permutations that are computed together
FEWEST_PAIRS = 0.5  # least paired share of the smaller side, to compare pairs


@dataclass(frozen=True)
class Difference:
    """The difference of two conditions, first minus second."""

    mean: float
    both: float  # half-width of the interval over listeners and excerpts
    listeners: float
    p: float  # p value of "no difference", over listeners and excerpts
    better: float  # share of (listener, excerpt) pairs in which the first is better, ties half
    paired: bool
    pairs: int


def difference(
    first: pd.DataFrame, second: pd.DataFrame, column: str, confidence: float
) -> Difference:
    """Compare two conditions on the same cells; as independent samples if too few cells have both.

    MOS listeners mostly hear an excerpt from one system only. Then the variances are added, which
    gives intervals that are too wide rather than too narrow.
    """
    cells = first.merge(second, on=[*CELL, "source"], suffixes=("", "_second"))
    better = wins(cells)
    if len(cells) >= FEWEST_PAIRS * min(len(first), len(second)):
        cells["score"] = cells["score"] - cells["score_second"]
        found = estimate(ratings(cells, by_source=column == MEAN), confidence)
        p = p_value(found.mean, found.error, found.freedom)
        return Difference(found.mean, found.both, found.listeners, p, better, True, len(cells))  # noqa: FBT003
    sides = [
        estimate(ratings(frame, by_source=column == MEAN), confidence) for frame in (first, second)
    ]
    return independent(sides[0], sides[1], confidence, better, len(cells))


def wins(cells: pd.DataFrame) -> float:
    if not len(cells):
        return float("nan")
    gap = cells["score"] - cells["score_second"]
    return float((gap > 0).mean() + (gap == 0).mean() / 2)


def independent(
    first: Estimate, second: Estimate, confidence: float, better: float, pairs: int
) -> Difference:
    mean, error = first.mean - second.mean, float(np.hypot(first.error, second.error))
    freedom = min(first.freedom, second.freedom)
    both = error * quantile(confidence, freedom) if freedom > 0 else float("nan")
    listeners = float(np.hypot(first.listeners, second.listeners))
    p = p_value(mean, error, freedom)
    return Difference(mean, both, listeners, p, better, False, pairs)  # noqa: FBT003


def p_value(mean: float, error: float, freedom: int) -> float:
    """Two-sided p value by Student's t."""
    if freedom <= 0 or not np.isfinite(error):
        return float("nan")
    if error == 0:
        return float(mean == 0)
    return float(2 * student.sf(abs(mean) / error, freedom))


def contrasts(
    counted: pd.DataFrame,
    sources: Sequence[str],
    baseline: str,
    confidence: float,
    resamples: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Each system minus the baseline, with Hochberg's correction within each column of a table."""
    rows = []
    systems = counted[counted["role"] == "system"]
    for (kind, attribute), frame in systems.groupby(["set", "attribute"]):
        for column in columns(sources):
            conditions = by_condition(frame, column)
            against = conditions.pop(baseline, None)
            if against is None or not conditions:
                continue
            family = [
                {
                    "set": kind, "attribute": attribute, "column": column, "system": system,
                    "baseline": baseline,
                    **compared(own, against, column, confidence, resamples, rng),
                }
                for system, own in conditions.items()
            ]  # fmt: skip
            rows += corrected(family)
    return pd.DataFrame(rows)


def compared(
    own: pd.DataFrame,
    against: pd.DataFrame,
    column: str,
    confidence: float,
    resamples: int,
    rng: np.random.Generator,
) -> dict[str, object]:
    found = difference(own, against, column, confidence)
    return {
        "difference": found.mean,
        "interval": found.both,
        "interval_listeners": found.listeners,
        "p": found.p,
        "share_better": found.better,
        "paired": found.paired,
        "pairs": found.pairs,
        "p_medians": medians(own["score"], against["score"], resamples, rng),
    }


def corrected(family: list[dict[str, object]]) -> list[dict[str, object]]:
    """Hochberg's step-up correction of the comparisons that have a p value."""
    known = [row for row in family if np.isfinite(float(str(row["p"])))]
    for row in family:
        row["p_hochberg"] = float("nan")
    if known:
        adjusted = multipletests([row["p"] for row in known], method="simes-hochberg")[1]
        for row, p in zip(known, adjusted, strict=True):
            row["p_hochberg"] = float(p)
    return family


def medians(first: pd.Series, second: pd.Series, resamples: int, rng: np.random.Generator) -> float:
    """BS.1534-3, Attachment 3: share of permutations of ratings whose medians differ at least as
    much.

    It is unpaired and about these excerpts only; it is for comparison with studies that report it.
    """
    pooled = np.concatenate([first.to_numpy(float), second.to_numpy(float)])
    seen = abs(first.median() - second.median())
    exceeding = 0
    for start in range(0, resamples, CHUNK):
        count = min(CHUNK, resamples - start)
        mixed = rng.permuted(np.tile(pooled, (count, 1)), axis=1)
        halves = mixed[:, : len(first)], mixed[:, len(first) :]
        gaps = np.median(halves[0], axis=1) - np.median(halves[1], axis=1)
        exceeding += int((np.abs(gaps) >= seen).sum())
    return exceeding / resamples


def omnibus(counted: pd.DataFrame) -> pd.DataFrame:
    """Friedman's test over excerpts' mean scores: whether systems differ at all."""
    rows = []
    systems = counted[counted["role"] == "system"]
    for (kind, attribute), frame in systems.groupby(["set", "attribute"]):
        means = frame.pivot_table(index="excerpt", columns="condition", values="score").dropna()
        if means.shape[0] > 1 and means.shape[1] > 2:  # noqa: PLR2004  Friedman's test needs more
            test = friedmanchisquare(*(means[name] for name in means))
            rows.append((kind, attribute, *means.shape, float(test.statistic), float(test.pvalue)))
    return pd.DataFrame(rows, columns=["set", "attribute", "excerpts", "systems", "chi2", "p"])


def ties(counted: pd.DataFrame, sources: Sequence[str], confidence: float) -> set[tuple[str, ...]]:
    """(set, attribute, column, condition) of the best system and of all that tie with it."""
    found: set[tuple[str, ...]] = set()
    systems = counted[counted["role"] == "system"]
    for (kind, attribute), frame in systems.groupby(["set", "attribute"]):
        for column in columns(sources):
            conditions = by_condition(frame, column)
            found |= {
                (str(kind), str(attribute), column, n) for n in tied(conditions, column, confidence)
            }
    return found


def by_condition(frame: pd.DataFrame, column: str) -> dict[str, pd.DataFrame]:
    """The ratings of each condition in a column."""
    return {str(name): own for name, own in part(frame, column).groupby("condition")}


def tied(conditions: dict[str, pd.DataFrame], column: str, confidence: float) -> set[str]:
    if not conditions:
        return set()
    means = {
        name: estimate(ratings(frame, by_source=column == MEAN), confidence).mean
        for name, frame in conditions.items()
    }
    best = max(means, key=lambda name: means[name])
    gaps = {n: difference(conditions[best], f, column, confidence) for n, f in conditions.items()}
    return {best} | {name for name, gap in gaps.items() if not gap.mean > gap.both}
