"""The whole report from stored scores and curves; no model and no audio is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from hdemucs.config.report import ReportConfig
from hdemucs.data.musdb18 import MUSDB18_HQ
from hdemucs.evaluation.aggregation import MEDIANS, metrics_of
from hdemucs.evaluation.pictures import NAME
from hdemucs.evaluation.systems import load_systems
from hdemucs.files import write_json, write_text
from hdemucs.report import claims, claims_section, comparison, evidence, provenance, verdict
from hdemucs.report import scores as tables
from hdemucs.report.figures import style
from hdemucs.report.figures.boxes import boxes
from hdemucs.report.figures.closeup import closeup
from hdemucs.report.figures.curves import COLUMNS, read
from hdemucs.report.figures.curves import curves as training_curves
from hdemucs.report.figures.forest import forest
from hdemucs.report.page import Section, links, pages, picture, write_page
from hdemucs.report.published import published
from hdemucs.report.results import Results, arranged, long
from hdemucs.report.runs import load_runs
from hdemucs.tables import Table, hypertext, markdown, write

BESIDE = {  # what other stages make
    "data.md": "The songs: how loud, how long, what was found wrong with them",
    "listening/index.html": "Listening tests: their sets, and how to serve them",
    "ratings/README.md": "What listeners answered",
}


@dataclass
class Parts:
    """What has been made so far, to be put on the page."""

    out: Path
    tables: list[str] = field(default_factory=list)

    def table(self, table: Table) -> str:
        write(table, self.out / "tables")
        self.tables.append(table.name)
        return hypertext(table)

    def figure(self, figure: Figure, name: str, caption: str, note: str) -> str:
        style.save(figure, self.out / "figures", name)
        return picture(name, caption, note)


@dataclass(frozen=True)
class Places:
    """Where the pipeline leaves what a report is made of."""

    scores: Path  # a folder a variant
    oracles: Path  # a folder an oracle
    curves: Path  # <variant>.csv
    runs: Path  # <variant>.json

    @classmethod
    def of(cls, reports: Path) -> Places:
        return cls(*(reports / name for name in ("scores", "oracles", "curves", "runs")))


def build(config: ReportConfig, places: Places, out: Path) -> None:
    """Write <out>/{index.html,tables/,figures/}.

    Raises:
        UserError: scores are missing, damaged, or not comparable.
    """
    systems = load_systems(places.scores, places.oracles)
    runs = {name: load_runs(places.runs / f"{name}.json") for name in systems}
    results = arranged(config, systems, runs)
    parts = Parts(out)
    with style.styled():
        judged = verdict.cells(results, published())
        sections = (
            claims_part(results, parts),
            ablation_section(results, parts),
            verdict_section(judged, parts),
            scores_section(results, parts),
            training_section(results, places.curves, parts),
            tracks_section(results, places, parts),
            provenance_section(results, parts),
            Section("Beside this page", "beside", (), (pages(BESIDE),)),
        )
    write_numbers(results, out)
    write_page(out / "index.html", config.title, lead(results), warnings(results), sections)
    write_verdict(results, judged, out)


def write_verdict(results: Results, judged: list[verdict.Cell], out: Path) -> None:
    """reproduction.{md,html}: first what was run, then the paper's other rows, folded away."""
    write(verdict.table(results, judged), out / "tables")
    title = f"Reproduction: {results.config.title}"
    ran = [verdict.beside(results, judged), verdict.basis(judged)]
    ran = [table for table in ran if len(table.frame)]
    rest = verdict.missing(judged)
    said = [] if ran else ["No row of this study repeats one of the paper's."]
    parts = [f"# {title}", lead(results), *said, *map(markdown, ran), folded(rest, markdown)]
    write_text(out / "reproduction.md", "\n\n".join(part.strip() for part in parts) + "\n")
    sections = (
        Section("What was run", "run", tuple(said), tuple(map(hypertext, ran))),
        Section("What was not", "missing", (), (folded(rest, hypertext),)),
    )
    back = "Back to index.html for this study's own tables."
    write_page(
        out / "reproduction.html", title, lead(results), [*warnings(results), back], sections
    )


def folded(table: Table, form: Callable[[Table], str]) -> str:
    """A table that opens when asked for, in HTML and in GitHub's Markdown."""
    return f"<details><summary>{table.title}</summary>\n\n{form(table)}\n</details>"


def write_numbers(results: Results, out: Path) -> None:
    """Every number as data."""
    numbers = long(results).round({"score": 4})
    write_text(out / "tables" / "numbers.csv", numbers.to_csv(index=False, lineterminator="\n"))
    every = tables.tracks_long(results)
    write_text(out / "tables" / "tracks_long.csv", every.to_csv(index=False, lineterminator="\n"))
    bars = numbers[(numbers["metric"] == "SDR") & (numbers["aggregation"] == MEDIANS.name)]
    short = bars[["row", "source", "score"]]
    write_text(out / "tables" / "sdr.csv", short.to_csv(index=False, lineterminator="\n"))
    write_json(out / "tables" / "provenance.json", provenance.record(results))


def lead(results: Results) -> str:
    facts = results.facts
    return (
        f"{len(results.models)} trained systems, {len(results.bounds)} floors and oracles, "
        f"{len(results.tracks)} test tracks of {facts.data.name}, scale {results.config.scale}."
    )


def warnings(results: Results) -> list[str]:
    if results.facts.data.name == MUSDB18_HQ:
        return []
    return [
        "These numbers come from data that are not MUSDB18-HQ. They compare systems here with "
        "each other; they say nothing about MUSDB18-HQ and must not be set against the paper's."
    ]


def claims_part(results: Results, parts: Parts) -> Section:
    found = claims.judged(results, published())
    made = []
    if any(one.decision for one in found):
        made.append(parts.table(claims_section.table(results, found)))
        note = "Filled: decided. Diamonds: the paper's size of effect, on MUSDB18-HQ."
        caption = "The paper's claims beside our evidence"
        made.append(parts.figure(claims_section.forest(results, found), "claims", caption, note))
    rest = claims_section.untested(found)
    if len(rest.frame):
        write(rest, parts.out / "tables")
        parts.tables.append(rest.name)
        made.append(folded(rest, hypertext))
    return Section(
        "The paper's claims", "claims-section", (claims_section.summary(found),), tuple(made)
    )


def ablation_section(results: Results, parts: Parts) -> Section:
    found = evidence.comparisons(results)
    known = published()
    made = [parts.table(comparison.ablation(results, found, known))]
    if found:
        note = "Hollow and grey: the interval holds zero."
        caption = "Paired differences to the baseline"
        made.append(parts.figure(forest(found), "differences", caption, note))
        made.append(parts.table(evidence.differences(results, found)))
    return Section("Ablation", "ablation-section", (), tuple(made))


def verdict_section(judged: list[verdict.Cell], parts: Parts) -> Section:
    made = parts.table(verdict.summary(judged))
    link = '<p><a href="reproduction.html">Every cell, with reasons</a></p>'
    reasons = sorted({reason for one in judged if one.row for reason in one.reasons})
    said = (f"Where a row was run: {'; '.join(reasons)}.",) if reasons else ()
    return Section("Verdict on the paper", "verdict-section", said, (made, link))


def scores_section(results: Results, parts: Parts) -> Section:
    note = "; ".join(tables.notes(results, "SDR", MEDIANS))
    caption = "SDR per source: every dot is a test track"
    made = [parts.figure(boxes(results), "sdr", caption, note)]
    systems = [system for row in results.rows for system in row.systems]
    made += [parts.table(tables.scores(results, metric)) for metric in metrics_of(systems)]
    made.append(parts.table(tables.aggregations(results)))
    known = published()
    made.append(parts.table(comparison.comparison(results, known)))
    if results.bounds:
        made.append(parts.table(comparison.oracles(results, known)))
    return Section("Scores", "scores", (), tuple(made))


def training_section(results: Results, folder: Path, parts: Parts) -> Section:
    labels = {system.name: row.label for row in results.models for system in row.systems}
    histories = read(folder, list(labels))
    if not histories:
        return Section("Training", "training", ("No training curves are stored.",), ())
    every = pd.concat([frame.assign(row=name) for name, frame in histories.items()])
    text = every[["row", *COLUMNS]].to_csv(index=False, lineterminator="\n")
    write_text(parts.out / "tables" / "curves.csv", text)
    note = "Marker: the best epoch. The validation songs are not the test songs."
    figure = training_curves(histories, labels)
    made = parts.figure(figure, "training", "Training curves", note)
    return Section("Training", "training", (), (made,))


def tracks_section(results: Results, places: Places, parts: Parts) -> Section:
    made = [parts.table(tables.tracks(results))]
    if results.models:
        figure = closeup(results, places.scores, places.oracles / NAME)
        note = "Spectrograms: logarithmic frequency from 40 Hz up, 65 dB from black to white."
        caption = f"From close: {results.tracks[0]}"
        made.append(parts.figure(figure, "closeup", caption, note))
    if len(results.models) > 1 and len(results.tracks) > 1:
        made.append(parts.table(evidence.stability(results)))
    return Section("Tracks", "tracks-section", (), tuple(made))


def provenance_section(results: Results, parts: Parts) -> Section:
    made = [parts.table(provenance.table(results))] if results.models else []
    made += [provenance.anchors(results), links(parts.tables)]
    said = (
        "How fast and how near to museval the metrics are: reports/benchmark-metrics.md. How often "
        "the intervals hold the truth: reports/intervals.md.",
        "`hdemucs verify` makes these tables anew from the stored scores and says what differs.",
    )
    return Section("Provenance", "provenance-section", said, tuple(made))
