"""Decide claims from paired differences: of more, or of no difference, and several together.

Every decision of the report is made here: the verdicts on the paper's claims, and which
differences its tables print in bold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from hdemucs.statistics.estimates import Estimate


class Word(StrEnum):
    """What the evidence says about a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Test:
    """One-sided p values of a claim and of its opposite; a small one supports it."""

    __test__ = False  # pytest collects classes of this name

    claim: float
    contrary: float

    @property
    def p(self) -> float:
        """The two-sided p value: either direction may turn out."""
        return min(1.0, 2 * min(self.claim, self.contrary))


@dataclass(frozen=True)
class Decision:
    """The verdict on one claim, and its p value, corrected for all claims made together."""

    word: Word
    p: float


def of_more(found: Estimate) -> Test:
    """Test the claim that the true mean difference is above zero; the opposite is below."""
    return Test(found.p_above(0.0), found.p_below(0.0))


def of_no_difference(found: Estimate, margin: float) -> Test:
    """Test the claim that the true mean difference is within +-margin; the opposite is outside.

    Two one-sided tests: Schuirmann, "A comparison of the two one-sided tests procedure and the
    power approach", Journal of Pharmacokinetics and Biopharmaceutics 15 (1987).

    Raises:
        ValueError: the margin is not positive.
    """
    if not margin > 0:
        raise ValueError(f"an equivalence needs a positive margin, not {margin}")
    within = max(found.p_above(-margin), found.p_below(margin))
    beyond = min(found.p_above(margin), found.p_below(-margin))
    return Test(within, beyond)


def holm(ps: Sequence[float]) -> list[float]:
    """P values, corrected for all tests that are made together.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6 (1979).
    """
    values = np.asarray(ps, float)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(p) for p in adjusted]


def decided(tests: Sequence[Test], level: float) -> list[Decision]:
    """Decide every test, so that all decisions are right with a probability of at least `level`
    (Holm).
    """
    adjusted = holm([test.p for test in tests])
    return [Decision(word(t, p, level), p) for t, p in zip(tests, adjusted, strict=True)]


def word(test: Test, p: float, level: float) -> Word:
    if p >= 1 - level:
        return Word.UNDECIDED
    return Word.SUPPORTED if test.claim < test.contrary else Word.CONTRADICTED
