"""Build the whole report from stored scores and curves; no model and no audio is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hdemucs.config.report import ReportConfig
from hdemucs.data.manifest import Manifest
from hdemucs.data.musdb18 import MUSDB18_HQ
from hdemucs.evaluation.aggregation import MEDIANS
from hdemucs.evaluation.systems import load_systems
from hdemucs.files import write_json, write_text
from hdemucs.report import provenance, sections, verdict
from hdemucs.report import scores as tables
from hdemucs.report.data_page import write_data_report
from hdemucs.report.figures import style
from hdemucs.report.page import HOME, Section, folded, write_page
from hdemucs.report.results import Results, arranged, long
from hdemucs.report.runs import load_runs
from hdemucs.report.sections import Findings, Parts
from hdemucs.tables import hypertext, markdown, write


@dataclass(frozen=True)
class Places:
    """Where the pipeline puts what a report is made of."""

    scores: Path  # one folder per variant
    oracles: Path  # one folder per oracle
    curves: Path  # <variant>.csv
    runs: Path  # <variant>.json

    @classmethod
    def of(cls, reports: Path) -> Places:
        return cls(*(reports / name for name in ("scores", "oracles", "curves", "runs")))


def build(config: ReportConfig, places: Places, out: Path) -> None:
    """Write <out>/{index.html,reproduction.html,reproduction.md,tables/,figures/}.

    Raises:
        UserError: scores are missing, damaged, or not comparable.
    """
    systems = load_systems(places.scores, places.oracles)
    runs = {name: load_runs(places.runs / f"{name}.json") for name in systems}
    results = arranged(config, systems, runs)
    parts, findings = Parts(out), Findings.of(results)
    with style.styled():
        made = (
            sections.first_section(results, findings, parts),
            sections.claims_part(results, findings, parts),
            sections.differences_section(results, findings, parts),
            sections.verdict_section(results, findings, parts),
            sections.scores_section(results, parts),
            sections.training_section(results, places.curves, parts),
            sections.tracks_section(results, places.scores, places.oracles, parts),
            sections.provenance_section(results, parts),
        )
    write_numbers(results, out)
    first = (lead(results), *sections.said(results, findings))
    write_page(out / HOME, config.title, first, warnings(results), made)
    write_verdict(results, findings.cells, out)


def build_all(
    config: ReportConfig, places: Places, manifest: Manifest, residual: float, out: Path
) -> None:
    """Write all outputs of the pipeline's report stage: the report, and the page about the data.

    Raises:
        UserError: scores are missing, damaged, or not comparable.
    """
    build(config, places, out)
    write_data_report(manifest, residual, out)


def write_verdict(results: Results, judged: list[verdict.Cell], out: Path) -> None:
    """Write reproduction.{md,html}: first the rows that were run, then the paper's others,
    collapsed.
    """
    write(verdict.table(results, judged), out / "tables")
    title = f"Reproduction: {results.config.title}"
    ran = [verdict.beside(results, judged), verdict.basis(judged)]
    ran = [table for table in ran if len(table.frame)]
    rest = verdict.missing(judged)
    said = [] if ran else ["No row of this study repeats one of the paper's."]
    kept = f"<details><summary>{rest.title}</summary>\n\n{markdown(rest)}\n</details>"
    parts = [f"# {title}", lead(results), *said, *map(markdown, ran), kept]
    write_text(out / "reproduction.md", "\n\n".join(part.strip() for part in parts) + "\n")
    shown = (
        Section("What was run", "run", tuple(said), tuple(map(hypertext, ran))),
        Section("What was not", "missing", (), (folded(rest.title, hypertext(rest)),)),
    )
    write_page(out / "reproduction.html", title, (lead(results),), warnings(results), shown)


def write_numbers(results: Results, out: Path) -> None:
    """Write every number as data."""
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
    given = sum(bool(verdict.others(row)) for row in results.models)
    trained = len(results.models) - given
    counts = [f"{trained} trained systems"] if trained or not given else []
    counts += [f"{given} systems of others"] if given else []
    return (
        f"{', '.join(counts)}, {len(results.bounds)} floors and oracles, "
        f"{len(results.tracks)} test tracks of {facts.data.name}, scale {results.config.scale}."
    )


def warnings(results: Results) -> list[str]:
    if results.facts.data.name == MUSDB18_HQ:
        return []
    return [
        "These numbers come from data that are not MUSDB18-HQ. They compare systems here with "
        "each other; they say nothing about MUSDB18-HQ and must not be set against the paper's."
    ]
