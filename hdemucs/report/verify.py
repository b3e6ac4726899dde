"""Whether the numbers of a report follow from its scores, and the scores from the models."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

import numpy as np

from hdemucs.config.report import ReportConfig
from hdemucs.metrics.museval_json import TrackScores
from hdemucs.report.build import Places, build

ENOUGH = 1e-4  # dB: stored scores have five decimals


def report_differences(config: ReportConfig, places: Places, reports: Path) -> list[str]:
    """What a report built anew from the stored scores has otherwise, a line each; [] if nothing.

    Raises:
        UserError: the scores cannot make a report.
    """
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        build(config, places, fresh)
        names = sorted(path.name for path in (fresh / "tables").glob("*.csv"))
        return [line for name in names for line in table_differences(name, fresh, reports)]


def table_differences(name: str, fresh: Path, reports: Path) -> Iterator[str]:
    """The cells of one CSV table in which the stored one differs from the fresh one."""
    stored = reports / "tables" / name
    if not stored.exists():
        yield f"{stored}: is missing"
        return
    none: list[str] = []
    rows = zip_longest(cells(stored), cells(fresh / "tables" / name), fillvalue=none)
    for number, (one, two) in enumerate(rows, start=1):
        for column, (old, new) in enumerate(zip_longest(one, two, fillvalue=""), start=1):
            if old != new:
                place = f"{stored}, line {number}, column {column}"
                yield f"{place}: {old!r} is stored, the scores give {new!r}"


def cells(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def score_differences(
    name: str, stored: Iterable[TrackScores], fresh: Iterable[TrackScores]
) -> list[str]:
    """What of a system's scores comes out otherwise when it is separated and scored again."""
    old, new = ({track.track: track for track in tracks} for tracks in (stored, fresh))
    gone = [f"{name}: {track}: only stored" for track in old.keys() - new.keys()]
    added = [f"{name}: {track}: not stored" for track in new.keys() - old.keys()]
    both = sorted(old.keys() & new.keys())
    moved = [line for t in both for line in track_differences(f"{name}: {t}", old[t], new[t])]
    return sorted([*gone, *added]) + moved


def track_differences(where: str, stored: TrackScores, fresh: TrackScores) -> Iterator[str]:
    """One line a source and metric that differs, with the largest difference."""
    for source in sorted(stored.sources.keys() | fresh.sources.keys()):
        if source not in stored.sources or source not in fresh.sources:
            yield f"{where}: {source}: has scores only on one side"
            continue
        one, two = stored.sources[source], fresh.sources[source]
        for metric in one.frames.keys() | one.whole.keys():
            old = np.atleast_1d(one.frames.get(metric, np.array(one.whole.get(metric))))
            new = np.atleast_1d(two.frames.get(metric, np.array(two.whole.get(metric, np.nan))))
            if not alike(old, new):
                yield f"{where}: {source}: {metric} {apart(old, new)}"


def finite(values: np.ndarray) -> np.ndarray:
    """Scores as files keep them: NaN for infinity."""
    kept = np.asarray(values, float)
    return np.where(np.isfinite(kept), kept, np.nan)


def alike(old: np.ndarray, new: np.ndarray) -> bool:
    one, two = finite(old), finite(new)
    same = one.shape == two.shape
    return same and np.allclose(one, two, rtol=0, atol=ENOUGH, equal_nan=True)


def apart(old: np.ndarray, new: np.ndarray) -> str:
    one, two = finite(old), finite(new)
    if one.shape != two.shape or (np.isnan(one) != np.isnan(two)).any():
        return "has a score in other frames"
    return f"differs by up to {np.nanmax(np.abs(one - two)):.5f} dB"
