"""reports/machines.csv: how long trainings took, on which machine, and with which libraries.

The file is separate from the results. So whoever repeats a study on another machine sees in git
that nothing else differs.
"""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from hdemucs.errors import UserError
from hdemucs.files import write_text

NAME = "machines.csv"


@dataclass(frozen=True, kw_only=True)
class MachineFacts:
    """One training whose result was published in this checkout."""

    variant: str
    run: str  # name of the run directory
    hours: float
    machine: str
    python: str
    torch: str
    numpy: str


def save_machine(reports: Path, facts: MachineFacts) -> None:
    """Write the training's line; it replaces the variant's earlier one."""
    path = reports / NAME
    lines = csv.DictReader(path.read_text().splitlines()) if path.exists() else ()
    rows = {line["variant"]: line for line in lines} | {facts.variant: asdict(facts)}
    text = io.StringIO()
    names = [field.name for field in fields(MachineFacts)]
    writer = csv.DictWriter(text, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows[name] for name in sorted(rows))
    write_text(path, text.getvalue())


def load_hours(reports: Path) -> dict[str, float]:
    """Hours of each training that was collected in this checkout; none where there is no file.

    Raises:
        UserError: the file is damaged.
    """
    path = reports / NAME
    lines = csv.DictReader(path.read_text().splitlines()) if path.exists() else ()
    try:
        return {line["variant"]: float(line["hours"]) for line in lines}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            path, "is damaged", "remove it: the next trainings write it anew"
        ) from error
