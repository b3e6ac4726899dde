"""Tables laid out as the paper's: the ablation (its Table 7), the comparison (Tables 3 and 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hdemucs.evaluation.aggregation import ALL, MEDIANS, SONGS
from hdemucs.report.evidence import Comparison, spanned
from hdemucs.report.published import COLUMNS, Published
from hdemucs.report.results import SHOWN, Results, Row, numbers
from hdemucs.report.scores import heading, name_of, notes
from hdemucs.report.table import Table

ABLATION = "T7"
FULL_RECIPE = ("T6", ABLATION)
COMPARED = ("T3", "T6", "Systems")
OTHER_DATA = "Numbers on different data are no comparison."


def ablation(
    results: Results, found: list[Comparison], published: Mapping[str, Published]
) -> Table:
    """The study's rows: those of the paper's Table 7 in its order, then the others."""
    order = [key for key, row in published.items() if row.table == ABLATION]
    deltas = {one.row.name: one for one in found if one.source == ALL}
    rows = sorted(results.models, key=lambda row: place(row, order))
    lines = [ablation_line(row, results, deltas.get(row.name), published) for row in rows]
    asked = "Δ: see the table of paired differences; strong only where the interval excludes zero."
    paper = (
        "Paper: its own number for this row (arXiv 2111.03600v3, Tables 6 and 7), on MUSDB18-HQ "
        f"with the full recipe; a dash where it has none. {OTHER_DATA}"
    )
    basis = notes(results, "SDR", MEDIANS)
    return Table("ablation", "Ablation", pd.DataFrame(lines), (*basis, asked, paper))


def place(row: Row, order: list[str]) -> int:
    """A row's place among the paper's; those that are not there come after."""
    keys = row.config.published if row.config else ()
    return min((order.index(key) for key in keys if key in order), default=len(order))


def ablation_line(
    row: Row, results: Results, delta: Comparison | None, published: Mapping[str, Published]
) -> dict[str, Any]:
    values = numbers(row, "SDR", MEDIANS)
    keys = row.config.published if row.config else ()
    paper = next((published[key] for key in keys if published[key].table in FULL_RECIPE), None)
    return {
        "Model": name_of(row),
        **{heading(source): values.get(source) for source in (ALL, *results.sources)},
        "Δ All": spanned(delta.difference) if delta else None,
        "to": delta.baseline.label if delta else None,
        "nSDR All": numbers(row, "nSDR", SONGS)[ALL],
        "Seeds": len(row.systems),
        "Paper, MUSDB18-HQ: All": paper.scores[ALL] if paper else None,
        "Paper's table": paper.table.removeprefix("T") if paper else None,
    }


def comparison(results: Results, published: Mapping[str, Published]) -> Table:
    """Our rows, then Tables 3 and 6 of the paper and other systems' own numbers, all in SDR."""
    ours = [
        {"System": name_of(row), "Data": results.facts.data.name}
        | {SHOWN[source]: numbers(row, "SDR", MEDIANS).get(source) for source in COLUMNS}
        | {"Source": "this study"}
        for row in results.models
    ]
    theirs = [
        {"System": row.label, "Data": row.data}
        | {SHOWN[source]: row.scores[source] for source in COLUMNS}
        | {"Source": row.source}
        for row in published.values()
        if row.table in COMPARED and row.metric == "SDR"
    ]
    basis = notes(results, "SDR", MEDIANS)
    remark = f"{OTHER_DATA} MUSDB18 is the compressed edition, without content above 16 kHz."
    title = "This study beside published systems"
    return Table("comparison", title, pd.DataFrame([*ours, *theirs]), (*basis, remark))


def oracles(results: Results, published: Mapping[str, Published]) -> Table:
    """Floors and ceilings here, and what SiSEC 2018 got with the same rules on MUSDB18."""
    lines = []
    for row in results.bounds:
        values, sisec = numbers(row, "SDR", MEDIANS), published.get(f"O/{row.name}")
        shown: dict[str, Any] = {"System": name_of(row)}
        shown |= {heading(source): values.get(source) for source in (ALL, *results.sources)}
        shown |= {
            f"SiSEC, MUSDB18: {SHOWN[source]}": sisec.scores[source] if sisec else None
            for source in COLUMNS
        }
        lines.append(shown)
    remark = (
        "SiSEC: median of frames, median of the 50 MUSDB18 test tracks "
        f"(sigsep/sigsep-mus-2018). {OTHER_DATA}"
    )
    basis = notes(results, "SDR", MEDIANS)
    return Table("oracles", "Floors and oracles", pd.DataFrame(lines), (*basis, remark))
