"""Whether the paper's numbers were reproduced, cell by cell, and the reasons.

A cell is reproduced if one of our systems, made and scored under the paper's conditions, is within
the configuration's margin, which is the spread of trainings that differ in their seed only. If any
condition differs, the verdict is "other conditions". Numbers on other data are not even shown
beside the paper's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hdemucs.config.report import ReportConfig
from hdemucs.evaluation.aggregation import ALL, MEDIANS
from hdemucs.report.conditions import other_data, other_training
from hdemucs.report.evidence import margin, matrix, signed
from hdemucs.report.published import COLUMNS, Published
from hdemucs.report.results import SHOWN, Results, Row, numbers
from hdemucs.report.runs import RunFacts
from hdemucs.statistics.intervals import Interval, median_interval
from hdemucs.tables import Strong, Table

REPRODUCED, NOT = "reproduced", "not reproduced"
OTHER, MISSING = "other conditions", "not run"
STATES = (REPRODUCED, NOT, OTHER, MISSING)

PAPER = "arXiv 2111.03600v3"
OUT_OF_REACH = {
    "T1": "the challenge's hidden test set is not available",
    "T2": "the challenge's hidden test set and the extra training data are not available",
    "T4": "listeners rated; see the listening test's own page",
    "T5": "listeners rated; see the listening test's own page",
}


@dataclass(frozen=True)
class Cell:
    """One number of the paper beside ours; None where the two must not be compared."""

    published: Published
    source: str
    row: Row | None
    ours: float | None
    interval: Interval | None  # of our number, over tracks
    state: str
    reasons: tuple[str, ...]  # why there is no verdict; empty where there is one
    basis: tuple[str, ...] = ()  # what our number rests on

    @property
    def paper(self) -> float:
        return self.published.scores[self.source]


def cells(results: Results, published: Mapping[str, Published]) -> list[Cell]:
    """Every cell of the paper's tables, in order, then those of other published rows that were run.

    A published row has its cells once for each of our rows that repeats it: one that was trained
    here, and one with the authors' own weights.
    """
    rows: dict[str, list[Row | None]] = {}
    for row in results.models:
        for key in row.config.published if row.config else ():
            rows.setdefault(key, []).append(row)
    entries = [
        entry for entry in published.values() if entry.source.startswith(PAPER) or entry.key in rows
    ]
    return [
        cell(results, entry, row, source)
        for entry in entries
        for row in rows.get(entry.key, [None])
        for source in COLUMNS
    ]


def cell(results: Results, entry: Published, row: Row | None, source: str) -> Cell:
    """The verdict on one number."""
    if row is None:
        return Cell(entry, source, None, None, None, MISSING, (why_not_run(results, entry),))
    given = (seeds(row),) if others(row) else ()
    data = list(other_data(results, entry))
    if data:
        return Cell(entry, source, row, None, None, OTHER, tuple(data), given)
    value = numbers(row, "SDR", MEDIANS)[source]
    interval = interval_of(results, row, source)
    reasons = tuple(other_training(row, entry))
    if reasons:
        return Cell(entry, source, row, value, interval, OTHER, reasons, given)
    near = abs(value - entry.scores[source]) <= margin(results.config, source)
    state = REPRODUCED if near else NOT
    rests = (spread(results.config, source, row),)
    return Cell(entry, source, row, value, interval, state, (), rests)


def spread(config: ReportConfig, source: str, row: Row) -> str:
    """The basis of the verdict on a comparable cell."""
    return f"margin {margin(config, source):g} dB (spread between seeds); {seeds(row)}"


def seeds(row: Row) -> str:
    """A row's seeds, such as "2 trained systems, seeds 42, 43"; or whose weights or estimates it
    has.
    """
    if given := others(row):
        return f"released weights or estimates: {'; '.join(given)}"
    listed = ", ".join(map(str, row.seeds)) or "unknown"
    return f"{len(row.systems)} trained system{'s' if len(row.systems) > 1 else ''}, seeds {listed}"


def others(row: Row) -> list[str]:
    """The parts of a row that were not trained here: whose, which file, which digest."""
    return [str(run) for runs in row.runs for run in runs if not isinstance(run, RunFacts)]


def why_not_run(results: Results, entry: Published) -> str:
    """Why no system of ours is compared with a published row."""
    if entry.table in OUT_OF_REACH:
        return OUT_OF_REACH[entry.table]
    if entry.models is None:
        return "another group's system, which the paper quotes"
    asked = [row.label for row in results.config.rows if entry.key in row.published]
    if asked:
        return f"{asked[0]} has no scores"
    return "no row of this study repeats it"


def interval_of(results: Results, row: Row, source: str) -> Interval:
    """The interval of our number, over tracks."""
    sources = results.sources if source == ALL else (source,)
    scores = np.stack([matrix(row, "SDR", one).mean(0) for one in sources])
    return median_interval(scores, results.config.interval)


def beside(results: Results, judged: list[Cell]) -> Table:
    """Our numbers beside the paper's, in the cells where both may be shown."""
    lines = [
        {
            "Table": one.published.table,
            "Row": one.published.label,
            "Our row": one.row.label if one.row else None,
            "Source": SHOWN[one.source],
            "Paper": one.paper,
            "Ours": one.ours,
            "Difference": difference(one),
            "Verdict": Strong(one.state) if one.state in (REPRODUCED, NOT) else one.state,
        }
        for one in judged
        if one.ours is not None
    ]
    frame = pd.DataFrame(lines)
    return Table("beside", "Our numbers beside the paper's", frame, notes(results))


def basis(judged: list[Cell]) -> Table:
    """The basis of the verdict on each row that was run: one line per row of the paper."""
    lines = [
        {
            "Table": entry.table,
            "Row": entry.label,
            "Ours": row.label,
            "Verdict": counted([c for c in judged if c.published is entry and c.row is row]),
            "Rests on, or differs in": "; ".join(reasons),
        }
        for entry, row, reasons in run(judged)
    ]
    return Table("basis", "What each verdict rests on", pd.DataFrame(lines), ())


def run(judged: list[Cell]) -> Iterator[tuple[Published, Row, tuple[str, ...]]]:
    """The paper's rows that a row of ours repeats, with the reasons of the first cell."""
    for one in judged:
        if one.row is not None and one.source == COLUMNS[0]:
            yield one.published, one.row, (*one.reasons, *one.basis)


def counted(cells: list[Cell]) -> str:
    """Counts of verdicts in words, such as "4 reproduced, 1 not reproduced"."""
    states = [one.state for one in cells]
    return ", ".join(f"{states.count(state)} {state}" for state in STATES if state in states)


def missing(judged: list[Cell]) -> Table:
    """The paper's rows without a row of ours, each with the reason."""
    lines = [
        {"Table": one.published.table, "Row": one.published.label, "Why": one.reasons[0]}
        for one in judged
        if one.row is None and one.source == COLUMNS[0]
    ]
    title = f"{len(lines)} rows of the paper without one of ours beside them"
    return Table("missing", title, pd.DataFrame(lines), ())


def table(results: Results, judged: list[Cell]) -> Table:
    """Every cell with its verdict and reasons, as data."""
    lines = [
        {
            "Table": one.published.table,
            "Row": one.published.label,
            "Our row": one.row.label if one.row else None,
            "Source": SHOWN[one.source],
            "Metric": one.published.metric,
            "Paper": one.paper,
            "Ours": one.ours,
            "Difference": difference(one),
            "Verdict": one.state,
            "Reasons": "; ".join([*one.reasons, *one.basis]),
        }
        for one in judged
    ]
    title = "The paper's numbers and ours"
    return Table("reproduction", title, pd.DataFrame(lines), notes(results))


def notes(results: Results) -> tuple[str, ...]:
    """Notes on what the numbers are and what the verdicts mean."""
    level = f"{100 * results.config.interval.level:.0f} %"
    return (
        f"Paper: {PAPER}; metric and aggregation as there. Difference: ours minus the paper's, "
        f"with the {level} interval of ours over test tracks.",
        f"Reproduced: within {results.config.margin.all:g} dB over all sources or "
        f"{results.config.margin.source:g} dB for one, which is how far trainings of the same "
        "recipe lie apart when only the seed differs.",
        "Numbers on other data are not shown beside the paper's: they are no comparison.",
    )


def difference(one: Cell) -> str | None:
    """A difference such as +0.10 [-0.40, +0.60]; None if the numbers are not compared."""
    if one.ours is None or one.interval is None:
        return None
    middle = signed(one.ours - one.paper)
    if not np.isfinite(one.interval.low):
        return f"{middle} ({one.interval.method})"
    low, high = (signed(bound - one.paper) for bound in (one.interval.low, one.interval.high))
    return f"{middle} [{low}, {high}]"


def summary(judged: list[Cell]) -> Table:
    """How many cells of each table have which verdict."""
    tables = list(dict.fromkeys(one.published.table for one in judged))
    lines = [
        {"Table": name, "Cells": sum(one.published.table == name for one in judged)}
        | {
            state: sum(one.published.table == name and one.state == state for one in judged)
            for state in STATES
        }
        for name in tables
    ]
    note = "Each cell with its reasons: reproduction.html."
    return Table("verdict", "Verdict on the paper, by table", pd.DataFrame(lines), (note,))
