"""Read results of webMUSHRA's PHP (CSV) and of pymushra (TinyDB file or JSON export).

webMUSHRA stores 100 for an untouched slider and does not record playing; times are per page.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hdemucs.errors import UserError
from hdemucs.listening.answers.table import Answer, Sheet

ATTRIBUTES = ("quality", "contamination")  # the order of the two scales of a clip
TRAINING = "training."  # in the names of trials that do not count
LISTENER = "listener"  # the question that asks for a code
MUSHRA_COLUMNS = {"trial_id", "rating_stimulus", "rating_score"}
LSS_COLUMNS = {"trial_id", "stimuli"}
SCALES = tuple(f"stimuli_rating{place}" for place in (1, 2))  # in the order of ATTRIBUTES
ID, TEST = "session_uuid", "session_test_id"
Rows = Sequence[Mapping[str, str]]


def read_csv(path: Path, text: str) -> list[Sheet]:
    """Read webMUSHRA's mushra.csv or lss.csv, with commas, or with semicolons from some
    spreadsheets.

    Raises:
        UserError: it is neither, or it does not say which listener gave an answer.
    """
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    columns, found = set(reader.fieldnames or ()), list(reader)
    if columns >= MUSHRA_COLUMNS:
        return csv_sheets(path, found, mushra_row)
    if columns >= LSS_COLUMNS and columns & set(SCALES):
        return csv_sheets(path, found, clip_row)
    problem = "is no mushra.csv or lss.csv of webMUSHRA"
    raise UserError(path, problem, "move it out of the answers folder")


def csv_sheets(
    path: Path, found: Rows, convert: Callable[[Mapping[str, str], Path], Iterator[Answer]]
) -> list[Sheet]:
    pairs = []
    for number, row in enumerate(found, 2):
        listener = row.get(LISTENER) or row.get(ID)
        if not listener:
            problem = f"says in line {number} neither {ID} nor the code of a listener"
            raise UserError(path, problem, f"write the code into the column '{LISTENER}'")
        submission = row.get(ID) or f"{row.get(TEST, '')}/{listener}"
        pairs += [((submission, listener), answer) for answer in convert(row, path)]
    return sheets(path, pairs)


def sheets(path: Path, pairs: Iterable[tuple[tuple[str, str], Answer]]) -> list[Sheet]:
    """One sheet for each time that something was sent; what was sent twice gives two."""
    sent: dict[tuple[tuple[str, str], int], list[Answer]] = {}
    times: Counter[tuple[object, ...]] = Counter()
    for who, answer in pairs:
        if answer.trial.startswith(TRAINING):
            continue
        rated = (who, answer.trial, answer.stimulus, answer.attribute)
        sent.setdefault((who, times[rated]), []).append(answer)
        times[rated] += 1
    return [Sheet(path, *who, tuple(answers)) for (who, _), answers in sent.items()]


def mushra_row(row: Mapping[str, str], path: Path) -> Iterator[Answer]:
    trial = row["trial_id"]
    yield Answer(
        trial=trial,
        stimulus=row["rating_stimulus"],
        attribute=attribute(trial, path),
        score=number(row["rating_score"], path),
        page_ms=number(row.get("rating_time"), path),
    )


def clip_row(row: Mapping[str, str], path: Path) -> Iterator[Answer]:
    """The two scales of a row; one of them if a column is missing."""
    for scale, asked in zip(SCALES, ATTRIBUTES, strict=True):
        if scale in row:
            yield Answer(
                trial=row["trial_id"],
                stimulus=row["stimuli"],
                attribute=asked,
                score=number((row[scale] or "").strip(), path),
                page_ms=number(row.get("rating_time"), path),
            )


def attribute(trial: str, path: Path) -> str:
    """The attribute, from the name that we gave the trial."""
    found = trial.split(".")[1:2]
    if not found or found[0] not in ATTRIBUTES:
        raise UserError(path, f"has a trial {trial!r} that is none of ours", "remove its rows")
    return found[0]


def number(word: object, path: Path) -> float | None:
    """A score or a time; None for NA or an empty cell."""
    if word in {"", "NA", None}:
        return None
    try:
        found = float(str(word))
    except ValueError as error:
        raise UserError(path, f"has {word!r} where a number belongs", "correct the row") from error
    if not math.isfinite(found):
        raise UserError(path, f"has {word!r} where a number belongs", "correct the row")
    return found


def read_pymushra(path: Path, content: Any) -> list[Sheet]:
    """Read pymushra's database (tables of trials) or its JSON export (one row per rating).

    Raises:
        UserError: it is neither.
    """
    try:
        trials = list(exported(content) if isinstance(content, list) else stored(content))
        pairs = [
            (sender(trial["questionaire"]), answer)
            for trial, response in trials
            for answer in responded(trial, response, path)
        ]
    except (KeyError, AttributeError, TypeError) as error:
        problem = f"is neither our answers nor pymushra's ({error!r})"
        raise UserError(path, problem, "move it out of the answers folder") from error
    return sheets(path, pairs)


def sender(asked: Mapping[str, Any]) -> tuple[str, str]:
    """The submission and the listener."""
    return str(asked["uuid"]), str(asked.get(LISTENER) or asked["uuid"])


Trials = Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]  # each with one response


def stored(content: Mapping[str, Any]) -> Trials:
    for table in content.values():
        for trial in table.values():
            for response in trial["responses"]:
                yield trial, response


def exported(content: list[Mapping[str, Any]]) -> Trials:
    """The rows of the export, whose column names are joined with underscores."""
    for row in content:
        parts: dict[str, dict[str, Any]] = {"responses": {}, "questionaire": {}, "wm": {}}
        for name, value in row.items():
            group, _, key = name.partition("_")
            if group in parts and value is not None:
                parts[group][key] = value
        yield {**parts["wm"], "questionaire": parts["questionaire"]}, parts["responses"]


def responded(
    trial: Mapping[str, Any], response: Mapping[str, Any], path: Path
) -> Iterator[Answer]:
    """One response; pymushra converts texts that look like numbers."""
    name = str(trial["id"])
    scores = response.get("stimulusRating")
    given = (
        [(attribute(name, path), response["score"])]
        if scores is None
        else list(zip(ATTRIBUTES, scores, strict=False))
    )
    for what, score in given:
        yield Answer(
            trial=name,
            stimulus=str(response["stimulus"]),
            attribute=what,
            score=number(score, path),
            page_ms=number(response.get("time"), path),
        )
