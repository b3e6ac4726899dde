"""The sections of the report's page: what comes first, what follows, what is collapsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from hdemucs.evaluation.aggregation import metrics_of
from hdemucs.evaluation.pictures import NAME
from hdemucs.files import write_text
from hdemucs.report import claims, claims_section, comparison, evidence, provenance, verdict
from hdemucs.report import scores as tables
from hdemucs.report.figures import style
from hdemucs.report.figures.boxes import boxes
from hdemucs.report.figures.closeup import closeup
from hdemucs.report.figures.curves import COLUMNS, read
from hdemucs.report.figures.curves import curves as training_curves
from hdemucs.report.figures.forest import forest
from hdemucs.report.page import Section, downloads, folded, picture
from hdemucs.report.published import published
from hdemucs.report.results import Results
from hdemucs.tables import Table, hypertext, write

LED_BY = ("SDR", "nSDR")  # metrics whose tables are not collapsed
BESIDE = {  # the outputs of other stages, which the page links to
    "data.md": "the songs: how loud, how long, what was found wrong with them",
    "listening/index.html": "listening tests: their sets, and how to serve them (`dvc pull`)",
    "demo/index.html": "excerpts to listen to: mixture, reference, every system (`dvc pull`)",
    "ratings/README.md": "what listeners answered",
}


@dataclass
class Parts:
    """The parts of the page that are ready."""

    out: Path
    tables: list[str] = field(default_factory=list)

    def table(self, table: Table) -> str:
        write(table, self.out / "tables")
        self.tables.append(table.name)
        return hypertext(table)

    def folded(self, table: Table) -> str:
        return folded(table.title, self.table(table))

    def figure(self, figure: Figure, name: str, caption: str, note: str) -> str:
        style.save(figure, self.out / "figures", name)
        return picture(self.out / "figures", name, caption, note)


@dataclass(frozen=True)
class Findings:
    """Results that are computed once and shown in several places."""

    differences: list[evidence.Comparison]
    claims: list[claims.Judged]
    cells: list[verdict.Cell]

    @classmethod
    def of(cls, results: Results) -> Findings:
        known = published()
        judged = claims.judged(results, known)
        differences = evidence.comparisons(results, claims.differing(judged))
        return cls(differences, judged, verdict.cells(results, known))


def said(results: Results, findings: Findings) -> tuple[str, ...]:
    """The first sentences of the report: what became of the paper's claims, then of its numbers."""
    found, counts = findings.claims, verdict.counted(findings.cells)
    claimed = (claims_section.summary(found), *claims_section.decided(results, found))
    return *claimed, f"Of the paper's numbers: {counts}."


def first_section(results: Results, findings: Findings, parts: Parts) -> Section:
    """The table of the study, and one figure."""
    table = comparison.ablation(results, findings.differences, published())
    figure = boxes(results)
    note = "A dot is a test track, a diamond the median over tracks."
    caption = "SDR of each system by source"
    made = (parts.table(table), parts.figure(figure, "sdr", caption, note))
    return Section("Results", "results", (), made)


def claims_part(results: Results, findings: Findings, parts: Parts) -> Section:
    found, made = findings.claims, []
    if any(one.decision for one in found):
        made.append(parts.table(claims_section.table(results, found)))
        note = "Filled: decided. Diamonds: the paper's size of effect, on MUSDB18-HQ."
        caption = "The paper's claims beside our evidence"
        made.append(parts.figure(claims_section.forest(results, found), "claims", caption, note))
    rest = claims_section.untested(found)
    if len(rest.frame):
        made.append(parts.folded(rest))
    summary = (claims_section.summary(found),)
    return Section("The paper's claims", "claims-section", summary, tuple(made))


def differences_section(results: Results, findings: Findings, parts: Parts) -> Section:
    found = findings.differences
    if not found:
        none = "No row of this study has its baseline beside it."
        return Section("Differences", "differences-section", (none,), ())
    note = "Hollow and grey: it is not decided that the two differ."
    caption = "Paired differences to the baseline"
    made = [parts.figure(forest(found), "differences", caption, note)]
    made.append(parts.folded(evidence.differences(results, found)))
    return Section("Differences", "differences-section", (), tuple(made))


def verdict_section(results: Results, findings: Findings, parts: Parts) -> Section:
    """How many of the paper's numbers were reproduced; numbers without a verdict are collapsed."""
    cells = findings.cells
    made = [parts.table(verdict.summary(cells))]
    beside = verdict.beside(results, cells)
    if any(one.state in (verdict.REPRODUCED, verdict.NOT) for one in cells):
        made.append(hypertext(beside))
    elif len(beside.frame):
        made.append(folded(beside.title, hypertext(beside)))
    every = [one for one in (verdict.basis(cells), verdict.missing(cells)) if len(one.frame)]
    made += [folded(one.title, hypertext(one)) for one in every]
    reasons = sorted({reason for one in cells if one.row for reason in one.reasons})
    because = (f"Where a row was run: {'; '.join(reasons)}.",) if reasons else ()
    return Section("Verdict on the paper", "verdict-section", because, tuple(made))


def scores_section(results: Results, parts: Parts) -> Section:
    systems = [system for row in results.rows for system in row.systems]
    each = {metric: tables.scores(results, metric) for metric in metrics_of(systems)}
    made = [parts.table(each[metric]) for metric in LED_BY if metric in each]
    made += [parts.folded(each[metric]) for metric in each if metric not in LED_BY]
    known = published()
    made.append(parts.folded(tables.aggregations(results)))
    made.append(parts.folded(comparison.comparison(results, known)))
    if results.bounds:
        made.append(parts.folded(comparison.oracles(results, known)))
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


def tracks_section(results: Results, scores: Path, oracles: Path, parts: Parts) -> Section:
    made = [parts.folded(tables.tracks(results))]
    ranked = [row for row in results.models if not row.leaks]
    if len(ranked) > 1 and len(results.tracks) > 1:
        made.append(parts.folded(evidence.stability(results)))
    if results.models:
        figure = closeup(results, scores, oracles / NAME)
        note = "Spectrograms: logarithmic frequency from 40 Hz up, 65 dB from black to white."
        caption = f"From close: {results.tracks[0]}"
        made.append(parts.figure(figure, "closeup", caption, note))
    return Section("Tracks", "tracks-section", (), tuple(made))


def provenance_section(results: Results, parts: Parts) -> Section:
    made = [parts.folded(provenance.table(results))] if results.models else []
    made += [provenance.anchors(results)]
    made.append(folded("Every table as CSV, Markdown and LaTeX", *saved(parts)))
    beside = "; ".join(f"reports/{path}: {text}" for path, text in BESIDE.items())
    told = (
        "How fast and how near to museval the metrics are: reports/benchmarks/metrics.md. How "
        "often the intervals hold the truth: reports/benchmarks/intervals.md.",
        "Hours and machines of the trainings that this checkout collected: reports/machines.csv, "
        "which git ignores, as it differs where the results do not.",
        "`hdemucs verify` makes this report anew from the stored scores and says what differs.",
        f"Beside this page: {beside}.",
    )
    return Section("Provenance", "provenance-section", told, tuple(made))


def saved(parts: Parts) -> Sequence[str]:
    return [downloads(parts.out / "tables", parts.tables)]
