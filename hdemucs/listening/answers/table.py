"""All answers as one tidy table, from any of the supported software."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from hdemucs.errors import UserError
from hdemucs.listening.key import Entry, digest

OPEN = "open"
SCALES = {"mushra": (0.0, 100.0), "mos": (1.0, 5.0)}


@dataclass(frozen=True)
class Answer:
    """One score as some software stored it; None means that the software does not record it."""

    trial: str  # "<blind folder>.<attribute>.<replicate>", or the blind name of a clip
    stimulus: str  # blind name, or "reference"
    attribute: str
    score: float | None
    plays: int | None = None
    covered: float | None = None  # share of the sound that was heard
    first_move_ms: float | None = None
    page_ms: float | None = None
    position: int | None = None


@dataclass(frozen=True)
class Sheet:
    """What one listener sent at a time, as stored in one file."""

    path: Path
    submission: str  # identifier of what was sent, the same in every file
    listener: str
    answers: tuple[Answer, ...]
    session: str = ""
    started: str = ""  # ISO 8601; empty if that software does not record it
    finished: str = ""
    about: Mapping[str, object] = field(default_factory=dict)  # columns of the participants' table


COLUMNS = [
    "listener", "submission", "when", "set", "trial", "attribute", "replicate", "excerpt", "track",
    "source", "start_s", "seconds", "condition", "role", "nsdr_db", "stimuli", "score", "plays",
    "covered", "first_move_ms", "page_ms", "position", "fault",
]  # fmt: skip
NUMBERS = [
    "score", "plays", "covered", "first_move_ms", "page_ms", "position", "nsdr_db", "seconds",
    "stimuli",
]  # fmt: skip


class Lookup:
    """The key, by blind names."""

    def __init__(self, entries: Sequence[Entry], path: Path) -> None:
        self.path = path
        self.digest = digest(entries)
        rated = [entry for entry in entries if entry.role != OPEN]
        self.by_name = {entry.name: entry for entry in rated}
        self.references = {e.trial: e for e in rated if e.set == "mushra" and e.role == "reference"}
        self.counts: dict[str, int] = {}
        for entry in rated:
            self.counts[entry.trial] = self.counts.get(entry.trial, 0) + 1

    def entry(self, answer: Answer, file: Path) -> Entry:
        """The stimulus that was heard.

        Raises:
            UserError: it is not in the key.
        """
        folder = answer.trial.partition(".")[0]
        found = self.by_name.get(answer.stimulus)
        if answer.stimulus == "reference":
            found = self.references.get(folder)
        known = found and folder in {found.trial, found.name}
        if found is None or not known:
            problem = f"rates {answer.stimulus} in trial {answer.trial}, which {self.path} lacks"
            raise UserError(file, problem, "give the key of the sets that listeners heard")
        return found

    def stimuli(self, entry: Entry) -> int:
        """The number of stimuli in a complete trial."""
        return self.counts[entry.trial] if entry.set == "mushra" else 1


def rows(sheet: Sheet, lookup: Lookup) -> list[dict[str, object]]:
    """The rows for one sheet; `fault` says why a rating is impossible."""
    made: list[dict[str, object]] = []
    seen: set[tuple[str, str, str]] = set()
    for answer in sheet.answers:
        entry = lookup.entry(answer, sheet.path)
        replicate = answer.trial.rpartition(".")[2]
        rated = (answer.trial, entry.name, answer.attribute)
        made.append(
            {
                **{name: value for name, value in asdict(answer).items() if name != "stimulus"},
                "listener": sheet.listener,
                "submission": sheet.submission,
                "when": sheet.finished or sheet.started,
                "set": entry.set,
                "replicate": int(replicate) if replicate.isdigit() else 0,
                **{name: getattr(entry, name) for name in ("excerpt", "track", "source")},
                **{name: getattr(entry, name) for name in ("start_s", "seconds", "condition")},
                **{name: getattr(entry, name) for name in ("role", "nsdr_db")},
                "stimuli": lookup.stimuli(entry),
                "fault": "a stimulus is rated twice" if rated in seen else fault(answer, entry),
            }
        )
        seen.add(rated)
    return made


def fault(answer: Answer, entry: Entry) -> str:
    """Why no listener can have given this answer; empty for a possible one."""
    low, high = SCALES[entry.set]
    if answer.score is not None and not low <= answer.score <= high:
        return f"a score of {answer.score:g} on a scale from {low:g} to {high:g}"
    asked = answer.trial.split(".")[1:2]
    if asked and asked[0] != answer.attribute:
        return f"{answer.attribute} is rated in a trial on {asked[0]}"
    return ""


def table(made: Iterable[dict[str, object]]) -> pd.DataFrame:
    """The table of all rows; numbers are floats or NaN, and `when` is in UTC or NaT."""
    frame = pd.DataFrame(list(made), columns=COLUMNS)
    when = pd.to_datetime(frame["when"], utc=True, errors="coerce", format="ISO8601")
    return frame.assign(when=when).astype(dict.fromkeys(NUMBERS, "float64"))
