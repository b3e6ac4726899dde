"""Read a folder of answers: ours, webMUSHRA's and pymushra's, recognised by their content."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from hdemucs.errors import UserError
from hdemucs.listening.answers.duplicates import Repeated, once
from hdemucs.listening.answers.foreign import read_csv, read_pymushra
from hdemucs.listening.answers.form import Passed, Submission, parse
from hdemucs.listening.answers.table import Answer, Lookup, Sheet, rows, table
from hdemucs.listening.key import Entry, key_of, key_path
from hdemucs.listening.session_list import SessionList

NOTES = {".md", ".txt", ".cff"}
ABOUT = ("transducer", "years", "headphones", "attention", "comment")
PEOPLE = [
    "listener", "submission", "session", "file", "started", "finished", "minutes", "trials", *ABOUT,
]  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """All answers in a folder."""

    ratings: pd.DataFrame  # one row per rating, in the order of time
    people: pd.DataFrame  # one row per submission
    repeated: tuple[Repeated, ...]


def read_answers(folder: Path, key: Sequence[Entry], key_path: Path) -> Answers:
    """All answers below `folder`; empty without any. Copies of the same answers count once.

    Raises:
        UserError: a file is damaged, answers another test, or contradicts another one.
    """
    lookup = Lookup(key, key_path)
    found = [sheet for path in sorted(files(folder)) for sheet in read(path, lookup)]
    sheets, repeated = once(found)
    ratings = table(row for sheet in sheets for row in rows(sheet, lookup))
    ordered = ratings.sort_values("when", kind="stable", na_position="last")
    people = pd.DataFrame([person(sheet) for sheet in sheets], columns=PEOPLE)
    return Answers(ordered.reset_index(drop=True), people, tuple(repeated))


def read_with_key(
    folder: Path, listed: SessionList, keys: Path
) -> tuple[tuple[Entry, ...], Answers]:
    """Read the key of a set from the folder `keys`, and all answers below `folder`.

    If there are no answers, the key is not needed and not read.

    Raises:
        UserError: the key is missing, damaged or another set's; or as in `read_answers`.
    """
    key = key_of(listed, keys) if any(files(folder)) else ()
    return key, read_answers(folder, key, key_path(keys, listed.sets))


def person(sheet: Sheet) -> dict[str, object]:
    """What is known about the sender of a sheet."""
    times = pd.to_datetime(
        [sheet.started, sheet.finished], utc=True, errors="coerce", format="ISO8601"
    )
    minutes = (times[1] - times[0]).total_seconds() / 60
    return {
        "listener": sheet.listener,
        "submission": sheet.submission,
        "session": sheet.session,
        "file": sheet.path.name,
        "started": sheet.started,
        "finished": sheet.finished,
        "minutes": round(minutes, 1),
        "trials": len({answer.trial for answer in sheet.answers}),
        **{name: sheet.about.get(name, "") for name in ABOUT},
    }


def files(folder: Path) -> Iterator[Path]:
    """Every file except notes and hidden files, such as a killed server's unfinished ones."""
    for path in folder.rglob("*") if folder.is_dir() else ():
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.suffix not in NOTES:
            yield path


def read(path: Path, lookup: Lookup) -> list[Sheet]:
    if path.suffix.lower() == ".csv":
        return read_csv(path, decoded(path))
    if path.suffix.lower() != ".json":
        raise UserError(path, "is no .json or .csv of answers", "move it out of the answers folder")
    try:
        content = json.loads(decoded(path))
    except ValueError as error:
        raise UserError(path, f"is no JSON ({error})", "restore it or move it away") from error
    if isinstance(content, dict) and "submission" in content:
        return [ours(path, lookup)]
    return read_pymushra(path, content)


def submissions(folder: Path) -> Iterator[Submission]:
    """The submissions of our page, each once; files of other software are skipped.

    Raises:
        UserError: a file is damaged.
    """
    known: set[str] = set()
    for path in sorted(files(folder)):
        if path.suffix.lower() == ".json" and '"submission"' in (said := decoded(path)):
            submission = parsed(path, said)
            if submission.submission not in known:
                yield submission
            known.add(submission.submission)


def parsed(path: Path, said: str) -> Submission:
    """Parse a submission.

    Raises:
        UserError: the file has another form.
    """
    try:
        return parse(said)
    except ValueError as error:
        raise UserError(path, f"is no answer of our page ({error})", "move it away") from error


def decoded(path: Path) -> str:
    """A file's text: UTF-8, UTF-16 if it begins with its mark, or Windows-1252.

    Raises:
        UserError: it is none of these.
    """
    content = path.read_bytes()
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp1252"]:
        try:
            return content.decode(encoding)
        except UnicodeError:
            continue
    raise UserError(path, "is in no known encoding", "save it as UTF-8")


def ours(path: Path, lookup: Lookup) -> Sheet:
    """Read a submission of our page."""
    submission = parsed(path, decoded(path))
    if submission.sets != lookup.digest:
        problem = f"answers the sounds {submission.sets}, but {lookup.path} is of {lookup.digest}"
        raise UserError(path, problem, "keep the answers to older sets in another folder")
    return Sheet(
        path=path,
        submission=submission.submission,
        listener=submission.listener,
        answers=tuple(flat(submission)),
        session=submission.session,
        started=submission.started,
        finished=submission.finished,
        about={
            **asdict(submission.about),
            "headphones": fraction(submission.headphones),
            "attention": fraction(submission.attention),
            "comment": submission.comment,
        },
    )


def fraction(check: Passed | None) -> str:
    """The correct answers and their total, such as "5/6"; empty if nothing was asked."""
    return f"{check.correct}/{check.of}" if check else ""


def flat(submission: Submission) -> Iterator[Answer]:
    for answer in submission.trials:
        for rating in answer.ratings:
            yield Answer(
                trial=answer.trial,
                stimulus=rating.stimulus,
                attribute=rating.attribute,
                score=None if rating.score is None else float(rating.score),
                plays=rating.plays,
                covered=rating.covered,
                first_move_ms=rating.first_move_ms,
                page_ms=answer.page_ms,
                position=answer.position,
            )
