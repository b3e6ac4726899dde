"""How far listeners agree with each other (Krippendorff's alpha) and with nSDR (Spearman)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import rankdata, spearmanr

STIMULUS = ["excerpt", "condition"]
TRIAL = ["listener", "excerpt"]
FEWEST = 3  # least number of systems that have an order


def agreement(counted: pd.DataFrame) -> pd.DataFrame:
    """Alpha of scores, and of ranks within each listener's trial (for MUSHRA only)."""
    rows = []
    for (kind, attribute), frame in counted.groupby(["set", "attribute"]):
        ranks = frame.assign(score=frame.groupby(TRIAL)["score"].transform(ranked))
        on_ranks = alpha(ranks) if kind == "mushra" else float("nan")
        rows.append((kind, attribute, alpha(frame), on_ranks, frame["listener"].nunique()))
    return pd.DataFrame(
        rows, columns=["set", "attribute", "alpha_scores", "alpha_ranks", "listeners"]
    )


def ranked(scores: pd.Series) -> np.ndarray:
    return np.asarray(rankdata(scores))


def alpha(frame: pd.DataFrame) -> float:
    """Krippendorff's alpha (2011), interval metric: 1 - observed / expected disagreement.

    Units are stimuli that two or more listeners have rated; NaN if there are none, or no spread.
    """
    units = frame.groupby(STIMULUS)["score"]
    scores = frame[units.transform("count") > 1]
    if not len(scores):
        return float("nan")
    own = scores.groupby(STIMULUS)["score"]
    count, total = own.count(), own.sum()
    squares = scores["score"].pow(2).groupby([scores[name] for name in STIMULUS]).sum()
    observed = (2 * (count * squares - total**2) / (count - 1)).sum() / len(scores)
    values = scores["score"].to_numpy(float)
    n = len(values)
    expected = 2 * (n * np.square(values).sum() - values.sum() ** 2) / (n * (n - 1))
    return float(1 - observed / expected) if expected > 0 else float("nan")


def link(counted: pd.DataFrame) -> pd.DataFrame:
    """Spearman's correlation of mean scores and nSDR over the systems of an excerpt, by source."""
    rows = []
    systems = counted[counted["role"] == "system"]
    for (kind, attribute, source), frame in systems.groupby(["set", "attribute", "source"]):
        found = [order(own) for _, own in frame.groupby("excerpt")]
        known = [value for value in found if np.isfinite(value)]
        mean = float(np.mean(known)) if known else float("nan")
        rows.append((kind, attribute, source, mean, len(known)))
    return pd.DataFrame(rows, columns=["set", "attribute", "source", "spearman", "excerpts"])


def order(excerpt: pd.DataFrame) -> float:
    """Spearman's correlation of listeners' and nSDR's order of an excerpt's systems."""
    means = excerpt.groupby("condition")[["score", "nsdr_db"]].mean()
    if len(means) < FEWEST or means.nunique().min() < 2:  # noqa: PLR2004  no order of one value
        return float("nan")
    return float(spearmanr(means["score"], means["nsdr_db"]).statistic)


def stimuli(counted: pd.DataFrame) -> pd.DataFrame:
    """Mean score and nSDR of each system's excerpt, the points of the scatter plot."""
    systems = counted[counted["role"] == "system"]
    groups = systems.groupby(["set", "attribute", "source", "excerpt", "condition"])
    return groups.agg(score=("score", "mean"), nsdr_db=("nsdr_db", "first")).reset_index()
