"""How reliable the tables' differences are: paired comparisons, and the ranking's stability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from jaxtyping import Float

from hdemucs.config.report import ReportConfig
from hdemucs.evaluation.aggregation import ALL, MEDIANS
from hdemucs.report.results import Results, Row, track_scores
from hdemucs.report.scores import heading, name_of, notes
from hdemucs.statistics.decisions import Word, decided, holm, of_more
from hdemucs.statistics.differences import Difference, compared, paired
from hdemucs.statistics.estimates import MANY_SEEDS, Estimate, Paired, estimate
from hdemucs.statistics.intervals import median_of_scored
from hdemucs.tables import Cell, Strong, Table

MINUS = "\N{MINUS SIGN}"

Pair = tuple[frozenset[str], str]  # two rows by their names, and a source
Differing = Mapping[Pair, bool]  # whether they were found to differ


def matrix(row: Row, metric: str, source: str) -> Float[np.ndarray, "seed track"]:
    """A row's score for every track; "all" is the mean over the track's sources."""
    scores = track_scores(row, metric)
    if source != ALL:
        scores = scores[scores["source"] == source]
    by = scores.groupby(["system", "track"], sort=True)["score"].agg(lambda s: s.mean(skipna=False))
    wide = by.unstack("track").loc[[system.name for system in row.systems]]
    return wide.to_numpy(float)


def margin(config: ReportConfig, source: str) -> float:
    """The smallest difference that counts, in dB: that of trainings that differ in the seed."""
    return config.margin.all if source == ALL else config.margin.source


def tested(values: Paired, source: str, config: ReportConfig) -> Estimate:
    """The mean of differences [seed, track], with an error that includes the spread between
    trainings.

    With three or more trainings per row, that spread is estimated. With fewer it is assumed, since
    decisions are about recipes and not about two sets of weights.
    """
    found = estimate(values)
    if len(values) >= MANY_SEEDS:
        return found
    error = (found.error**2 + between_trainings(source, config) ** 2 / len(values)) ** 0.5
    return replace(found, error=error, method=f"{found.method}, spread between trainings assumed")


def between_trainings(source: str, config: ReportConfig) -> float:
    """The assumed standard deviation, in dB, of the difference between two trainings."""
    return float(2**0.5 * margin(config, source))


@dataclass(frozen=True)
class Comparison:
    """The comparison of one row with its baseline, for one source."""

    row: Row
    baseline: Row
    source: str
    difference: Difference
    frames: int  # in which both have a score
    adjusted: float  # p value, corrected by Holm's method over the whole table
    differs: bool  # decided by the same test as the paper's claims


def comparisons(
    results: Results, decided_before: Differing | None = None, metric: str = "SDR"
) -> list[Comparison]:
    """Compare every row that has a baseline with it, for every source and for all together.

    `decided_before` has decisions on two rows that were made for one of the paper's claims; they
    are kept. All others are decided together, by the same test.
    """
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
    differing = differ(results, [each[:3] for each in found], decided_before or {}, metric)
    return [
        Comparison(
            row=row,
            baseline=baseline,
            source=source,
            difference=difference,
            frames=common(row, baseline, metric, source),
            adjusted=p,
            differs=differing[pair(row.name, baseline.name, source)],
        )
        for (row, baseline, source, difference), p in zip(found, adjusted, strict=True)
    ]


def pair(row: str, baseline: str, source: str) -> Pair:
    return frozenset((row, baseline)), source


def differ(
    results: Results, asked: Sequence[tuple[Row, Row, str]], before: Differing, metric: str
) -> Differing:
    """Whether the rows of each pair differ: as decided before, or now for all the others."""
    values = {
        pair(row.name, baseline.name, source): paired(
            matrix(row, metric, source), matrix(baseline, metric, source)
        )
        for row, baseline, source in asked
    }
    new = {key: each for key, each in values.items() if key not in before and each.shape[1] > 1}
    tests = [of_more(tested(each, key[1], results.config)) for key, each in new.items()]
    words = decided(tests, results.config.interval.level)
    found = {key: one.word is not Word.UNDECIDED for key, one in zip(new, words, strict=True)}
    return dict.fromkeys(values, False) | found | dict(before)


def common(row: Row, baseline: Row, metric: str, source: str) -> int:
    """The number of frames, over all tracks, in which both have a score; of the first seeds."""
    total = 0
    for one, two in zip(row.systems[0].tracks, baseline.systems[0].tracks, strict=True):
        name = next(iter(one.sources)) if source == ALL else source
        a, b = (t.sources[name].frames.get(metric, np.array([])) for t in (one, two))
        total += int((~np.isnan(a) & ~np.isnan(b)).sum())
    return total


def signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", MINUS)


BOLD = (
    "that is the word on the paper's claim where one is about these two rows and this source, and "
    "the same test, which knows the spread between trainings, for all other differences together "
    "(Holm)."
)


def spanned(difference: Difference, *, strong: bool) -> Cell:
    """A difference such as +0.31 [+0.12, +0.52], in bold if `strong`."""
    interval = difference.interval
    if not np.isfinite(interval.low):
        return f"{signed(difference.mean)} (one track: no interval)"
    text = f"{signed(difference.mean)} [{signed(interval.low)}, {signed(interval.high)}]"
    text = text if difference.shown else f"{text} (holds 0)"
    return Strong(text) if strong else text


def differences(results: Results, found: list[Comparison]) -> Table:
    """Every paired difference with its interval, test and effect size."""
    level = f"{100 * results.config.interval.level:.0f} %"
    lines = [
        {
            "Row": name_of(one.row),
            "Baseline": one.baseline.label,
            "Source": heading(one.source),
            f"Δ SDR, dB [{level} interval]": spanned(one.difference, strong=one.differs),
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
        f"bold only where it is decided; {BOLD}",
        f"Wilcoxon signed-rank over tracks, two-sided; Holm's correction over the {len(found)} "
        "tests of this table; effect: matched-pairs rank-biserial correlation.",
        "With fewer than 3 seeds the intervals hold for these trained models, not for the recipe: "
        "the spread between trainings is not in them.",
    )
    title = "Paired differences to each row's baseline"
    basis = notes(results, "SDR", MEDIANS)[1:]
    return Table("differences", title, pd.DataFrame(lines), (*ways, *basis))


def ranks(scores: Float[np.ndarray, "row source track"]) -> Float[np.ndarray, " row"]:
    """The rank of each row, 1 for the best, by the mean over sources of the median over tracks."""
    numbers = median_of_scored(scores).mean(-1)
    return 1.0 + np.array([(numbers > one).sum() for one in numbers])


def stability(results: Results) -> Table:
    """How the ranking changes without each track; of rows not trained on the test songs."""
    rows = [row for row in results.models if not row.leaks]
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
