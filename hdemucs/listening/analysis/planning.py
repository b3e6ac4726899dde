"""How many listeners a test needs, for intervals of a given width or differences of a given size.

The variance of a mean is the listeners' variance over their number, plus the excerpts' over theirs,
plus the residual over the number of ratings. A difference of two systems only has the parts that
the systems do not share (Gao and Owen 2017). More listeners cannot make up for few excerpts; the
plan says where that limit is.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import t as student

from hdemucs.errors import UserError

MOST = 5000  # listeners up to which a search goes
POWER = 0.8
CURE = "give the variance.csv of `hdemucs listen analyse`"


@dataclass(frozen=True)
class Parts:
    """Variances of ratings by their causes, and where these numbers come from."""

    listener: float
    excerpt: float
    listener_system: float
    excerpt_system: float
    residual: float
    origin: str

    @property
    def total(self) -> float:
        own = (self.listener, self.excerpt, self.listener_system, self.excerpt_system)
        return sum(own) + self.residual

    def scaled(self, total: float, origin: str) -> Parts:
        """The same shares of another total variance."""
        by = total / self.total
        return Parts(
            by * self.listener,
            by * self.excerpt,
            by * self.listener_system,
            by * self.excerpt_system,
            by * self.residual,
            origin,
        )


# From the ratings of the SiSEC 2008 listening test (14 listeners, 9 systems, 14 items).
MUSHRA = Parts(14.0, 117.0, 7.5, 72.0, 83.0, "the SiSEC 2008 listening test")
# Section 5.6 of the paper: cells of Tables 4 and 5 are certain to about 0.15. That is the standard
# error of some 54 ratings with a deviation of 1.1 points; the shares are those of MUSHRA ratings.
MOS = MUSHRA.scaled(1.1**2, "the paper's Tables 4 and 5 (0.15 a cell), in shares of SiSEC 2008")
ASSUMED = {"mushra": MUSHRA, "mos": MOS}


@dataclass(frozen=True)
class Design:
    """The data of one column of a table."""

    excerpts: int
    each: float  # ratings of one system by each listener in this column
    sources: int = 1  # sources of the excerpts: each takes a degree of freedom

    def freedom(self, listeners: int) -> int:
        """Degrees of freedom of the interval over listeners and excerpts."""
        return min(listeners - 1, self.excerpts - self.sources)


def error(parts: Parts, design: Design, listeners: int, *, difference: bool) -> float:
    """Standard error of a system's mean, or of the difference of two systems."""
    ratings = max(1.0, listeners * design.each)
    heard = min(design.excerpts, ratings)  # with few ratings, few excerpts are heard
    if difference:
        own = parts.listener_system / listeners + parts.excerpt_system / heard
        return float(np.sqrt(2 * (own + parts.residual / ratings)))
    listener = (parts.listener + parts.listener_system) / listeners
    excerpt = (parts.excerpt + parts.excerpt_system) / heard
    return float(np.sqrt(listener + excerpt + parts.residual / ratings))


def half_width(
    parts: Parts, design: Design, listeners: int, confidence: float, *, difference: bool
) -> float:
    """Half-width of the interval over listeners and excerpts, as in the analysis."""
    freedom = design.freedom(listeners)
    if freedom < 1:
        return float("inf")
    spread = error(parts, design, listeners, difference=difference)
    return spread * float(student.ppf(0.5 + confidence / 2, freedom))


def detectable(parts: Parts, design: Design, listeners: int, confidence: float) -> float:
    """The true difference of two systems that is found significant in four of five tests."""
    freedom = design.freedom(listeners)
    if freedom < 1:
        return float("inf")
    needed = student.ppf([0.5 + confidence / 2, POWER], freedom).sum()
    return float(needed * error(parts, design, listeners, difference=True))


def listeners_for(
    parts: Parts, design: Design, confidence: float, *, half: float | None, gap: float | None
) -> int | None:
    """The fewest listeners for a half-width, or for finding a difference; None if no number will
    do.
    """
    for listeners in range(2, MOST + 1):
        if half is not None:
            reached = half_width(parts, design, listeners, confidence, difference=False) <= half
        else:
            reached = detectable(parts, design, listeners, confidence) <= (gap or 0.0)
        if reached:
            return listeners
    return None


def pilot(path: Path, kind: str, attribute: str) -> Parts:
    """The variances of a pilot's ratings.

    Raises:
        UserError: the file is missing, or has no ratings of this set and attribute.
    """
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as problem:
        raise UserError(path, "cannot be read", CURE) from problem
    found = {
        row["part"]: float(row["variance"])
        for row in rows
        if (row.get("set"), row.get("attribute")) == (kind, attribute)
    }
    names = ("listener", "excerpt", "listener x system", "excerpt x system")
    if not {*names, "residual"} <= set(found):
        raise UserError(path, f"has no variances of {kind} {attribute}", CURE)
    rest = found["residual"] + found.get("listener x excerpt", 0.0)
    listener, excerpt, listener_system, excerpt_system = (found[name] for name in names)
    return Parts(listener, excerpt, listener_system, excerpt_system, rest, str(path))
