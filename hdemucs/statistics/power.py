"""How many tracks and seeds would decide a claim, found by simulating the whole test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from hdemucs.statistics.estimates import Number, Spreads, errors

STUDIES = 400  # simulated per design: the power is then known to about 2 percentage points
WANTED = 0.8  # wanted probability of confirming a true claim (Cohen, 1988: the convention)
MOST = 400  # tracks; larger studies are not proposed


@dataclass(frozen=True)
class Design:
    """A study: numbers of trainings of either row, and of tracks that they are scored on."""

    seeds: int
    tracks: int


@dataclass(frozen=True)
class Question:
    """What is to be shown if the truth is `effect`: a difference above 0, or within +-margin."""

    effect: float  # dB
    margin: float | None  # None: the claim is a difference above 0
    alpha: float  # two-sided

    def shown(self, mean: np.ndarray, error: Number, freedom: Number) -> np.ndarray:
        """Which of many simulated studies support the claim."""
        reach = stats.t.ppf(1 - self.alpha / 2, freedom) * error
        if self.margin is None:
            return np.asarray(mean - reach > 0)
        return np.asarray(np.abs(mean) + reach < self.margin)


@cache
def power(question: Question, spreads: Spreads, design: Design, seed: int) -> float:
    """How often a study of this design supports the claim, with normal effects of these spreads.

    Raises:
        ValueError: fewer than two seeds or tracks.
    """
    if min(design.seeds, design.tracks) < 2:  # noqa: PLR2004
        raise ValueError(f"{design} has no spread to test against")
    rng = np.random.default_rng([seed, design.seeds, design.tracks])
    values = (
        question.effect
        + spreads.track * rng.standard_normal((STUDIES, 1, design.tracks))
        + spreads.seed * rng.standard_normal((STUDIES, design.seeds, 1))
        + spreads.rest * rng.standard_normal((STUDIES, design.seeds, design.tracks))
    )
    return float(question.shown(values.mean((1, 2)), *errors(values)).mean())


def smallest(
    question: Question, spreads: Spreads, seeds: Iterable[int], seed: int
) -> list[tuple[Design, float]]:
    """For each number of seeds, the fewest tracks that decide often enough, and how often that is.

    Numbers of seeds that need more than MOST tracks are left out.
    """
    found = []
    for count in seeds:
        if power(question, spreads, Design(count, MOST), seed) < WANTED:
            continue
        low, high = 2, MOST  # more tracks give more power, so bisect
        while low < high:
            middle = (low + high) // 2
            enough = power(question, spreads, Design(count, middle), seed) >= WANTED
            low, high = (low, middle) if enough else (middle + 1, high)
        design = Design(count, low)
        found.append((design, power(question, spreads, design, seed)))
    return found
