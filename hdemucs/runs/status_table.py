"""Show the state of runs: a table that is updated in place on a terminal, otherwise lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from hdemucs.progress import clock
from hdemucs.runs.directory import Run
from hdemucs.runs.executor import State, Status

EVERY = 15.0  # seconds between plain lines about a run whose state does not change
COLUMNS = ("run", "state", "job", "node", "epoch", "step", "loss", "left", "log")
FOLDED = {"run", "state", "node"}  # columns that may be split over several lines
GAP = 2  # cells between columns


def row(run: Run, status: Status) -> dict[str, str]:
    """What is known about a run, by column; empty texts for the unknown."""
    said = run.progress
    eta = said.get("eta_seconds") if status.state is State.RUNNING else None
    loss = said.get("loss")
    return {
        "run": run.name,
        "state": f"{status.word} ({status.reason})" if status.reason else status.word,
        "job": status.job,
        "node": status.node,
        "epoch": share(said, "epoch", "epochs"),
        "step": share(said, "step", "steps"),
        "loss": "" if loss is None else f"{loss:.4g}",
        "left": "" if eta is None else clock(float(eta)),
        "log": str(run.log),
    }


def share(said: Mapping[str, object], part: str, whole: str) -> str:
    """Such as 3/8, or 3 if the whole is unknown."""
    return "/".join(str(said[key]) for key in (part, whole) if said.get(key) is not None)


def table(looks: Mapping[Run, Status], width: int) -> Table:
    """All runs, one row each, in `width` cells of a terminal.

    If a line is too short, empty columns and the logs are left out (`hdemucs runs logs` finds
    them), and long names are split over lines: nothing is cut off.
    """
    rows = [row(run, status) for run, status in looks.items()]
    columns: Sequence[str] = COLUMNS
    gap = GAP
    if needed(rows, columns, gap) > width:
        columns = [name for name in COLUMNS[:-1] if any(cells[name] for cells in rows)]
        gap = GAP if needed(rows, columns, GAP) <= width else 1
    grid = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0))
    for name in columns:
        grid.add_column(name, overflow="fold", no_wrap=name not in FOLDED)
    for cells in rows:
        grid.add_row(*(Text(cells[name]) for name in columns))
    return grid


def needed(rows: Sequence[Mapping[str, str]], columns: Sequence[str], gap: int) -> int:
    """The number of cells that columns need if nothing is split."""
    widths = [max(map(cell_len, (name, *(cells[name] for cells in rows)))) for name in columns]
    return sum(widths) + gap * (len(columns) - 1)


@dataclass
class StatusTable:
    """Shows the states of runs whenever they are looked at."""

    stream: IO[str] = field(default_factory=lambda: sys.stderr)
    said: dict[Run, tuple[str, float]] = field(default_factory=dict)  # last state shown, and when

    def __enter__(self) -> StatusTable:
        console = Console(file=self.stream)
        self.live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        if self.live:
            self.live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.live:
            self.live.stop()

    def show(self, looks: Mapping[Run, Status]) -> None:
        """On a terminal, update the table; otherwise print a line per change, and one from time to
        time.
        """
        if self.live:
            self.live.update(table(looks, self.live.console.width), refresh=True)
            return
        for run, status in looks.items():
            state, now = f"{status.word} {status.reason}", time.monotonic()
            before, spoken = self.said.get(run, ("", 0.0))
            lasting = status.state is State.RUNNING and now - spoken >= EVERY
            if state != before or lasting:
                self.said[run] = state, now
                self.stream.write(line(run, status) + "\n")
                self.stream.flush()


def line(run: Run, status: Status) -> str:
    """One run's state in words."""
    cells = row(run, status)
    named = ((name, cells[name]) for name in ("job", "node", "epoch", "step", "loss", "left"))
    told = (f"{name} {value}" for name, value in named if value)
    return "  ".join([f"{cells['run']}: {cells['state']}", *told])
