"""The frames in which BSSEval v4 computes scores, and those that it leaves out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from hdemucs.metrics.signals import Sources, silent


@dataclass(frozen=True)
class Frames:
    """Windows of `window` samples, every `hop` samples of a signal.

    A signal not longer than a window has one frame. Samples after the last whole window are not
    scored (museval 0.4.1, `metrics.Framing`).
    """

    samples: int
    window: int
    hop: int

    def __len__(self) -> int:
        if self.window >= self.samples:
            return 1
        return math.floor((self.samples - self.window + self.hop) / self.hop)

    def __iter__(self) -> Iterator[slice]:
        for start in range(0, len(self) * self.hop, self.hop):
            yield slice(start, start + self.length)

    @property
    def length(self) -> int:
        """The number of samples in each frame."""
        return min(self.window, self.samples)


def unscored(references: Sources, estimates: Sources, frames: Frames) -> Bool[np.ndarray, " frame"]:
    """The frames in which any reference or estimate is silent, so that no source has a score."""
    return np.array(
        [silent(references[..., f]).any() or silent(estimates[..., f]).any() for f in frames]
    )
