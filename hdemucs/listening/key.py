"""The key: what each blind name stands for. It is stored apart from everything that is served.

Every set has its own key, named after the set. So no other revision, experiment or rehearsal ever
replaces the key that answers need.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from hdemucs.config.load import validated
from hdemucs.errors import UserError
from hdemucs.files import write_text
from hdemucs.listening.session_list import SessionList

COPY = "copy it from the machine where the set was made"
REBUILD = "dvc repro --force --single-item listening"  # without DVC's run cache
PATTERN = "key-{}.csv"


@dataclass(frozen=True)
class Entry:
    """One sound file that is served."""

    set: str  # mushra or mos
    trial: str  # blind name; all stimuli of an excerpt have the same
    name: str  # blind name of the file, without suffix
    excerpt: str
    track: str
    source: str
    start_s: float
    seconds: float
    condition: str  # reference, or the name of an anchor or a system
    role: str  # open (reference), reference (hidden), anchor or system
    gain_db: float
    lufs: float | None  # of the served file
    delta_lu: float | None  # relative to the reference
    dbtp: float | None  # of the served file
    nsdr_db: float | None  # against the reference, before gain and dither; None for the reference
    sha256: str


def save_key(entries: Iterable[Entry], path: Path) -> None:
    """Write rows sorted by blind name, so that their order does not show how they were made."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Entry)], lineterminator="\n")
    writer.writeheader()
    for entry in sorted(entries, key=lambda entry: (entry.set, entry.trial, entry.name)):
        row = asdict(entry)
        writer.writerow({name: "" if value is None else value for name, value in row.items()})
    write_text(path, text.getvalue())


def key_path(folder: Path, sets: str) -> Path:
    """The place of the key of the set with the digest `sets`."""
    return folder / PATTERN.format(sets)


def key_of(listed: SessionList, folder: Path) -> tuple[Entry, ...]:
    """Read the key of a set from the folder of keys.

    Raises:
        UserError: it is missing, damaged or another set's.
    """
    path = key_path(folder, listed.sets)
    cure = COPY if not listed.rehearsal else f"{COPY}, or run `{REBUILD}`, which makes both again"
    if not path.exists():
        others = any(folder.glob(PATTERN.format("*")))
        beside = " (there are keys, but of other sets)" if others else ""
        raise UserError(path, f"is missing{beside}: answers cannot be read without it", cure)
    entries = load_key(path, cure)
    if digest(entries) != listed.sets:
        raise UserError(path, f"is the key of another set, {digest(entries)}", cure)
    return entries


def load_key(path: Path, cure: str = COPY) -> tuple[Entry, ...]:
    """Read a key.

    Raises:
        UserError: it is missing or damaged.
    """
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(path, "cannot be read", cure) from error
    return tuple(
        validated(typed(row), Entry, f"{path} row {number}") for number, row in enumerate(rows, 1)
    )


def digest(entries: Iterable[Entry]) -> str:
    """The digest of all sounds of the sets, which sessions and answers contain."""
    lines = sorted(f"{entry.set}/{entry.trial}/{entry.name}/{entry.sha256}" for entry in entries)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def typed(row: dict[str, str]) -> dict[str, object]:
    """The row with numbers in place of texts, where the entry has numbers."""
    numbers = {field.name for field in fields(Entry) if "float" in str(field.type)}
    return {name: number(value) if name in numbers else value for name, value in row.items()}


def number(word: str) -> object:
    try:
        return float(word) if word else None
    except ValueError:
        return word  # pydantic's error will name the field


def conditions(entries: Sequence[Entry]) -> list[str]:
    """Reference, systems, anchors, in the order of the paper's tables."""
    order = {"reference": 0, "system": 1, "anchor": 2}
    found = {entry.condition: order[entry.role] for entry in entries if entry.role in order}
    return sorted(found, key=lambda condition: found[condition])
