"""Aggregate the scores of frames to one number, in the ways of published work.

A track's score is the median (or mean) over its frames that have one; a system's is the median (or
mean) over tracks that have one; "all" is the mean over sources of the system's scores. Metrics of
the whole track (nSDR, SI-SDR) have no frames. museval and SiSEC 2018 use medians both times, and so
do the paper's tables; nSDR is averaged over songs (Music Demixing Challenge 2021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from hdemucs.evaluation.systems import SUMMARY, System, load_system
from hdemucs.files import write_json
from hdemucs.metrics.museval_json import FRAMEWISE, WHOLE, SourceScores
from hdemucs.metrics.signals import LIMIT

ALL = "all"
LISTED = ("sdr", "nsdr")  # metrics that DVC lists

Values = Float[np.ndarray, " value"]
Average = Callable[[Values], float]


def median(values: Values) -> float:
    """The median of the values that are not NaN; NaN if there are none."""
    kept = values[~np.isnan(values)]
    return float(np.median(kept)) if len(kept) else float("nan")


def mean(values: Values) -> float:
    """The mean of the values that are not NaN; NaN if there are none."""
    kept = values[~np.isnan(values)]
    return float(np.mean(kept)) if len(kept) else float("nan")


@dataclass(frozen=True)
class Aggregation:
    """A way to aggregate frames to tracks, and tracks to one number."""

    name: str  # as in tables
    frames: Average
    tracks: Average


MEDIANS = Aggregation("median of frames, median of tracks", median, median)
MEAN_OF_MEDIANS = Aggregation("median of frames, mean of tracks", median, mean)
MEANS = Aggregation("mean of frames, mean of tracks", mean, mean)
SONGS = Aggregation("whole track, mean of tracks", mean, mean)

FRAMED = (MEDIANS, MEAN_OF_MEDIANS, MEANS)


def usual(metric: str) -> Aggregation:
    """The aggregation of a metric in published work."""
    return MEDIANS if metric in FRAMEWISE else SONGS


def ways_of(metric: str) -> tuple[Aggregation, ...]:
    """All aggregations of a metric in reports, the usual one first."""
    return FRAMED if metric in FRAMEWISE else (SONGS,)


def tidy(system: System) -> pd.DataFrame:
    """Every score of every track, as one table from which all numbers are aggregated.

    Columns: system, track, source, metric, average (of frames: its name), score, frames, used
    (number of frames that have a score).
    """
    rows = [
        {
            "system": system.name,
            "track": track.track,
            "source": source,
            "metric": metric,
            "average": average.__name__,
            **track_score(scores, average, metric),
        }
        for metric in metrics_of([system])
        for average in dict.fromkeys(way.frames for way in ways_of(metric))
        for track in system.tracks
        for source, scores in track.sources.items()
    ]
    return pd.DataFrame(rows)


def track_score(scores: SourceScores, average: Average, metric: str) -> dict[str, Any]:
    """One track's score for one source, and the number of frames behind it."""
    if metric in WHOLE:
        return {"score": scores.whole.get(metric, float("nan")), "frames": 1, "used": 1}
    values = scores.frames.get(metric, np.array([]))
    used = int((~np.isnan(values)).sum())
    return {"score": average(values), "frames": len(values), "used": used}


def totals(scores: pd.DataFrame) -> pd.DataFrame:
    """The numbers of systems in dB, from their tidy scores: one column per source, and "all".

    The index is system, metric and aggregation (its name). A number at LIMIT is a bound and not a
    score, so it becomes NaN. "all" is the mean over sources, and NaN if any source has no number.
    """
    lines: dict[tuple[str, ...], dict[str, float]] = {}
    for (system, metric), own in scores.groupby(["system", "metric"], sort=False):
        for way in ways_of(str(metric)):
            chosen = own[own["average"].eq(way.frames.__name__)]
            values = {
                str(source): scored(way.tracks(part["score"].to_numpy(float)))
                for source, part in chosen.groupby("source", sort=False)
            }
            whole = {ALL: float(np.mean(list(values.values()))), **values}
            lines[str(system), str(metric), way.name] = whole
    index = pd.MultiIndex.from_tuples(lines, names=["system", "metric", "aggregation"])
    return pd.DataFrame(list(lines.values()), index=index)


def scored(value: float) -> float:
    """The value, or NaN if it is a bound."""
    return value if value < LIMIT else float("nan")


def aggregated(system: System, aggregation: Aggregation, metric: str) -> dict[str, float]:
    """A system's number for "all" and each source, dB; NaN if there is none."""
    numbers = totals(tidy(system)).loc[[(system.name, metric, aggregation.name)]].iloc[0]
    return {str(source): float(value) for source, value in numbers.items()}


def metrics_of(systems: Iterable[System]) -> tuple[str, ...]:
    """The metrics of any track of any system, in the usual order."""
    found: set[str] = set()
    for system in systems:
        for track in system.tracks:
            for scores in track.sources.values():
                found |= set(scores.frames) | set(scores.whole)
    return tuple(metric for metric in (*FRAMEWISE, *WHOLE) if metric in found)


Summary = dict[str, dict[str, float | None]]


def save_summary(folder: Path, place: Path | None = None) -> None:
    """Write <system>/summary.json with every number, and <system>.json, which `dvc metrics` lists.

    DVC's tables have one column per value and system, so the latter has only SDR and nSDR over all
    sources. `place` is another folder to write to, in place of the system's own.
    """
    numbers = summary(load_system(folder))
    place = place or folder
    write_json(place / SUMMARY, numbers)
    listed = {metric: numbers[metric][ALL] for metric in LISTED if metric in numbers}
    write_json(place.with_name(f"{place.name}.json"), listed)


def summary(system: System) -> Summary:
    """A system's numbers by metric (sdr, nsdr, si_sdr, ...) and source, with 4 decimals."""
    numbers = totals(tidy(system))
    keys = {metric: (system.name, metric, usual(metric).name) for metric in metrics_of([system])}
    return {
        metric.lower().replace("-", "_"): {
            str(source): None if np.isnan(value) else round(float(value), 4)
            for source, value in numbers.loc[[key]].iloc[0].items()
        }
        for metric, key in keys.items()
    }
