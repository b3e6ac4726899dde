"""The origin of every row: run, configuration, code, data, seed, weights."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from hdemucs.evaluation.systems import Facts, System
from hdemucs.report.results import Results, Row
from hdemucs.report.runs import Origin, RunFacts
from hdemucs.tables import Table

SHORT = 8  # digits of a digest in tables; provenance.json has all of them


def table(results: Results) -> Table:
    """One line per training."""
    lines = [
        line(row, system, run)
        for row in results.models
        for system, runs in zip(row.systems, row.runs, strict=True)
        for run in runs
        if isinstance(run, RunFacts)
    ]
    remark = "Checksums are SHA-256, the first 8 digits here, whole in provenance.json."
    title = "Where the numbers come from"
    return Table("provenance", title, pd.DataFrame(lines), (remark,))


def line(row: Row, system: System, run: RunFacts) -> dict[str, Any]:
    return {
        "Row": row.label,
        "System": system.name,
        "Run": run.run,
        "Seed": run.seed,
        "Epochs": f"{run.epochs} of {run.planned}",
        "Parameters": f"{run.parameters:,}",
        "Config": run.config[:SHORT],
        "Code": run.code[:SHORT],
        "Data": run.data[:SHORT],
        "Weights": run.weights[:SHORT],
    }


def anchors(results: Results) -> str:
    """The anchors of all rows, to which their names in every table link."""
    parts = []
    for row in results.rows:
        if not row.facts:
            continue
        items = "".join(f"<li>{html.escape(text)}</li>" for text in said(row))
        name = html.escape(row.label)
        parts.append(f'<details id="provenance-{row.name}"><summary>{name}</summary><ul>{items}')
        parts.append("</ul></details>")
    return "\n".join(parts)


def said(row: Row) -> list[str]:
    """A row's origin in sentences."""
    scored = [
        f"{facts.system}: {facts.data.name} (manifest {facts.data.sha256}), "
        f"backend {facts.metrics.backend}"
        for facts in row.facts
    ]
    trained = [
        f"run {run.run}: config {run.config}, code {run.code}, data {run.data}, seed {run.seed}, "
        f"{run.epochs} of {run.planned} epochs, weights {run.weights}"
        for runs in row.runs
        for run in runs
        if isinstance(run, RunFacts)
    ]
    others = [str(run) for runs in row.runs for run in runs if not isinstance(run, RunFacts)]
    return [*scored, *trained, *others]


def record(results: Results) -> dict[str, Any]:
    """The same in machine-readable form: by system, what was scored and the trainings it comes
    from.
    """
    facts, runs = TypeAdapter(Facts), TypeAdapter(tuple[Origin, ...])
    return {
        system.name: {
            "row": row.name,
            "scored": facts.dump_python(system.facts, mode="json"),
            "runs": runs.dump_python(trained, mode="json"),
        }
        for row in results.rows
        for system, trained in zip(row.systems, row.runs, strict=True)
        if system.facts
    }
