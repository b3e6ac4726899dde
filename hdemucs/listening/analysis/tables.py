"""Tables as in the paper: ground truth, models and anchors by source; Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hdemucs import tables as printing
from hdemucs.listening.analysis.describe import POOLED, columns

PUBLISHED = Path(__file__).parent / "mos.csv"  # tables 4 and 5 of the paper
PAPERS_DATA = "MUSDB18-HQ"
OTHER_DATA = (
    f"The paper's rows are of {PAPERS_DATA} and of other listeners, this study's of other data: "
    "they are no comparison."
)
ORDER = {"reference": 0, "system": 1, "anchor": 2}
NAMES = {"mushra": "Hidden reference", "mos": "Ground truth"}
DIGITS = {"mushra": 1, "mos": 2}
TITLES = {"quality": "sound quality", "contamination": "absence of contamination"}
SCALES = {"mushra": "0 to 100, MUSHRA", "mos": "1 to 5, mean opinion score"}


@dataclass(frozen=True)
class Cell:
    """A mean with two half-widths, or a number of the paper, which has none."""

    mean: float
    both: float
    listeners: float
    best: bool


@dataclass(frozen=True)
class Row:
    """One condition; `published` marks the paper's own numbers."""

    name: str
    cells: tuple[Cell | None, ...]
    published: bool


@dataclass(frozen=True)
class Table:
    """The table of one set and attribute."""

    set: str
    attribute: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str


def tables(
    cells: pd.DataFrame,
    best: set[tuple[str, ...]],
    sources: Sequence[str],
    note: str,
    data: str,
) -> list[Table]:
    """A table for every set and attribute with answers; `data` is the data set's name."""
    made = []
    for (kind, attribute), frame in cells.groupby(["set", "attribute"]):
        names = columns(sources)
        rows = [
            row(str(kind), str(attribute), condition, own, best, names)
            for condition, own in ordered(frame)
        ]
        if kind == "mos":
            rows += published(str(attribute), names)
        said = f"{note} {OTHER_DATA}" if kind == "mos" and data != PAPERS_DATA else note
        made.append(Table(str(kind), str(attribute), tuple(names), tuple(rows), said))
    return made


def ordered(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Reference, systems, anchors, each in the order of names."""
    groups = [(str(name), own) for name, own in frame.groupby("condition")]
    return sorted(groups, key=lambda group: (ORDER[group[1]["role"].iloc[0]], group[0]))


def row(
    kind: str, attribute: str, condition: str, own: pd.DataFrame, best: set[tuple[str, ...]],
    names: Sequence[str],
) -> Row:  # fmt: skip
    found = {str(cell["column"]): cell for cell in own.to_dict("records")}
    cells = tuple(
        Cell(
            float(found[name]["mean"]),
            float(found[name]["interval"]),
            float(found[name]["interval_listeners"]),
            (kind, attribute, name, condition) in best,
        )
        if name in found
        else None
        for name in names
    )
    return Row(NAMES[kind] if condition == "reference" else condition, cells, published=False)


def published(attribute: str, names: Sequence[str]) -> list[Row]:
    """The paper's rows; its "All" pools ratings."""
    with PUBLISHED.open(newline="") as file:
        given = [line for line in csv.DictReader(file) if line["attribute"] == attribute]
    keys = {POOLED: "All"}
    none = float("nan")
    return [
        Row(
            f"{line['condition']} (paper, on {PAPERS_DATA})",
            tuple(
                Cell(float(line[key]), none, none, best=False) if key in line else None
                for key in (keys.get(name, name) for name in names)
            ),
            published=True,
        )
        for line in given
    ]


def title(table: Table) -> str:
    return f"{TITLES[table.attribute].capitalize()} ({SCALES[table.set]})"


def plain(cell: Cell, digits: int) -> str:
    """Mean ± half-width over listeners and excerpts (over listeners)."""
    mean = f"{cell.mean:.{digits}f}"
    if not np.isfinite(cell.listeners):
        return mean
    both = f"{cell.both:.{digits}f}" if np.isfinite(cell.both) else "?"
    return f"{mean} ± {both} ({cell.listeners:.{digits}f})"


def printed(table: Table) -> printing.Table:
    """The table as it is printed in all formats except CSV."""

    def text(cell: Cell | None) -> printing.Cell:
        said = None if cell is None else plain(cell, DIGITS[table.set])
        return printing.Strong(said) if said and cell and cell.best else said

    lines = [[entry.name, *map(text, entry.cells)] for entry in table.rows]
    frame = pd.DataFrame(lines, columns=["Condition", *table.columns], dtype=object)
    name = f"{table.set}-{table.attribute}"
    return printing.Table(name, title(table), frame, (table.note,))


def markdown(table: Table) -> str:
    return printing.markdown(printed(table), level=3)


def latex(table: Table) -> str:
    return printing.latex(printed(table))


def comma_separated(table: Table) -> str:
    """The table as CSV, one row per cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["condition", "column", "mean", "interval", "interval_listeners", "best"])
    for entry in table.rows:
        for name, cell in zip(table.columns, entry.cells, strict=True):
            if cell is not None:
                numbers = (cell.mean, cell.both, cell.listeners)
                shown = ["" if not np.isfinite(n) else f"{n:.4f}" for n in numbers]
                writer.writerow([entry.name, name, *shown, int(cell.best)])
    return text.getvalue()
