"""Show the progress of long work: a bar with the time left on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TextIO, TypeVar

from tqdm import tqdm

from hdemucs.errors import shown

T = TypeVar("T")

EVERY = 10.0  # seconds between plain lines


class Progress:
    """The progress of work with `total` steps; call `step` after each."""

    def __init__(
        self, label: str, total: int, unit: str = "", stream: TextIO | None = None
    ) -> None:
        self.stream = stream or sys.stderr
        label = self.label = shown(label)
        self.total, self.unit, self.done = total, unit, 0
        self.started = self.spoken = time.monotonic()
        self.bar = (
            tqdm(total=total, desc=label, unit=unit or "it", file=self.stream, dynamic_ncols=True)
            if self.stream.isatty()
            else None
        )

    def step(self, count: int = 1, note: str = "") -> None:
        """Count `count` more steps as done; `note` is shown after the time left."""
        self.done += count
        if self.bar is not None:
            self.bar.set_postfix_str(note, refresh=False)
            self.bar.update(count)
        elif time.monotonic() - self.spoken >= EVERY or self.done == self.total:
            self.spoken = time.monotonic()
            self.stream.write(f"{self}  {note}".rstrip() + "\n")
            self.stream.flush()

    def __str__(self) -> str:
        gone = time.monotonic() - self.started
        left = gone / self.done * (self.total - self.done) if self.done else 0.0
        share = 100 * self.done / self.total if self.total else 100.0
        place = f"{self.done}/{self.total} {self.unit}".rstrip()
        return f"{self.label}: {place} ({share:.0f} %), {clock(gone)} gone, {clock(left)} left"

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def clock(seconds: float) -> str:
    """A time as text: 61.5 -> '1:01', 3661 -> '1:01:01'."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def track(items: Iterable[T], label: str, total: int | None = None, unit: str = "") -> Iterator[T]:
    """Iterate over the items, showing progress after each."""
    if total is None:
        items = items if isinstance(items, Sized) else list(items)
        total = len(items)
    progress = Progress(label, total, unit)
    try:
        for item in items:
            yield item
            progress.step()
    finally:
        progress.close()
