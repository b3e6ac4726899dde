"""The tables of scores: every row of the study, every metric, every aggregation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from hdemucs.evaluation.aggregation import ALL, FRAMED, MEDIANS, SONGS, Aggregation, usual
from hdemucs.metrics.museval_json import FILTERED, FRAMEWISE
from hdemucs.metrics.signals import LIMIT
from hdemucs.report.results import SHOWN, Results, Row, track_scores
from hdemucs.tables import DASH, Cell, Table, Text

DAGGER = "\N{DAGGER}"  # marks what a note below the table qualifies
NAMED = 3  # tracks that a note names

SPELT = {
    "SDR": "SDR (BSSEval v4)",
    "ISR": "ISR (BSSEval v4: spatial distortion)",
    "SIR": "SIR (BSSEval v4: interference)",
    "SAR": "SAR (BSSEval v4: artifacts)",
    "nSDR": "nSDR (Music Demixing Challenge 2021)",
    "SI-SDR": "SI-SDR",
}


def heading(source: str) -> str:
    return SHOWN.get(source, source[:1].upper() + source[1:])


def name_of(row: Row) -> Cell:
    """A row's label, with a link to its origin."""
    return Text(row.label, f"#provenance-{row.name}") if row.facts else row.label


def notes(results: Results, metric: str, aggregation: Aggregation) -> tuple[str, ...]:
    """Notes on how a table's numbers were computed."""
    facts = results.facts
    framed = f", windows of {facts.metrics.window:g} s every {facts.metrics.hop:g} s"
    seeds = sorted({seed for row in results.models for seed in row.seeds})
    trained = f"; seeds {', '.join(map(str, seeds))}" if seeds else ""
    return (
        f"{SPELT[metric]}, dB, higher is better{framed if metric in FRAMEWISE else ''}; "
        f"aggregation: {aggregation.name}; All: mean of the sources.",
        f"{len(results.tracks)} test tracks of {facts.data.name} (manifest "
        f"{facts.data.sha256[:8]}, {facts.data.sample_rate} Hz); scale {results.config.scale}"
        f"{trained}.",
        *doubts(results, metric, aggregation),
    )


def doubts(results: Results, metric: str, aggregation: Aggregation) -> Iterator[str]:
    """Notes on which of a table's numbers mean less than they seem to."""
    fewer = {s: n for s, n in results.scored(metric).items() if n < len(results.tracks)}
    if fewer:
        counts = ", ".join(f"{heading(source)} {count}" for source, count in fewer.items())
        yield f"Tracks with a score, of {len(results.tracks)}: {counts} (silent in the others)."
    if metric in FILTERED and results.dependent:
        named = ", ".join(results.dependent[:NAMED])
        yield (
            f"{DAGGER} {metric} means nothing on {len(results.dependent)} of {len(results.tracks)} "
            f"tracks ({named}{', ...' if len(results.dependent) > NAMED else ''}): the channels of "
            "their references depend on each other (stereo made from mono, no sound in the upper "
            "band) and leave the filters undetermined."
        )
    if results.table_of(metric, aggregation).isna().any(axis=None):
        yield (
            f"{DASH}: not computed, or at {LIMIT:g} dB and above, more than 24-bit samples hold: "
            "the rounding of the arithmetic, not a score."
        )


def marked(results: Results, metric: str) -> str:
    return DAGGER if metric in FILTERED and results.dependent else ""


def scored(
    results: Results, name: str, title: str, frame: pd.DataFrame, metric: str, *remarks: str
) -> Table:
    """A table of scores, aggregated as in published work, with notes."""
    return Table(name, title, frame, (*notes(results, metric, usual(metric)), *remarks))


def by_source(results: Results, metric: str) -> pd.DataFrame:
    """A metric in its usual aggregation: one line per row, one column per source."""
    return results.table_of(metric, usual(metric)).rename(columns=heading)


def named(rows: Sequence[Row], numbers: pd.DataFrame, head: str = "System") -> pd.DataFrame:
    """Numbers [row name, column], with rows' labels in place of their names."""
    frame = numbers.loc[[row.name for row in rows]]
    frame.insert(
        0, head, pd.Series([name_of(row) for row in rows], index=frame.index, dtype=object)
    )
    return frame.reset_index(drop=True)


def scores(results: Results, metric: str) -> Table:
    """One metric for every row, aggregated as in published work."""
    frame = named(results.rows, by_source(results, metric))
    name = f"scores_{metric.lower().replace('-', '_')}"
    title = f"{metric}{marked(results, metric)}, every system"
    return scored(results, name, title, frame, metric)


def aggregations(results: Results) -> Table:
    """SDR over all sources by every aggregation, and nSDR."""
    ways = [("SDR", way) for way in FRAMED] + [("nSDR", SONGS)]
    columns = {f"{metric}: {way.name}": results.table_of(metric, way)[ALL] for metric, way in ways}
    metrics = f"{SPELT['SDR']} and {SPELT['nSDR']}, dB; mean of the sources."
    kept = (metrics, *notes(results, "SDR", MEDIANS)[1:])
    title = "All sources, by the way frames and tracks are aggregated"
    return Table("aggregations", title, named(results.rows, pd.DataFrame(columns)), kept)


def tracks(results: Results) -> Table:
    """SDR of every track: the median over frames, averaged over sources (and seeds)."""
    columns = {
        row.label: track_scores(row, "SDR").groupby("track")["score"].mean() for row in results.rows
    }
    used = track_scores(results.rows[0], "SDR").groupby("track")[["used", "frames"]].max()
    frame = pd.DataFrame(columns).reset_index(names="Track")
    counts = used.loc[frame["Track"]]
    frame.insert(1, "Frames", [f"{u} of {f}" for u, f in counts.itertuples(index=False)])
    remark = "Frames: those in which every reference and every estimate sounds, of all."
    basis = notes(results, "SDR", MEDIANS)
    title = "SDR by track: median of frames, mean of the sources"
    return Table("tracks", title, frame, (*basis[1:], remark))


def tracks_long(results: Results) -> pd.DataFrame:
    """Every track, source, metric and system: the data of the figures."""
    frame = pd.concat({row.name: row.scores for row in results.rows}, names=["row", None])
    frame = frame.reset_index(level="row")
    shown = frame["average"].eq(frame["metric"].map(lambda name: usual(name).frames.__name__))
    frame = frame[shown & (frame["score"] < LIMIT)].round({"score": 4})
    return frame[["row", "system", "track", "source", "metric", "score", "frames", "used"]]
