"""What the server knows: the files it may show, and the sessions it takes answers for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hdemucs.errors import UserError
from hdemucs.files import read_json
from hdemucs.listening.answers.form import Submission
from hdemucs.listening.layout import INDEX, LIST, served

CURE = "run `dvc repro listening`, or `dvc pull reports/listening`"


@dataclass(frozen=True)
class Content:
    """A listening test on disk; nothing else of the disk can be asked for."""

    files: Mapping[str, Path]  # by URL path
    test: str
    sets: str
    sessions: Mapping[str, str]  # their set, by name
    stimuli: Mapping[str, Mapping[str, frozenset[str]]]  # names by session and trial

    def check(self, submission: Submission) -> None:
        """Raises: ValueError: answers to another test, session, trial or stimulus."""
        if (submission.test, submission.sets) != (self.test, self.sets):
            raise ValueError("sets: answers to other sounds than these")
        if self.sessions.get(submission.session) != submission.set:
            raise ValueError("session: is none of this test")
        known = self.stimuli[submission.session]
        for answer in submission.trials:
            if answer.trial not in known:
                raise ValueError("trials: one is not of this session")
            if not {rating.stimulus for rating in answer.ratings} <= known[answer.trial]:
                raise ValueError("ratings: a stimulus is not of this trial")


def load_content(folder: Path) -> Content:
    """Read a test's folder once, at the start.

    Raises:
        UserError: there is no test, or a session of it is missing.
    """
    if not (folder / INDEX).is_file():
        raise UserError(folder, "holds no listening test", CURE)
    found = read_json(folder / LIST, CURE)
    inside = folder.resolve()
    files = {
        f"/{path.relative_to(folder).as_posix()}": path
        for path in served(folder)
        if path.resolve().is_relative_to(inside)
    }
    sessions = {entry["session"]: entry["set"] for entry in found["sessions"]}
    return Content(
        files={"/": folder / INDEX, **files},
        test=found["test"],
        sets=found["sets"],
        sessions=sessions,
        stimuli={name: stimuli(folder, kind, name) for name, kind in sessions.items()},
    )


def stimuli(folder: Path, kind: str, session: str) -> dict[str, frozenset[str]]:
    """Blind names of what is rated in each trial of a session."""
    blocks = read_json(folder / kind / "sessions" / f"{session}.json", CURE)["blocks"]
    return {
        trial["id"]: frozenset(name.removesuffix(".flac") for name in trial["stimuli"])
        for block in blocks
        for trial in block
    }
