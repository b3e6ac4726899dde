"""Change pitch and tempo of a song's stem for a mix.

The library Signalsmith Stretch does it (`python-stretch`, MIT). Its block-wise phase vocoder
compensates for its own latency, accepts any amplitude, and always gives the same result. It keeps
beats within a millisecond of where the tempo puts them, which mixes need; training examples, which
do not, are changed by hdemucs/data/stretch.py in a sixth of the time.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32
from python_stretch.Signalsmith import Stretch


def stretched(
    signal: Float32[np.ndarray, "channel sample"], rate: int, semitones: int, speed: float
) -> Float32[np.ndarray, "channel stretched"]:
    """The signal `speed` times as fast, `semitones` higher, of about `sample / speed` samples."""
    if not semitones and speed == 1:
        return signal
    stretch = Stretch(0)
    stretch.preset(len(signal), rate)
    stretch.setTimeFactor(speed)
    stretch.setTransposeSemitones(semitones)
    return np.asarray(stretch.process(np.ascontiguousarray(signal)))
