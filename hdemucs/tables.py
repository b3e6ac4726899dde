"""Tables as data, and their forms in Markdown, CSV, LaTeX and HTML."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from hdemucs.files import write_text

DASH = "\N{EN DASH}"  # shown if there is no number


@dataclass(frozen=True)
class Text:
    """A cell with a link to a run or a page."""

    text: str
    link: str  # relative address or #anchor


@dataclass(frozen=True)
class Strong:
    """A cell to be set in bold."""

    text: str


Cell = str | int | float | Text | Strong | None


@dataclass(frozen=True)
class Table:
    """`frame` has one column per heading; floats have two decimals, and None is shown as a dash."""

    name: str  # file name without suffix
    title: str
    frame: pd.DataFrame
    notes: tuple[str, ...]  # about the numbers; printed below the table


def shown(cell: Cell) -> str:
    """The text of a cell."""
    match cell:
        case None:
            return DASH
        case bool():
            return "yes" if cell else "no"
        case float() if math.isnan(cell):
            return DASH
        case float():
            return f"{cell:.2f}".replace("-", "\N{MINUS SIGN}")
        case Text() | Strong():
            return cell.text
        case _:
            return str(cell)


def is_number(cells: Iterable[Cell]) -> bool:
    """Whether a column has numbers and is aligned right."""
    values = [cell for cell in cells if cell is not None]
    return bool(values) and all(isinstance(cell, (int, float)) for cell in values)


def rows_of(table: Table) -> list[list[Cell]]:
    return table.frame.astype(object).to_numpy().tolist()


# What Markdown would interpret as markup in running text; tables show their text literally.
MARKUP = re.compile(
    r"""[\\`*|~] | &(?=[#\w]+;) | _(?!(?<=\w_)\w) | <(?=[A-Za-z/!]) | \](?=[(\[:])""", re.VERBOSE
)


def plain(text: str) -> str:
    """Text in one line that Markdown shows literally."""
    return MARKUP.sub(lambda found: "\\" + found[0], " ".join(text.split()))


def grid(headings: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool]) -> str:
    """A Markdown table of texts that are Markdown already; True aligns a column right."""
    rules = ["---:" if number else "---" for number in right]
    return "\n".join("| " + " | ".join(line) + " |" for line in (headings, rules, *rows))


def markdown(table: Table, level: int = 2) -> str:
    """The table in GitHub's Markdown, below a heading of this level."""

    def text(cell: Cell) -> str:
        said = plain(shown(cell))
        return f"**{said}**" if isinstance(cell, Strong) else said

    headings = [plain(str(column)) for column in table.frame.columns]
    right = [is_number(table.frame[column]) for column in table.frame.columns]
    body = grid(headings, ([text(cell) for cell in row] for row in rows_of(table)), right)
    notes = "\n".join(f"- {plain(note)}" for note in table.notes)
    parts = [f"{'#' * level} {plain(table.title)}", body, *([notes] if notes else [])]
    return "\n\n".join(parts) + "\n"


def comma_separated(table: Table) -> str:
    """The table as CSV: numbers with four decimals, other cells as shown, missing ones empty."""

    def raw(cell: Cell) -> Cell:
        if isinstance(cell, float):
            return None if math.isnan(cell) else round(cell, 4)
        return cell.text if isinstance(cell, (Text, Strong)) else cell

    text: str = table.frame.map(raw).to_csv(index=False, lineterminator="\n")
    return text


SPECIAL = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "[": "{[}",  # after the end of a row, it would begin an argument
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\N{MINUS SIGN}": "$-$",
    DASH: "--",
    "±": r"$\pm$",
    "Δ": r"$\Delta$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "<": r"$<$",
    ">": r"$>$",
}


def escaped(text: str) -> str:
    """Text escaped for LaTeX."""
    return "".join(SPECIAL.get(character, character) for character in text)


def latex(table: Table) -> str:
    """The table in LaTeX, for the package booktabs."""

    def text(cell: Cell) -> str:
        plain = escaped(shown(cell))
        return rf"\textbf{{{plain}}}" if isinstance(cell, Strong) else plain

    def line(cells: Iterable[str]) -> str:
        return " & ".join(cells) + r" \\"

    columns = "".join("r" if is_number(table.frame[c]) else "l" for c in table.frame.columns)
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escaped(table.title)}. {' '.join(escaped(n) for n in table.notes)}}}",
            rf"\label{{tab:{table.name}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            line(escaped(str(column)) for column in table.frame.columns),
            r"\midrule",
            *(line(text(cell) for cell in row) for row in rows_of(table)),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def hypertext(table: Table) -> str:
    """The table in HTML: a `<figure>` with the table and its notes."""

    def text(cell: Cell) -> str:
        plain = html.escape(shown(cell))
        match cell:
            case Text():
                return f'<a href="{html.escape(cell.link)}">{plain}</a>'
            case Strong():
                return f"<strong>{plain}</strong>"
        return plain

    right = [is_number(table.frame[c]) for c in table.frame.columns]

    def line(tag: str, cells: Iterable[str]) -> str:
        marked = zip(cells, right, strict=True)
        return (
            "<tr>"
            + "".join(
                f'<{tag} class="number">{c}</{tag}>' if r else f"<{tag}>{c}</{tag}>"
                for c, r in marked
            )
            + "</tr>"
        )

    head = line("th", (html.escape(str(column)) for column in table.frame.columns))
    body = "\n".join(line("td", (text(cell) for cell in row)) for row in rows_of(table))
    items = "".join(f"<li>{html.escape(note)}</li>" for note in table.notes)
    notes = f"<details><summary>What the numbers are</summary><ul>{items}</ul></details>"
    return (
        f'<figure class="table" id="{table.name}"><figcaption>{html.escape(table.title)}'
        f'</figcaption>\n<div class="wide"><table>\n<thead>{head}</thead>\n<tbody>\n{body}\n'
        f"</tbody></table></div>\n{notes if table.notes else ''}</figure>\n"
    )


FORMS: dict[str, Callable[[Table], str]] = {
    "md": markdown,
    "csv": comma_separated,
    "tex": latex,
    "html": hypertext,
}


def write(table: Table, folder: Path) -> None:
    """Write all forms of a table: <folder>/<name>.{md,csv,tex,html}."""
    for suffix, form in FORMS.items():
        write_text(folder / f"{table.name}.{suffix}", form(table))
