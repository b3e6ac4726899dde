"""What a run writes so that people can follow it: history.csv and progress.json."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from hdemucs.files import write_json, write_text
from hdemucs.training.fencing import Owner

Row = Mapping[str, int | float | str | None]

EVERY = 5.0  # seconds between two writes of progress.json


class Journal:
    """The two files in a run directory; progress.json is written once in 5 s at most."""

    def __init__(self, folder: Path, owner: Owner, variant: str) -> None:
        self.folder, self.owner, self.variant = folder, owner, variant
        self.started, self.spoken = time.monotonic(), float("-inf")

    def progress(self, state: str, done: int, total: int, facts: Row) -> None:
        """Write where the run stands: `done` of `total` steps made since this process started."""
        now = time.monotonic()
        if state == "running" and now - self.spoken < EVERY:
            return
        self.spoken = now
        left = (now - self.started) / done * (total - done) if done else None
        self.owner.check()
        content = {
            "variant": self.variant,
            "state": state,
            **facts,
            "eta_seconds": None if left is None else round(left),
            "updated": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        write_json(self.folder / "progress.json", content)

    def history(self, rows: Sequence[Row]) -> None:
        """Write a row for each epoch, without clock times: a resumed run writes the same."""
        self.owner.check()
        write_text(self.folder / "history.csv", table(rows))


def table(rows: Sequence[Row]) -> str:
    """Rows as CSV, with the first row's keys as columns; floats are written to all digits."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
