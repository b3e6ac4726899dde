"""The files that the server may show, and the sessions for which it accepts answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdemucs.files import read_json
from hdemucs.listening.answers.form import Submission, TrialAnswer
from hdemucs.listening.answers.table import SCALES
from hdemucs.listening.layout import INDEX, served
from hdemucs.listening.session_list import CURE, SessionList, hold_blind, load_session_list

Asked = Counter[tuple[str, str]]  # (stimulus, attribute); each is rated once


@dataclass(frozen=True)
class Content:
    """A listening test on disk; no other file can be requested."""

    files: Mapping[str, Path]  # by URL path
    listed: SessionList
    asked: Mapping[str, Mapping[str, Asked]]  # by session and trial

    def check(self, submission: Submission) -> None:
        """Raises: ValueError: answers to another test, or ones that no listener can have given."""
        if (submission.test, submission.sets) != (self.listed.test, self.listed.sets):
            raise ValueError("sets: answers to other sounds than these")
        if self.listed.sessions.get(submission.session) != submission.set:
            raise ValueError("session: is none of this test")
        known = self.asked[submission.session]
        given = {answer.trial for answer in submission.trials}
        if not given <= set(known):
            raise ValueError("trials: one is not of this session")
        if given != set(known):
            raise ValueError(f"trials: {len(set(known) - given)} of this session are missing")
        for answer in submission.trials:
            check_ratings(answer, known[answer.trial], SCALES[submission.set])


def check_ratings(answer: TrialAnswer, asked: Asked, scale: tuple[float, float]) -> None:
    """Raises: ValueError: something else is rated than was asked, or a score is off the scale."""
    if Counter((rating.stimulus, rating.attribute) for rating in answer.ratings) != asked:
        raise ValueError(f"ratings: of {answer.trial} are not one for each stimulus and question")
    for rating in answer.ratings:
        if rating.score is None or not scale[0] <= rating.score <= scale[1]:
            low, high = scale
            raise ValueError(f"score: {rating.score} is not on the scale from {low:g} to {high:g}")


def load_content(folder: Path, *, rehearsal: bool = False) -> Content:
    """Read a test's folder once, when the server starts.

    Raises:
        UserError: there is no test, one of its sessions is missing, or it is a trial set and
            `rehearsal` is false.
    """
    listed = load_session_list(folder)
    hold_blind(folder, listed, rehearsal=rehearsal)
    inside = folder.resolve()
    files = {
        f"/{path.relative_to(folder).as_posix()}": path
        for path in served(folder)
        if path.resolve().is_relative_to(inside)
    }
    return Content(
        files={"/": folder / INDEX, **files},
        listed=listed,
        asked={name: asked(folder, kind, name) for name, kind in listed.sessions.items()},
    )


def asked(folder: Path, kind: str, session: str) -> dict[str, Asked]:
    """The blind names and attributes that are rated in each trial of a session."""
    content = read_json(folder / kind / "sessions" / f"{session}.json", CURE)
    return {
        trial["id"]: Counter(
            (name.removesuffix(".flac"), attribute)
            for name in trial["stimuli"]
            for attribute in attributes(trial, content)
        )
        for block in content["blocks"]
        for trial in block
    }


def attributes(trial: Mapping[str, Any], content: Mapping[str, Any]) -> list[str]:
    """The attributes of a trial: one in MUSHRA, all in MOS."""
    return [trial["attribute"]] if "attribute" in trial else list(content["questions"])
