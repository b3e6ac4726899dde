"""What a study wants of every track."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Expected:
    """What every track must be like."""

    sources: tuple[str, ...]
    rate: int  # Hz
    channels: int
