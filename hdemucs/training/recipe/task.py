"""What the parts of a recipe may know of the run."""

from __future__ import annotations

from dataclasses import dataclass

from hdemucs.data.share import WHOLE, Share


@dataclass(frozen=True, kw_only=True)
class Task:
    """The facts of a run that its parts use."""

    sources: tuple[str, ...]  # of the batches' stems, in order
    sample_rate: int  # Hz
    seed: int
    share: Share = WHOLE  # this process' share of every batch
