"""Results as webMUSHRA's PHP (CSV) and pymushra (TinyDB file or JSON export) write them.

webMUSHRA stores an untouched slider as 100 and says nothing of playing; the time is the page's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hdemucs.errors import UserError
from hdemucs.listening.answers.table import Answer

ATTRIBUTES = ("quality", "contamination")  # the order of the two scales of a clip
LISTENER = "listener"  # the question that asks for a code
MUSHRA_COLUMNS = {"session_uuid", "trial_id", "rating_stimulus", "rating_score", "rating_time"}
LSS_COLUMNS = {"trial_id", "stimuli_rating1", "stimuli_rating2", "stimuli", "rating_time"}


def read_csv(path: Path) -> list[Answer]:
    """WebMUSHRA's mushra.csv or lss.csv.

    Raises:
        UserError: it is neither, or does not tell listeners apart.
    """
    reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    columns = set(reader.fieldnames or ())
    if columns >= MUSHRA_COLUMNS:
        return [mushra_row(row, path) for row in reader]
    if columns >= LSS_COLUMNS:
        return [answer for row in reader for answer in clip_row(row, path)]
    problem = "is no mushra.csv or lss.csv of webMUSHRA"
    raise UserError(path, problem, "move it out of the answers folder")


def mushra_row(row: Mapping[str, str], path: Path) -> Answer:
    trial = row["trial_id"]
    return Answer(
        listener=row.get(LISTENER) or row["session_uuid"],
        submission=row["session_uuid"],
        trial=trial,
        stimulus=row["rating_stimulus"],
        attribute=attribute(trial, path),
        score=number(row["rating_score"], path),
        plays=None,
        first_move_ms=None,
        page_ms=number(row["rating_time"], path),
        position=None,
    )


def clip_row(row: Mapping[str, str], path: Path) -> Iterator[Answer]:
    """Two scales in one row."""
    listener = row.get(LISTENER)
    if not listener:
        problem = "has a clip without a listener's code, and lss.csv has no session either"
        raise UserError(path, problem, "write the code into the column 'listener'")
    for place, asked in enumerate(ATTRIBUTES, 1):
        yield Answer(
            listener=listener,
            submission=listener,
            trial=row["trial_id"],
            stimulus=row["stimuli"],
            attribute=asked,
            score=number(row[f"stimuli_rating{place}"].strip(), path),
            plays=None,
            first_move_ms=None,
            page_ms=number(row["rating_time"], path),
            position=None,
        )


def attribute(trial: str, path: Path) -> str:
    """The attribute in the name that we gave the trial."""
    found = trial.split(".")[1:2]
    if not found or found[0] not in ATTRIBUTES:
        raise UserError(path, f"has a trial {trial!r} that is none of ours", "remove its rows")
    return found[0]


def number(word: object, path: Path) -> float | None:
    """A score or a time; NA and nothing are None."""
    if word in {"", "NA", None}:
        return None
    try:
        return float(str(word))
    except ValueError as error:
        raise UserError(path, f"has {word!r} where a number belongs", "correct the row") from error


def read_pymushra(path: Path, content: Any) -> list[Answer]:
    """Pymushra's database (tables of trials) or its JSON export (a row a rating).

    Raises:
        UserError: it is neither.
    """
    try:
        if isinstance(content, list):
            return [answer for row in content for answer in exported(row, path)]
        return [
            answer
            for table in content.values()
            for trial in table.values()
            for response in trial["responses"]
            for answer in responded(trial, response, path)
        ]
    except (KeyError, AttributeError, TypeError) as error:
        problem = f"is neither our answers nor pymushra's ({error!r})"
        raise UserError(path, problem, "move it out of the answers folder") from error


def exported(row: Mapping[str, Any], path: Path) -> Iterator[Answer]:
    """A row of the export, whose columns are joined with underscores."""
    parts: dict[str, dict[str, Any]] = {"responses": {}, "questionaire": {}, "wm": {}}
    for name, value in row.items():
        group, _, key = name.partition("_")
        if group in parts and value is not None:
            parts[group][key] = value
    trial = {**parts["wm"], "questionaire": parts["questionaire"]}
    yield from responded(trial, parts["responses"], path)


def responded(
    trial: Mapping[str, Any], response: Mapping[str, Any], path: Path
) -> Iterator[Answer]:
    """One response; pymushra turns words that look like numbers into numbers."""
    asked = trial["questionaire"]
    name = str(trial["id"])
    scores = response.get("stimulusRating")
    given = (
        [(attribute(name, path), response["score"])]
        if scores is None
        else list(zip(ATTRIBUTES, scores, strict=True))
    )
    for what, score in given:
        yield Answer(
            listener=str(asked.get(LISTENER) or asked["uuid"]),
            submission=str(asked["uuid"]),
            trial=name,
            stimulus=str(response["stimulus"]),
            attribute=what,
            score=number(score, path),
            plays=None,
            first_move_ms=None,
            page_ms=number(response.get("time"), path),
            position=None,
        )
