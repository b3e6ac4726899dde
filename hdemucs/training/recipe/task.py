"""What every part of a recipe may ask of the run that it is for."""

from __future__ import annotations

from dataclasses import dataclass

from hdemucs.data.share import WHOLE, Share


@dataclass(frozen=True, kw_only=True)
class Task:
    """One run, as its parts see it."""

    sources: tuple[str, ...]  # of the batches' stems, in their order
    sample_rate: int  # Hz
    seed: int
    share: Share = WHOLE  # of every batch, that this process works on
