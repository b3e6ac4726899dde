"""The same answers in several files, which count once.

A server's copy, the listener's download, `answers (1).json`, a backup, a database and its export
all have the identifier that the submission got at its beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hdemucs.errors import UserError
from hdemucs.listening.answers.table import Answer, Sheet

Ratings = frozenset[tuple[str, str, float | None]]  # stimulus, attribute, score


@dataclass(frozen=True)
class Repeated:
    """Trials of a submission that are also in another file or an earlier line."""

    submission: str
    listener: str
    file: str
    first: str  # the file that counts
    trials: int


def once(sheets: Iterable[Sheet]) -> tuple[list[Sheet], list[Repeated]]:
    """Keep every trial of every submission once; also return what was left out as a copy.

    Raises:
        UserError: two copies of a submission contradict each other.
    """
    known: dict[tuple[str, str], tuple[Ratings, Path]] = {}
    kept, repeated = [], []
    for sheet in sheets:
        trials = by_trial(sheet.answers)
        copies = [name for name in trials if (sheet.submission, name) in known]
        for name in copies:
            check_same(sheet, name, ratings(trials[name]), known[sheet.submission, name])
        if copies:
            first = known[sheet.submission, copies[0]][1]
            names = sheet.path.name, first.name
            repeated.append(Repeated(sheet.submission, sheet.listener, *names, len(copies)))
        fresh = [name for name in trials if name not in copies]
        for name in fresh:
            known[sheet.submission, name] = ratings(trials[name]), sheet.path
        if fresh:
            answers = tuple(answer for name in fresh for answer in trials[name])
            kept.append(replace(sheet, answers=answers))
    return kept, repeated


def by_trial(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.trial, []).append(answer)
    return found


def ratings(answers: Sequence[Answer]) -> Ratings:
    return frozenset((answer.stimulus, answer.attribute, answer.score) for answer in answers)


def check_same(sheet: Sheet, trial: str, found: Ratings, first: tuple[Ratings, Path]) -> None:
    if found != first[0]:
        problem = f"contradicts {first[1].name} about trial {trial} of {sheet.listener}"
        raise UserError(sheet.path, problem, "find out which is right and move the other away")
