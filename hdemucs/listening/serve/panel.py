"""Assign listeners to the sessions with the fewest listeners, and follow their progress.

Everything is appended to a hidden file beside the answers, so that a restarted server continues
where it stopped.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

FILE = ".panel.jsonl"
HOLD = 2 * 3600.0  # seconds without a message after which a listener's place is free again


@dataclass(frozen=True)
class Seat:
    """One listener's place in one session."""

    listener: str
    session: str
    started: float  # seconds since the epoch
    seen: float
    step: int = 0
    of: int = 0
    done: bool = False


class Panel:
    """All listeners of a test."""

    def __init__(
        self, sessions: Mapping[str, str], answers: Path, now: Callable[[], float] = time.time
    ) -> None:
        """`sessions` has the set of each session; `answers` is the folder of answers."""
        self.sessions, self.file, self.now = sessions, answers / FILE, now
        self.lock = threading.Lock()
        self.seats: dict[tuple[str, str], Seat] = {}
        self.stored = Counter(
            {name: len(list(answers.glob(f"{name}-*.json"))) for name in sessions}
        )
        for line in self.file.read_text().splitlines() if self.file.exists() else ():
            seat = Seat(**json.loads(line))
            self.seats[seat.session, seat.listener] = seat

    def join(self, listener: str, kind: str | None) -> str | None:
        """The session of this listener: an earlier one, or else the one with the fewest listeners.

        `kind` restricts it to a set. Returns None if there is no such set.
        """
        with self.lock:
            names = [name for name, own in self.sessions.items() if kind in (None, own)]
            own = [name for name in names if (name, listener) in self.seats]
            if own or not names:
                return own[-1] if own else None
            taken = self.taken()
            found = min(names, key=lambda name: taken[name])
            now = self.now()
            self.keep(Seat(listener, found, now, now))
            return found

    def taken(self) -> Counter[str]:
        """The number of listeners per session who have finished, or who were active lately."""
        late = self.now() - HOLD
        under_way = (s.session for s in self.seats.values() if not s.done and s.seen >= late)
        return Counter(self.stored) + Counter(under_way)

    def follow(self, session: str, listener: str, step: int, of: int) -> None:
        """Record that a listener has reached step `step` of `of`."""
        with self.lock:
            now = self.now()
            old = self.seats.get((session, listener), Seat(listener, session, now, now))
            self.keep(replace(old, seen=now, step=step, of=of))

    def finish(self, session: str, listener: str, *, new: bool) -> None:
        """Record that a listener's answers are stored; `new`: for the first time."""
        with self.lock:
            now = self.now()
            self.stored[session] += int(new)
            old = self.seats.get((session, listener), Seat(listener, session, now, now))
            self.keep(replace(old, seen=now, done=True))

    def keep(self, seat: Seat) -> None:
        """Record a place. If the disk is full, only this line is lost: answers matter more."""
        self.seats[seat.session, seat.listener] = seat
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a") as file:
                file.write(json.dumps(asdict(seat)) + "\n")
        except OSError:
            return
