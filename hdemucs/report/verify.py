"""Check that a report follows from its scores, file by file, and the scores from the models."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

import matplotlib as mpl
import numpy as np

from hdemucs.evaluation.aggregation import save_summary
from hdemucs.evaluation.systems import SUMMARY
from hdemucs.metrics.museval_json import TrackScores

ENOUGH = 1e-4  # dB: stored scores have five decimals
FIGURES = (".svg", ".png")
WRITTEN = ("tables", "figures")  # folders that contain nothing else
DRAWN_BY = re.compile(r"Matplotlib v?([0-9.]+)")
WITHIN = re.compile(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+")  # an embedded figure of a page


def report_differences(make: Callable[[Path], None], reports: Path) -> list[str]:
    """Differences between a newly made report and the stored one, one line each; [] if there are
    none.

    `make` writes the whole report into a folder. Every file is compared byte for byte, but figures
    that another version of Matplotlib drew need only exist.

    Raises:
        UserError: no report can be made from the scores.
    """
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        make(fresh)
        names = sorted(path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file())
        drawn = drawn_alike(reports)
        found = [line for name in names for line in file_differences(name, fresh, reports, drawn)]
        return [*found, *strays(names, reports)]


def drawn_alike(reports: Path) -> bool:
    """Whether the installed version of Matplotlib drew the stored figures."""
    first = next(iter(sorted((reports / "figures").glob("*.svg"))), None)
    said = DRAWN_BY.search(first.read_text()) if first else None
    return said is None or said[1].rstrip(".") == mpl.__version__


def file_differences(
    name: Path,
    fresh: Path,
    reports: Path,
    drawn: bool,  # noqa: FBT001
) -> Iterator[str]:
    """Differences between a stored file and the new one; figures count if drawn by the same
    version.
    """
    stored = reports / name
    if not stored.exists():
        yield f"{stored}: is missing"
    elif name.suffix == ".csv":
        yield from table_differences(stored, fresh / name)
    elif name.suffix in FIGURES:
        if drawn and stored.read_bytes() != (fresh / name).read_bytes():
            yield f"{stored}: is not the figure that the scores give"
    else:
        yield from text_differences(stored, fresh / name, drawn)


def text_differences(stored: Path, fresh: Path, drawn: bool) -> Iterator[str]:  # noqa: FBT001
    """The first line in which two texts differ."""
    texts = [path.read_text() for path in (stored, fresh)]
    lines = [(text if drawn else WITHIN.sub("", text)).splitlines(keepends=True) for text in texts]
    for number, (one, two) in enumerate(zip_longest(*lines, fillvalue=""), start=1):
        if one != two:
            yield f"{stored}, line {number}: {around(one, two)}"
            return


def around(one: str, two: str) -> str:
    """Where two lines differ, with a little text around it."""
    start = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), 0)
    said, given = (text[max(0, start - 20) : start + 40].strip() for text in (one, two))
    return f"{said!r} is stored, the scores give {given!r}"


def strays(names: list[Path], reports: Path) -> Iterator[str]:
    """Tables and figures that a report of these scores does not have."""
    for folder in WRITTEN:
        for path in sorted((reports / folder).glob("*")):
            if path.relative_to(reports) not in names:
                yield f"{path}: is not made by the report"


def table_differences(stored: Path, fresh: Path) -> Iterator[str]:
    """The cells in which a stored CSV table differs from the new one."""
    none: list[str] = []
    rows = zip_longest(cells(stored), cells(fresh), fillvalue=none)
    before = len(found := list(cell_differences(stored, rows)))
    yield from found
    if not before and stored.read_bytes() != fresh.read_bytes():
        yield f"{stored}: has the scores' cells, and is written otherwise"


def cell_differences(stored: Path, rows: Iterable[tuple[list[str], list[str]]]) -> Iterator[str]:
    for number, (one, two) in enumerate(rows, start=1):
        for column, (old, new) in enumerate(zip_longest(one, two, fillvalue=""), start=1):
            if old != new:
                place = f"{stored}, line {number}, column {column}"
                yield f"{place}: {old!r} is stored, the scores give {new!r}"


def cells(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def summary_differences(folder: Path) -> list[str]:
    """Whether a system's summary, and DVC's metrics, follow from its tracks' scores."""
    kept = [folder / SUMMARY, folder.with_name(f"{folder.name}.json")]
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / folder.name
        save_summary(folder, copy)
        fresh = [copy / SUMMARY, copy.with_name(f"{folder.name}.json")]
        return [
            f"{stored}: is not what the tracks' scores give"
            for stored, made in zip(kept, fresh, strict=True)
            if not stored.exists() or stored.read_bytes() != made.read_bytes()
        ]


def score_differences(
    name: str, stored: Iterable[TrackScores], fresh: Iterable[TrackScores]
) -> list[str]:
    """Differences in a system's scores after separating and scoring it again."""
    old, new = ({track.track: track for track in tracks} for tracks in (stored, fresh))
    gone = [f"{name}: {track}: only stored" for track in old.keys() - new.keys()]
    added = [f"{name}: {track}: not stored" for track in new.keys() - old.keys()]
    both = sorted(old.keys() & new.keys())
    moved = [line for t in both for line in track_differences(f"{name}: {t}", old[t], new[t])]
    return sorted([*gone, *added]) + moved


def track_differences(where: str, stored: TrackScores, fresh: TrackScores) -> Iterator[str]:
    """The sources and metrics that differ, one line each, with the largest difference."""
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
    """Scores as files hold them: NaN in place of infinity."""
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
