"""The output of `hdemucs listen plan`: listeners needed for an interval or for a difference."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from hdemucs.config.listening import ListeningConfig
from hdemucs.listening.analysis.planning import (
    POWER,
    Design,
    Parts,
    detectable,
    half_width,
    listeners_for,
)

PANELS = (10, 20, 40, 80, 160)
USUAL = 20  # ratings per item (BS.1534-3, 4.1: "no more than 20 assessors are often sufficient")


@dataclass(frozen=True)
class Wanted:
    """What the experimenter wants; None: not asked."""

    half: float | None
    gap: float | None
    confidence: float


@dataclass(frozen=True)
class Test:
    """What one listener of a set rates."""

    __test__ = False  # otherwise pytest collects it

    kind: str  # mushra or mos
    items: int  # number of MUSHRA trials or MOS clips
    held: int  # how many of these are in one session
    pooled: Design
    source: Design


def plan_of(config: ListeningConfig, kind: str, excerpts: int, sources: int) -> Test:
    """The set `kind`, with this many excerpts and sources."""
    if kind == "mushra":
        each = max(1, (config.mushra.trials - config.mushra.replicates) // 2)
        held, items, given = min(each, excerpts), excerpts, float(min(each, excerpts))
    else:
        conditions = 1 + len(config.systems)
        items = excerpts * conditions
        held = min(config.mos.clips, items)
        given = held / conditions
    pooled = Design(excerpts, given, sources)
    return Test(kind, items, held, pooled, Design(max(1, excerpts // sources), given / sources))


def plan_text(test: Test, parts: Parts, wanted: Wanted) -> str:
    return "\n".join(
        [*head(test, parts), "", *panels(test, parts, wanted), "", *answers(test, parts, wanted)]
    )


def head(test: Test, parts: Parts) -> Iterator[str]:
    sessions = math.ceil(test.items / test.held)
    what = "excerpts (both questions)" if test.kind == "mushra" else "clips"
    yield f"{test.kind}: {test.items} {what}, {test.held} of them in a session."
    yield (
        f"Each is in one of {sessions} sessions: {USUAL} ratings of each need {USUAL * sessions} "
        "listeners."
    )
    yield f"Variances: {parts.origin}; standard deviation of a rating {math.sqrt(parts.total):.2g}."


def panels(test: Test, parts: Parts, wanted: Wanted) -> Iterator[str]:
    """One line for each size of the panel."""
    level = f"{wanted.confidence:.0%}"
    yield f"Half-widths of {level} intervals over listeners and excerpts, and the difference of two"
    yield f"systems that is found significant in {POWER:.0%} of such tests:"
    yield f"{'listeners':>10} {'mean':>8} {'a source':>9} {'difference':>11} {'found from':>11}"
    for listeners in PANELS:
        numbers = (
            half_width(parts, test.pooled, listeners, wanted.confidence, difference=False),
            half_width(parts, test.source, listeners, wanted.confidence, difference=False),
            half_width(parts, test.pooled, listeners, wanted.confidence, difference=True),
            detectable(parts, test.pooled, listeners, wanted.confidence),
        )
        shown = (f"{number:.2f}" if math.isfinite(number) else "-" for number in numbers)
        yield f"{listeners:>10} " + " ".join(
            text.rjust(width) for text, width in zip(shown, (8, 9, 11, 11), strict=True)
        )


def answers(test: Test, parts: Parts, wanted: Wanted) -> Iterator[str]:
    """The answers to what was asked."""
    asked = {
        f"a half-width of {wanted.half}": (wanted.half, None),
        f"finding a difference of {wanted.gap}": (None, wanted.gap),
    }
    for what, (half, gap) in asked.items():
        if half is None and gap is None:
            continue
        for name, design in (("all sources pooled", test.pooled), ("one source", test.source)):
            found = listeners_for(parts, design, wanted.confidence, half=half, gap=gap)
            if found is None:
                yield (
                    f"For {what}, {name}: no number of listeners is enough with {design.excerpts} "
                    "excerpts; raise excerpts.per_source"
                )
            else:
                yield f"For {what}, {name}: {found} listeners"
