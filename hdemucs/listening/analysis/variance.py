"""Parts of the ratings' variance: listeners, excerpts, their pairs with systems, and the rest.

Each part is the mean product of residuals of two ratings that share that factor and no other. So
designs with missing cells need no model fit. Residuals are around the means of (source, system).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

FACTORS = ("listener", "excerpt", "condition")
COLUMNS = ["set", "attribute", "part", "variance", "share"]


def variance_parts(counted: pd.DataFrame) -> pd.DataFrame:
    """One row per set, attribute and part, from systems' ratings; shares are of the parts' sum."""
    rows = []
    systems = counted[counted["role"] == "system"]
    for (kind, attribute), frame in systems.groupby(["set", "attribute"]):
        found = parts(frame)
        total = sum(found.values()) or 1.0  # if nothing varies, no part has a share
        rows += [(kind, attribute, name, value, value / total) for name, value in found.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def parts(frame: pd.DataFrame) -> dict[str, float]:
    """The variances of one attribute's ratings, none below 0."""
    around = frame.groupby(["source", "condition"])["score"].transform("mean")
    held = frame.assign(residual=frame["score"] - around)
    sums = {
        shared: products(held, shared) for size in (1, 2) for shared in combinations(FACTORS, size)
    }
    total = float(np.square(held["residual"]).mean())
    both = {
        "listener x system": ("listener", "condition"),
        "excerpt x system": ("excerpt", "condition"),
        "listener x excerpt": ("listener", "excerpt"),
    }
    main = {name: alone(sums, name) for name in ("listener", "excerpt")}
    paired = {name: ratio(*sums[shared]) for name, shared in both.items()}
    found = {
        **main,
        "listener x system": paired["listener x system"] - main["listener"],
        "excerpt x system": paired["excerpt x system"] - main["excerpt"],
        "listener x excerpt": paired["listener x excerpt"] - main["listener"] - main["excerpt"],
    }
    found = {name: max(0.0, value) if np.isfinite(value) else 0.0 for name, value in found.items()}
    return {**found, "residual": max(0.0, total - sum(found.values()))}


def products(held: pd.DataFrame, shared: tuple[str, ...]) -> tuple[float, int]:
    """Sum and number of the products of different ratings that share these factors."""
    grouped = held.groupby(list(shared))["residual"]
    sums, counts = grouped.sum().to_numpy(float), grouped.count().to_numpy(int)
    squares = float(np.square(held["residual"]).sum())
    return float(np.square(sums).sum()) - squares, int((counts * (counts - 1)).sum())


def alone(sums: dict[tuple[str, ...], tuple[float, int]], factor: str) -> float:
    """The mean product of pairs that share `factor` and no other."""
    total, count = sums[(factor,)]
    for shared, (more, number) in sums.items():
        if factor in shared and len(shared) > 1:
            total, count = total - more, count - number
    return ratio(total, count)


def ratio(total: float, count: int) -> float:
    return total / count if count else float("nan")
