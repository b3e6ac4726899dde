"""A folder of answers: ours, webMUSHRA's and pymushra's, told apart by what they hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from hdemucs.errors import UserError
from hdemucs.listening.answers.foreign import read_csv, read_pymushra
from hdemucs.listening.answers.form import Submission, parse
from hdemucs.listening.answers.table import Answer, Lookup, rows, table
from hdemucs.listening.key import Entry

NOTES = {".md", ".txt"}


def read_answers(folder: Path, key: Sequence[Entry], key_path: Path) -> pd.DataFrame:
    """All answers below `folder`, in the order of file names; empty without any.

    Raises:
        UserError: a file is damaged, is no answers, or answers another test.
    """
    lookup = Lookup(key, key_path)
    made = []
    for path in sorted(files(folder)):
        made += rows(read(path, lookup), lookup, path)
    return table(made)


def files(folder: Path) -> Iterator[Path]:
    """Every file but hidden ones (a killed server's drafts) and notes."""
    for path in folder.rglob("*") if folder.is_dir() else ():
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.suffix not in NOTES:
            yield path


def read(path: Path, lookup: Lookup) -> list[Answer]:
    if path.suffix == ".csv":
        return read_csv(path)
    if path.suffix != ".json":
        raise UserError(path, "is no .json or .csv of answers", "move it out of the answers folder")
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise UserError(path, f"is no JSON ({error})", "restore it or move it away") from error
    if isinstance(content, dict) and "submission" in content:
        return ours(path, lookup)
    return read_pymushra(path, content)


def ours(path: Path, lookup: Lookup) -> list[Answer]:
    """A submission of our page."""
    try:
        submission = parse(path.read_bytes())
    except ValueError as error:
        raise UserError(path, f"is no answer of our page ({error})", "move it away") from error
    if submission.sets != lookup.digest:
        problem = f"answers the sounds {submission.sets}, but {lookup.path} is of {lookup.digest}"
        raise UserError(path, problem, "keep the answers to older sets in another folder")
    return list(flat(submission))


def flat(submission: Submission) -> Iterator[Answer]:
    for answer in submission.trials:
        for rating in answer.ratings:
            yield Answer(
                listener=submission.listener,
                submission=submission.submission,
                trial=answer.trial,
                stimulus=rating.stimulus,
                attribute=rating.attribute,
                score=None if rating.score is None else float(rating.score),
                plays=rating.plays,
                first_move_ms=rating.first_move_ms,
                page_ms=answer.page_ms,
                position=answer.position,
            )
