"""Which stems fit together, and how they must be changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from hdemucs.automix.harmony import Histogram, transposition
from hdemucs.config.automix import AutomixConfig

MULTIPLES = (0.25, 0.5, 1.0, 2.0, 4.0)  # a beat is half or twice as long for other ears


@dataclass(frozen=True)
class Song:
    """What is measured of a song before it is mixed."""

    name: str
    start: int  # samples of near silence before it
    tempo: float  # beats per minute
    beats: tuple[float, ...]  # seconds from `start`
    keys: Histogram


@dataclass(frozen=True)
class Fit:
    """How another song's stem is made to fit a reference."""

    song: Song
    speed: float
    semitones: int


def fit(reference: Song, other: Song, config: AutomixConfig) -> Fit | None:
    """The smallest change that gives `other` the reference's tempo and key; None if it is too
    large.
    """
    speeds = [reference.tempo / (other.tempo * multiple) for multiple in MULTIPLES]
    speed = min(speeds, key=lambda s: abs(s - 1))
    semitones = transposition(reference.keys, other.keys)
    if abs(speed - 1) >= config.max_tempo or abs(semitones) > config.max_pitch:
        return None
    return Fit(other, speed, semitones)


def shift(reference: Song, fitted: Fit, config: AutomixConfig) -> float:
    """Seconds, within +-max_shift, by which to delay the stem so that its beats meet the
    reference's.
    """
    moved = tuple(beat / fitted.speed for beat in fitted.song.beats)
    end = max([*reference.beats, *moved]) + config.max_shift
    cells = int(end / config.grid) + 1
    ours = blurred(reference.beats, cells, config.grid, config.blur)
    theirs = blurred(moved, cells, config.grid, config.blur)
    most = int(config.max_shift / config.grid)
    padded = np.pad(ours, most)
    products = np.correlate(padded, theirs, "valid")  # lags from -most to most
    return (int(products.argmax()) - most) * config.grid


@lru_cache(maxsize=64)
def blurred(
    beats: tuple[float, ...], cells: int, grid: float, blur: float
) -> Float[np.ndarray, " cell"]:
    """Beats on a grid, each as a small bell curve."""
    line = np.zeros(cells)
    np.add.at(line, np.rint(np.array(beats) / grid).astype(int).clip(0, cells - 1), 1.0)
    return gaussian_filter1d(line, blur)
