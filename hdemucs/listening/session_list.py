"""Read a listening test's list of sessions: its sounds, and what their blind names follow from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hdemucs.errors import UserError
from hdemucs.files import read_json
from hdemucs.listening.layout import INDEX, LIST
from hdemucs.listening.secret import SECRET

CURE = "run `dvc repro listening`, or `dvc pull reports/listening`"
DECODED = "its blind names follow from the study's seed, so whoever has the study can decode them"


@dataclass(frozen=True)
class SessionList:
    """The list that the page reads first."""

    test: str
    sets: str  # digest of all sounds and their blind names
    names_from: str | None  # "seed" or "secret"; None in older sets
    sessions: Mapping[str, str]  # the set of each session, by the session's name

    @property
    def rehearsal(self) -> bool:
        """Whether the set is for trying out only: no secret is known to have been used for its
        names.
        """
        return self.names_from != SECRET


def load_session_list(folder: Path) -> SessionList:
    """Read the list of the test in `folder`.

    Raises:
        UserError: there is no test.
    """
    if not (folder / INDEX).is_file():
        raise UserError(folder, "holds no listening test", CURE)
    found = read_json(folder / LIST, CURE)
    try:
        sessions = {entry["session"]: entry["set"] for entry in found["sessions"]}
        return SessionList(found["test"], found["sets"], found.get("names_from"), sessions)
    except (AttributeError, KeyError, TypeError) as error:
        raise UserError(folder / LIST, "is no list of sessions", CURE) from error


def hold_blind(folder: Path, listed: SessionList, *, rehearsal: bool) -> None:
    """Refuse a set whose blind names others can decode, unless it is used as a rehearsal.

    Raises:
        UserError: the names do not follow from a secret, and `rehearsal` is false.
    """
    if listed.rehearsal and not rehearsal:
        cure = "run `hdemucs listen secret` for a real test, or add --rehearsal to try this one"
        raise UserError(folder, f"is for trying out: {DECODED}", cure)
