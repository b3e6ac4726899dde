"""The scored systems, arranged as the rows of the report, and their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from hdemucs.config.given import TEST_SONGS
from hdemucs.config.report import ReportConfig, RowConfig
from hdemucs.errors import UserError
from hdemucs.evaluation.aggregation import ALL, Aggregation, tidy, totals, usual
from hdemucs.evaluation.systems import Facts, System
from hdemucs.report.runs import GivenFacts, Origin, ReleasedFacts, RunFacts

ORACLES = {  # name: label, in the tables' order
    "mixture": "Mixture as it is",
    "mixture-quarter": "Mixture / 4",
    "static-wiener": "Static Wiener filter (training stems' spectra)",
    "ibm": "Oracle: ideal binary mask",
    "irm-magnitude": "Oracle: ideal ratio mask, magnitude",
    "irm-power": "Oracle: ideal ratio mask, power",
    "mwf": "Oracle: multichannel Wiener filter",
}
ARTICLES = {"model": "a model", "oracle": "an oracle", "other": "another system"}
SHOWN = {"all": "All", "drums": "Drums", "bass": "Bass", "other": "Other", "vocals": "Vocals"}


@dataclass(frozen=True)
class Row:
    """One row of the tables; several systems are trainings that differ in their seed only."""

    name: str
    label: str
    systems: tuple[System, ...]
    runs: tuple[tuple[Origin, ...], ...]  # for each system; empty: unknown, or not trained
    config: RowConfig | None  # None: an oracle, a floor, or another group's system

    @property
    def facts(self) -> tuple[Facts, ...]:
        return tuple(system.facts for system in self.systems if system.facts)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Every score of every track of all its systems (see `tidy`)."""
        return pd.concat([tidy(system) for system in self.systems], ignore_index=True)

    @cached_property
    def numbers(self) -> pd.DataFrame:
        """By metric and aggregation: "all" and each source, dB, averaged over seeds."""
        return totals(self.scores).groupby(level=["metric", "aggregation"], sort=False).mean()

    @property
    def leaks(self) -> bool:
        """Whether any of its models was trained on the test songs."""
        origins = [origin for each in self.runs for origin in each]
        return any(isinstance(o, ReleasedFacts) and o.trained_on == TEST_SONGS for o in origins)

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(run.seed for runs in self.runs for run in runs if isinstance(run, RunFacts))


@dataclass(frozen=True)
class Results:
    """All scored systems. `models` are the study's rows, `bounds` are the oracles and floors."""

    config: ReportConfig
    models: tuple[Row, ...]
    bounds: tuple[Row, ...]
    others: tuple[Row, ...]
    sources: tuple[str, ...]
    facts: Facts  # of any of our systems: all have the same data and metrics

    @property
    def rows(self) -> tuple[Row, ...]:
        return (*self.models, *self.bounds, *self.others)

    @property
    def tracks(self) -> tuple[str, ...]:
        return tuple(track.track for track in self.rows[0].systems[0].tracks)

    @cached_property
    def numbers(self) -> pd.DataFrame:
        """Every number of the report, by row, metric and aggregation; one column per source."""
        return pd.concat({row.name: row.numbers for row in self.rows}, names=["row"])

    def table_of(self, metric: str, aggregation: Aggregation) -> pd.DataFrame:
        """One metric with one aggregation: one line per row, in order; NaN where a row has none."""
        columns = [ALL, *self.sources]
        keys = pd.MultiIndex.from_tuples(
            [(row.name, metric, aggregation.name) for row in self.rows],
            names=self.numbers.index.names,
        )
        return self.numbers.reindex(keys)[columns].droplevel(["metric", "aggregation"])

    def scored(self, metric: str) -> dict[str, int]:
        """The number of tracks with a score, by source; silent references have none."""
        found = track_scores(self.rows[0], metric).dropna(subset="score")
        return {s: found.loc[found["source"].eq(s), "track"].nunique() for s in self.sources}

    @property
    def dependent(self) -> tuple[str, ...]:
        """The tracks whose references do not determine ISR, SIR and SAR."""
        tracks = [t for row in self.rows for system in row.systems for t in system.tracks]
        return tuple(sorted({track.track for track in tracks if track.dependent}))


def arranged(
    config: ReportConfig, systems: Mapping[str, System], runs: Mapping[str, tuple[Origin, ...]]
) -> Results:
    """Arrange systems as rows; rows of the configuration without scores are left out.

    Raises:
        UserError: no system is ours, two of ours have other data, tracks or metrics, or a row has
            the scores of some of its trainings only.
    """
    ours = [system for system in systems.values() if system.facts]
    if not ours or ours[0].facts is None:
        raise UserError("reports/scores", "holds no system of this study", "run `dvc repro`")
    for system in ours[1:]:
        hold_alike(ours[0], system)
    hold_kinds(config, systems)
    hold_whole(config, systems)
    models = tuple(
        named(row, present, tuple(runs.get(s.name, ()) for s in present))
        for row in config.rows
        if (present := tuple(systems[name] for name in row.systems if name in systems))
    )
    bounds = tuple(
        Row(name, label, (systems[name],), ((),), None)
        for name, label in ORACLES.items()
        if name in systems
    )
    taken = {system.name for row in (*models, *bounds) for system in row.systems}
    others = tuple(
        Row(name, name, (system,), ((),), None)
        for name, system in systems.items()
        if name not in taken
    )
    hold_labels((*models, *bounds, *others))
    sources = tuple(ours[0].tracks[0].sources)
    return Results(config, models, bounds, others, sources, ours[0].facts)


def named(row: RowConfig, systems: tuple[System, ...], runs: tuple[tuple[Origin, ...], ...]) -> Row:
    """A row of the study, whose label includes what a reader must know about its numbers.

    A system that was trained on the test songs takes part in no paired comparison.
    """
    origins = [origin for each in runs for origin in each]
    label = row.label
    lacking = [o for o in origins if isinstance(o, GivenFacts) and o.missing]
    if lacking:
        total = len(systems[0].tracks)
        label += f" ({total - len(lacking[0].missing)} of {total} tracks)"
    made = Row(row.name, label, systems, runs, row)
    if made.leaks:
        label, config = f"{label} (trained on: {TEST_SONGS})", replace(row, baseline=None)
        made = replace(made, label=label, config=config)
    return made


def hold_labels(rows: tuple[Row, ...]) -> None:
    """Refuse two rows with the same label: tables and figures distinguish rows by it."""
    first: dict[str, str] = {}
    for row in rows:
        other = first.setdefault(row.label, row.name)
        if other != row.name:
            problem = f"has the label of {other}, {row.label!r}"
            raise UserError(f"reports: {row.name}", problem, "give each row its own label")


def hold_whole(config: ReportConfig, systems: Mapping[str, System]) -> None:
    """Refuse a row that would be taken for one of fewer trainings than it has."""
    for row in config.rows:
        lacking = [name for name in row.systems if name not in systems]
        if lacking and len(lacking) < len(row.systems):
            problem = f"lacks {', '.join(lacking)}, of which the row {row.name} consists as well"
            raise UserError("reports/scores", problem, "score every training of the row")


def hold_kinds(config: ReportConfig, systems: Mapping[str, System]) -> None:
    """Refuse scores whose record says that they are of another kind than their name."""
    kinds = {name: "model" for row in config.rows for name in row.systems}
    kinds |= dict.fromkeys(ORACLES, "oracle")
    for name in kinds.keys() & systems.keys():
        facts = systems[name].facts
        if facts is None or facts.kind != kinds[name]:
            there = ARTICLES[facts.kind] if facts else "a system of unknown origin (no system.json)"
            problem = f"names {ARTICLES[kinds[name]]} of this study, and its scores are of {there}"
            raise UserError(f"reports: {name}", problem, "rename the folder of these scores")


def hold_alike(first: System, second: System) -> None:
    """Refuse to compare numbers that are not comparable."""
    if first.facts is None or second.facts is None:
        return
    pairs = {
        "other data": (first.facts.data, second.facts.data),
        "other metrics": (first.facts.metrics, second.facts.metrics),
        "other tracks": tuple([t.track for t in one.tracks] for one in (first, second)),
        "other sources": tuple(list(one.tracks[0].sources) for one in (first, second)),
    }
    for what, (one, two) in pairs.items():
        if one != two:
            problem = f"was scored on {what} than {first.name}"
            raise UserError(f"reports/scores/{second.name}", problem, "score both again")


def numbers(row: Row, metric: str, aggregation: Aggregation) -> dict[str, float]:
    """A row's number for "all" and each source in dB, averaged over its seeds; {} without any."""
    key = (metric, aggregation.name)
    if key not in row.numbers.index:
        return {}
    values = row.numbers.loc[[key]].iloc[0]
    return {str(source): float(value) for source, value in values.items()}


def track_scores(row: Row, metric: str) -> pd.DataFrame:
    """The lines of a row's tidy scores for one metric, its frames averaged in the usual way."""
    scores, average = row.scores, usual(metric).frames.__name__
    return scores[scores["metric"].eq(metric) & scores["average"].eq(average)]


def long(results: Results) -> pd.DataFrame:
    """Every number of the report with its description, one per line."""
    rows = {row.name: row for row in results.rows}
    stacked = pd.Series(results.numbers.rename_axis(columns="source").stack(), name="score")
    lines = stacked.reset_index()
    facts = pd.DataFrame(
        {
            name: {
                "systems": " ".join(system.name for system in row.systems),
                "tracks": len(row.systems[0].tracks),
                "seeds": " ".join(str(seed) for seed in row.seeds),
                "data": row.facts[0].data.name if row.facts else "",
                "scale": results.config.scale if row.facts else "",
            }
            for name, row in rows.items()
        }
    ).T
    return lines.join(facts, on="row")[
        [
            "row",
            "systems",
            "metric",
            "aggregation",
            "source",
            "score",
            "tracks",
            "seeds",
            "data",
            "scale",
        ]
    ]
