"""Write a study's pages from its committed results; no model and no song is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from hdemucs.config.load import load
from hdemucs.config.report import ReportConfig
from hdemucs.errors import UserError
from hdemucs.evaluation.aggregation import ALL, MEDIANS
from hdemucs.evaluation.systems import load_systems
from hdemucs.files import read_json, write_text
from hdemucs.report.build import Places, build
from hdemucs.report.evidence import matrix, signed
from hdemucs.report.results import SHOWN, Results, Row, arranged, numbers
from hdemucs.report.runs import RunFacts, load_runs
from hdemucs.statistics.differences import Difference, compared
from hdemucs.studies.definition import CpuTime, StudyConfig
from hdemucs.tables import Cell, Table, markdown, write

FLOOR = "static-wiener"
CURE = "run the study"


def write_pages(name: str, config: StudyConfig, out: Path) -> None:
    """Write <out>/README.md, and beside it the report's page, tables and figures.

    Raises:
        UserError: scores are missing, damaged, or not comparable.
    """
    report = load(out / "report.json", ReportConfig)
    systems = load_systems(out / "scores", out / "oracles")
    if lacking := [each for row in report.rows for each in row.systems if each not in systems]:
        cure = f"run `hdemucs study {name}`, or restore them from git"
        raise UserError(str(out / "scores"), f"lacks the scores of {', '.join(lacking)}", cure)
    build(report, Places.of(out), out)
    runs = {name: load_runs(out / "runs" / f"{name}.json") for name in systems}
    results = arranged(report, systems, runs)
    table = overview(config, results, out)
    write(table, out / "tables")
    claims = out / "tables" / "claims.md"  # none if these rows test no claim
    made = {"systems": markdown(table), "claims": claims.read_text() if claims.exists() else ""}
    shown = [made[name].strip() for name in config.shows if made[name]]
    write_text(out / "README.md", text(name, config, results, shown))


def overview(config: StudyConfig, results: Results, out: Path) -> Table:
    """One line per system: what it is, its time, and its results."""
    same_time = isinstance(config.budget, CpuTime)
    timed = read_json(out / "steps.json", CURE)["systems"] if same_time else {}
    lines = [
        {**line(row, timed), **scored(row, results, floor(results))}
        for row in sorted(results.rows, key=lambda row: -mean(row))
    ]
    level = f"{100 * results.config.interval.level:.0f} %"
    count = len(results.tracks)
    notes: tuple[str, ...] = (
        f"SDR (BSSEval v4), dB: median over a track's frames, median over the {count} test tracks; "
        "All: mean over sources.",
        "Over the static filter: mean over test tracks of the difference to the static Wiener "
        f"filter, which knows the training stems' mean spectra alone; with its {level} interval.",
    )
    if isinstance(config.budget, CpuTime):
        seconds = f"{config.budget.seconds:g} s"
        notes += (f"Steps: what fits into {seconds} of CPU time. Without: not trained here.",)
    return Table("systems", "Systems", pd.DataFrame(lines), notes)


def line(row: Row, timed: Mapping[str, dict[str, float]]) -> dict[str, Cell]:
    """What a system is, and what it was given: `timed`, or the same number of steps."""
    runs = [run for run in row.runs[0] if isinstance(run, RunFacts)] if row.runs else []
    size = f"{sum(run.parameters for run in runs):,}" if runs else None
    what: dict[str, Cell] = {"System": row.label, "Parameters": size}
    if not timed:
        return {**what, "Trainings": str(len(row.runs)) if runs else None}
    own = timed.get(row.name)
    made = own and sum(run.epochs for run in runs) * int(own["steps_per_epoch"])
    return {
        **what,
        "s a step": f"{own['seconds_per_step']:.3f}" if own else None,
        "Steps": f"{made:,}" if made else None,
    }


def scored(row: Row, results: Results, floor: Row) -> dict[str, Cell]:
    """A system's results."""
    found = over(row, floor, results)
    scores = numbers(row, "SDR", MEDIANS)
    return {
        **{SHOWN.get(source, source): score for source, score in scores.items()},
        "Over the static filter": None if found is None else told(found),
    }


def floor(results: Results) -> Row:
    """The row of the static Wiener filter.

    Raises:
        UserError: it was not scored.
    """
    for row in results.bounds:
        if row.name == FLOOR:
            return row
    raise UserError(f"oracles/{FLOOR}", "is missing", "have it among evaluate.oracles.names")


def over(row: Row, floor: Row, results: Results) -> Difference | None:
    """The difference between a system and the static Wiener filter, over tracks."""
    if row is floor:
        return None
    ours, theirs = matrix(row, "SDR", ALL), matrix(floor, "SDR", ALL)
    return compared(ours, theirs, results.config.interval)


def mean(row: Row) -> float:
    return numbers(row, "SDR", MEDIANS)[ALL]


def told(found: Difference) -> str:
    low, high = found.interval.low, found.interval.high
    return f"{signed(found.mean)} [{signed(low)}, {signed(high)}]"


def text(name: str, config: StudyConfig, results: Results, tables: Sequence[str]) -> str:
    """The text of README.md."""
    facts = results.facts
    below = [
        f"- **{row.label}** stays below the static Wiener filter: "
        f"{config.reasons.get(row.name, 'the reason has not been looked for yet')}."
        for row in results.models
        if (found := over(row, floor(results), results)) and found.mean < 0
    ]
    what = (
        f"{len(results.models)} systems, {len(results.tracks)} test tracks of {facts.data.name} "
        f"at {facts.data.sample_rate:,} Hz, floors and oracles beside them. Made by `hdemucs study "
        f"{name}`; `hdemucs study {name} --pages` makes these pages again from the scores that are "
        "committed here. More: [index.html](index.html)."
    )
    parts = [f"# {config.title}", what, config.says.strip(), *tables, "\n".join(below)]
    return "\n\n".join(part for part in parts if part) + "\n"
