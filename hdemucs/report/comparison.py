"""Tables in the layout of the paper: the ablation (Table 7), the comparison (Tables 3 and 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from hdemucs.evaluation.aggregation import ALL, SONGS
from hdemucs.report.evidence import Comparison, spanned
from hdemucs.report.published import COLUMNS, Published
from hdemucs.report.results import SHOWN, Results, Row
from hdemucs.report.scores import by_source, named, scored
from hdemucs.tables import Cell, Table

ABLATION = "T7"
FULL_RECIPE = ("T6", ABLATION)
COMPARED = ("T3", "T6", "Systems")
OTHER_DATA = "Numbers on different data are no comparison."


def ablation(
    results: Results, found: list[Comparison], published: Mapping[str, Published]
) -> Table:
    """The study's rows: those of the paper's Table 7 in its order, then the others."""
    order = [key for key, row in published.items() if row.table == ABLATION]
    rows = sorted(results.models, key=lambda row: place(row, order))
    frame = named(rows, by_source(results, "SDR"), "Model")
    paper = [paper_of(row, published) for row in rows]
    deltas = [{one.row.name: one for one in found if one.source == ALL}.get(r.name) for r in rows]
    frame["Δ All"] = objects(
        spanned(one.difference, strong=one.differs) if one else None for one in deltas
    )
    frame["to"] = objects(one.baseline.label if one else None for one in deltas)
    nsdr = results.table_of("nSDR", SONGS)[ALL]
    frame["nSDR All"] = [float(nsdr[row.name]) for row in rows]
    frame["Seeds"] = [len(row.systems) for row in rows]
    frame["Paper, MUSDB18-HQ: All"] = objects(one.scores[ALL] if one else None for one in paper)
    frame["Paper's table"] = objects(one.table.removeprefix("T") if one else None for one in paper)
    asked = (
        "Δ: see the table of paired differences; strong only where it is decided, as claims are."
    )
    said = (
        "Paper: its own number for this row (arXiv 2111.03600v3, Tables 6 and 7), on MUSDB18-HQ "
        f"with the full recipe; a dash where it has none. {OTHER_DATA}"
    )
    return scored(results, "ablation", "Ablation", frame, "SDR", asked, said)


def objects(values: Iterable[Cell]) -> pd.Series:
    """A column whose cells keep their types."""
    return pd.Series(list(values), dtype=object)


def keys_of(row: Row) -> tuple[str, ...]:
    """The rows of the paper's tables that a row of ours repeats."""
    return row.config.published if row.config else ()


def paper_of(row: Row, published: Mapping[str, Published]) -> Published | None:
    """The paper's number for a row, from the paper's full recipe."""
    known = [published[key] for key in keys_of(row)]
    return next((one for one in known if one.table in FULL_RECIPE), None)


def place(row: Row, order: list[str]) -> int:
    """A row's position among the paper's rows; rows that are not there come last."""
    return min((order.index(key) for key in keys_of(row) if key in order), default=len(order))


def comparison(results: Results, published: Mapping[str, Published]) -> Table:
    """Our rows, then Tables 3 and 6 of the paper and other systems' own numbers, all in SDR."""
    columns = {source: SHOWN[source] for source in COLUMNS}
    own = by_source(results, "SDR").reindex(columns=list(columns.values()))
    ours = named(results.models, own)
    ours.insert(1, "Data", results.facts.data.name)
    ours["Source"] = "this study"
    theirs = pd.DataFrame(
        [
            {"System": row.label, "Data": row.data}
            | {columns[source]: row.scores[source] for source in COLUMNS}
            | {"Source": row.source}
            for row in published.values()
            if row.table in COMPARED and row.metric == "SDR"
        ]
    )
    remark = f"{OTHER_DATA} MUSDB18 is the compressed edition, without content above 16 kHz."
    title = "This study beside published systems"
    frame = pd.concat([ours, theirs], ignore_index=True)
    return scored(results, "comparison", title, frame, "SDR", remark)


def oracles(results: Results, published: Mapping[str, Published]) -> Table:
    """Floors and ceilings here, and those of SiSEC 2018 by the same rules on MUSDB18."""
    frame = named(results.bounds, by_source(results, "SDR"))
    sisec = [published.get(f"O/{row.name}") for row in results.bounds]
    for source in COLUMNS:
        column = objects(one.scores[source] if one else None for one in sisec)
        frame[f"SiSEC, MUSDB18: {SHOWN[source]}"] = column
    remark = (
        "SiSEC: median of frames, median of the 50 MUSDB18 test tracks "
        f"(sigsep/sigsep-mus-2018). {OTHER_DATA}"
    )
    return scored(results, "oracles", "Floors and oracles", frame, "SDR", remark)
