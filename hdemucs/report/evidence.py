"""How much the tables' differences can be trusted: paired comparisons, and the ranking's hold."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from jaxtyping import Float

from hdemucs.evaluation.aggregation import ALL, MEDIANS
from hdemucs.report.results import Results, Row, track_scores
from hdemucs.report.scores import heading, name_of, notes
from hdemucs.statistics.decisions import holm
from hdemucs.statistics.differences import Difference, compared
from hdemucs.statistics.intervals import median_of_scored
from hdemucs.tables import Cell, Strong, Table

MINUS = "\N{MINUS SIGN}"


def matrix(row: Row, metric: str, source: str) -> Float[np.ndarray, "seed track"]:
    """A row's scores of every track; for "all", the mean of the track's sources."""
    scores = track_scores(row, metric)
    if source != ALL:
        scores = scores[scores["source"] == source]
    by = scores.groupby(["system", "track"], sort=True)["score"].agg(lambda s: s.mean(skipna=False))
    wide = by.unstack("track").loc[[system.name for system in row.systems]]
    return wide.to_numpy(float)


@dataclass(frozen=True)
class Comparison:
    """One row against its baseline, for one source."""

    row: Row
    baseline: Row
    source: str
    difference: Difference
    frames: int  # that both have a score in
    adjusted: float  # p, corrected by Holm over the whole table


def comparisons(results: Results, metric: str = "SDR") -> list[Comparison]:
    """Every row with a baseline that was run, every source and all of them."""
    rows = {row.name: row for row in results.rows}
    asked = [
        (row, rows[row.config.baseline], source)
        for row in results.models
        if row.config and row.config.baseline in rows and not rows[row.config.baseline].leaks
        for source in (ALL, *results.sources)
    ]
    found = [
        (row, baseline, source, difference)
        for row, baseline, source in asked
        if (
            difference := compared(
                matrix(row, metric, source),
                matrix(baseline, metric, source),
                results.config.interval,
            )
        )
    ]
    adjusted = holm([difference.p for *_, difference in found])
    return [
        Comparison(row, baseline, source, difference, common(row, baseline, metric, source), p)
        for (row, baseline, source, difference), p in zip(found, adjusted, strict=True)
    ]


def common(row: Row, baseline: Row, metric: str, source: str) -> int:
    """Frames in which both have a score, over all tracks; of the first seeds."""
    total = 0
    for one, two in zip(row.systems[0].tracks, baseline.systems[0].tracks, strict=True):
        name = next(iter(one.sources)) if source == ALL else source
        a, b = (t.sources[name].frames.get(metric, np.array([])) for t in (one, two))
        total += int((~np.isnan(a) & ~np.isnan(b)).sum())
    return total


def signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", MINUS)


def spanned(difference: Difference) -> Cell:
    """+0.31 [+0.12, +0.52], strong only where the interval excludes zero."""
    interval = difference.interval
    if not np.isfinite(interval.low):
        return f"{signed(difference.mean)} (one track: no interval)"
    text = f"{signed(difference.mean)} [{signed(interval.low)}, {signed(interval.high)}]"
    return Strong(text) if difference.shown else f"{text} (holds 0)"


def differences(results: Results, found: list[Comparison]) -> Table:
    """Every paired difference with its interval, test and effect."""
    level = f"{100 * results.config.interval.level:.0f} %"
    lines = [
        {
            "Row": name_of(one.row),
            "Baseline": one.baseline.label,
            "Source": heading(one.source),
            f"Δ SDR, dB [{level} interval]": spanned(one.difference),
            "p (Wilcoxon)": f"{one.difference.p:.3g}",
            "p (Holm)": f"{one.adjusted:.3g}",
            "Effect": one.difference.effect,
            "Tracks": one.difference.tracks,
            "Frames": one.frames,
            "Seeds": one.difference.seeds,
            "Interval": one.difference.interval.method,
        }
        for one in found
    ]
    ways = (
        "Δ: row minus baseline, mean over tracks (and seeds) of each track's median-of-frames SDR; "
        "bold only where the interval excludes zero.",
        f"Wilcoxon signed-rank over tracks, two-sided; Holm's correction over the {len(found)} "
        "tests of this table; effect: matched-pairs rank-biserial correlation.",
        "With fewer than 3 seeds the intervals hold for these trained models, not for the recipe: "
        "the spread between trainings is not in them.",
    )
    title = "Paired differences to each row's baseline"
    basis = notes(results, "SDR", MEDIANS)[1:]
    return Table("differences", title, pd.DataFrame(lines), (*ways, *basis))


def ranks(scores: Float[np.ndarray, "row source track"]) -> Float[np.ndarray, " row"]:
    """Place of each row, 1 the best, by the mean over sources of the median over tracks."""
    numbers = median_of_scored(scores).mean(-1)
    return 1.0 + np.array([(numbers > one).sum() for one in numbers])


def stability(results: Results) -> Table:
    """The ranking of the trained rows when each track in turn is left out."""
    rows = results.models
    scores = np.stack(
        [[matrix(row, "SDR", source).mean(0) for source in results.sources] for row in rows]
    )
    whole = ranks(scores)
    count = scores.shape[-1]
    without = np.stack([ranks(np.delete(scores, t, axis=-1)) for t in range(count)])
    lines = [
        {
            "Row": name_of(rows[i]),
            "Place": int(whole[i]),
            "Best place": int(without[:, i].min()),
            "Worst place": int(without[:, i].max()),
            "Same place in": f"{int((without[:, i] == whole[i]).sum())} of {count}",
        }
        for i in np.argsort(whole, kind="stable")
    ]
    order = list(np.argsort(whole, kind="stable"))
    swaps = [
        f"{rows[a].label} / {rows[b].label}"
        for a, b in pairwise(order)
        if (without[:, a] > without[:, b]).any()
    ]
    remark = f"Neighbours that change places: {'; '.join(swaps) or 'none'}."
    title = "The ranking by SDR (All) with each test track left out in turn"
    basis = notes(results, "SDR", MEDIANS)
    return Table("stability", title, pd.DataFrame(lines), (remark, *basis))
