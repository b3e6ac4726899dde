"""The paper's tables: ground truth, models, anchors by source, as Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hdemucs.listening.analysis.describe import POOLED, columns

PUBLISHED = Path(__file__).parent / "mos.csv"  # paper, tables 4 and 5
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
NOTHING = "-"


@dataclass(frozen=True)
class Cell:
    """A mean with its two half-widths, or a number of the paper without any."""

    mean: float
    both: float
    listeners: float
    best: bool


@dataclass(frozen=True)
class Row:
    """One condition; `published`: the paper's own numbers."""

    name: str
    cells: tuple[Cell | None, ...]
    published: bool


@dataclass(frozen=True)
class Table:
    """One set and attribute."""

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
    """A table for every set and attribute there are answers to; `data`: the data set's name."""
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
    """Reference, systems, anchors; by name within."""
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
    """The paper's rows; its "All" is pooled over ratings."""
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


def plain(cell: Cell | None, digits: int, sign: str = "±") -> str:
    """Mean ± listeners and excerpts (listeners)."""
    if cell is None:
        return NOTHING
    mean = f"{cell.mean:.{digits}f}"
    if not np.isfinite(cell.listeners):
        return mean
    both = f"{cell.both:.{digits}f}" if np.isfinite(cell.both) else "?"
    return f"{mean} {sign} {both} ({cell.listeners:.{digits}f})"


def markdown(table: Table) -> str:
    lines = [
        f"### {title(table)}",
        "",
        line(["", *table.columns]),
        line(["---"] * (1 + len(table.columns))),
    ]
    for entry in table.rows:
        texts = [plain(cell, DIGITS[table.set]) for cell in entry.cells]
        shown = [
            f"**{text}**" if cell and cell.best else text
            for text, cell in zip(texts, entry.cells, strict=True)
        ]
        lines.append(line([entry.name, *shown]))
    return "\n".join([*lines, "", table.note, ""])


def line(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def comma_separated(table: Table) -> str:
    """A row a cell."""
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


def latex(table: Table) -> str:
    """A tabular for booktabs."""
    head = " & ".join(["", *(escaped(name) for name in table.columns)])
    body = []
    for entry in table.rows:
        texts = [plain(cell, DIGITS[table.set], "$\\pm$") for cell in entry.cells]
        shown = [
            f"\\textbf{{{text}}}" if cell and cell.best else "--" if text == NOTHING else text
            for text, cell in zip(texts, entry.cells, strict=True)
        ]
        body.append(" & ".join([escaped(entry.name), *shown]) + r" \\")
    return "\n".join(
        [
            f"% {title(table)}. {table.note}",
            rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}",
            r"\toprule",
            head + r" \\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def escaped(text: str) -> str:
    for letter in "&%$#_":
        text = text.replace(letter, f"\\{letter}")
    return text
