"""All answers as one tidy table, whatever software wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from hdemucs.errors import UserError
from hdemucs.listening.key import Entry, digest

OPEN = "open"


@dataclass(frozen=True)
class Answer:
    """One score as some software stored it; None: that software does not say."""

    listener: str
    submission: str  # what was sent at once
    trial: str  # "<blind folder>.<attribute>.<replicate>", or a clip's blind name
    stimulus: str  # blind name, or "reference"
    attribute: str
    score: float | None
    plays: int | None
    first_move_ms: float | None
    page_ms: float | None
    position: int | None


COLUMNS = [
    "listener", "submission", "set", "trial", "attribute", "replicate", "excerpt", "track",
    "source", "start_s", "seconds", "condition", "role", "nsdr_db", "score", "plays",
    "first_move_ms", "page_ms", "position",
]  # fmt: skip


class Lookup:
    """The key by blind name."""

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
        """What was heard.

        Raises:
            UserError: the key does not know it.
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


def rows(answers: Iterable[Answer], lookup: Lookup, file: Path) -> list[dict[str, object]]:
    """The table's rows for the answers of one file."""
    made = []
    for answer in answers:
        entry = lookup.entry(answer, file)
        replicate = answer.trial.rpartition(".")[2]
        made.append(
            {
                **{name: value for name, value in asdict(answer).items() if name != "stimulus"},
                "set": entry.set,
                "replicate": int(replicate) if replicate.isdigit() else 0,
                "excerpt": entry.excerpt,
                "track": entry.track,
                "source": entry.source,
                "start_s": entry.start_s,
                "seconds": entry.seconds,
                "condition": entry.condition,
                "role": entry.role,
                "nsdr_db": entry.nsdr_db,
            }
        )
    return made


def table(made: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Numbers are floats, NaN where a software does not say."""
    frame = pd.DataFrame(list(made), columns=COLUMNS)
    numbers = ["score", "plays", "first_move_ms", "page_ms", "position", "nsdr_db", "seconds"]
    return frame.astype(dict.fromkeys(numbers, "float64"))
