"""The statistics of every condition, per set, attribute and column of the paper's tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.stats import kurtosis, skew

from hdemucs.listening.analysis.crossed import estimate, ratings

POOLED, MEAN = "All (pooled)", "All (mean of sources)"
FEWEST = 4  # ratings needed for a coefficient of bimodality
COLUMNS = [
    "set", "attribute", "column", "condition", "role", "mean", "interval", "interval_listeners",
    "sd", "se", "median", "q1", "q3", "bimodality", "ratings", "listeners", "excerpts",
]  # fmt: skip


def columns(sources: Sequence[str]) -> list[str]:
    return [POOLED, MEAN, *sources]


def describe(counted: pd.DataFrame, sources: Sequence[str], confidence: float) -> pd.DataFrame:
    """Rows by set, attribute, column and condition; `interval` is over listeners and excerpts."""
    rows = [
        {"set": kind, "attribute": attribute, "condition": condition, **row}
        for (kind, attribute, condition), frame in counted.groupby(
            ["set", "attribute", "condition"]
        )
        for row in cells(frame, sources, confidence)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def cells(
    frame: pd.DataFrame, sources: Sequence[str], confidence: float
) -> Iterator[dict[str, object]]:
    """The rows of one condition, one cell at a time."""
    for column in columns(sources):
        chosen = part(frame, column)
        if len(chosen):
            yield {
                "column": column,
                "role": chosen["role"].iloc[0],
                **figures(chosen, column, confidence),
            }


def part(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """The ratings that belong to a column."""
    return frame if column in (POOLED, MEAN) else frame[frame["source"] == column]


def figures(frame: pd.DataFrame, column: str, confidence: float) -> dict[str, object]:
    found = estimate(ratings(frame, by_source=column == MEAN), confidence)
    scores = frame["score"].to_numpy(float)
    quarters = np.percentile(scores, [25, 50, 75])
    return {
        "mean": found.mean,
        "interval": found.both,
        "interval_listeners": found.listeners,
        "sd": float(scores.std(ddof=1)) if len(scores) > 1 else float("nan"),
        "se": found.error,
        "median": quarters[1],
        "q1": quarters[0],
        "q3": quarters[2],
        "bimodality": bimodality(scores),
        "ratings": found.ratings,
        "listeners": found.n_listeners,
        "excerpts": found.n_excerpts,
    }


def bimodality(scores: np.ndarray) -> float:
    """The coefficient of BS.1534-3, 9.1, from skew and excess kurtosis; above 5/9, modes are
    likely.
    """
    n = len(scores)
    if n < FEWEST or scores.std() == 0:
        return float("nan")
    g, k = skew(scores, bias=False), kurtosis(scores, bias=False)
    return float((g**2 + 1) / (k + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))))
