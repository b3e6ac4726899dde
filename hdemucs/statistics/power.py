"""How many tracks and seeds would decide a claim, by simulation of the whole test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from hdemucs.statistics.estimates import Number, Spreads, errors

STUDIES = 400  # simulated a design: the power is known to about 2 percentage points
WANTED = 0.8  # probability of deciding for a claim that is true (Cohen, 1988: the custom)
MOST = 400  # tracks; a study of more is not proposed


@dataclass(frozen=True)
class Design:
    """A study: so many trainings of either row, scored on so many tracks."""

    seeds: int
    tracks: int


@dataclass(frozen=True)
class Question:
    """What is to be shown, where the truth is `effect`: more than 0, or within +-margin."""

    effect: float  # dB
    margin: float | None  # None: the claim is "more"
    alpha: float  # two-sided

    def shown(self, mean: np.ndarray, error: Number, freedom: Number) -> np.ndarray:
        """Which of many studies support the claim."""
        reach = stats.t.ppf(1 - self.alpha / 2, freedom) * error
        if self.margin is None:
            return np.asarray(mean - reach > 0)
        return np.asarray(np.abs(mean) + reach < self.margin)


@cache
def power(question: Question, spreads: Spreads, design: Design, seed: int) -> float:
    """How often a study of this design supports the claim, its effects normal as the spreads say.

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
    """For each number of seeds, the fewest tracks that decide often enough, and how often.

    A number of seeds with which no count of tracks up to MOST does is left out.
    """
    found = []
    for count in seeds:
        if power(question, spreads, Design(count, MOST), seed) < WANTED:
            continue
        low, high = 2, MOST  # more tracks, more power: halve the interval
        while low < high:
            middle = (low + high) // 2
            enough = power(question, spreads, Design(count, middle), seed) >= WANTED
            low, high = (low, middle) if enough else (middle + 1, high)
        design = Design(count, low)
        found.append((design, power(question, spreads, design, seed)))
    return found
