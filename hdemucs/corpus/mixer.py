"""Mix a song: four stems whose integers add up to the mixture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int16
from scipy.ndimage import gaussian_filter1d

from hdemucs.corpus import effects
from hdemucs.corpus.balance import LEVELS
from hdemucs.corpus.desk import Desk
from hdemucs.corpus.score import Song

Signal = Float[np.ndarray, "2 sample"]
Stems = dict[str, Int16[np.ndarray, "2 sample"]]

LOUDNESS = (-12.0, 0.8)  # dBFS RMS of the active mixture, before the limiter
CEILING = 0.89
RIDE = 0.8  # dB, standard deviation of the gain of a section
FULL = 32_768
FADE = 0.03  # seconds at the song's end


def mix(song: Song, desk: Desk, rng: np.random.Generator) -> Stems:
    """Four stems and "mixture", in 16-bit integers; the mixture is the sum of the stems."""
    recorders: dict[str, Callable[[Song], Signal]] = {
        "drums": desk.drums,
        "bass": desk.bass,
        "other": desk.other,
        "vocals": desk.vocals,
    }
    signals = {}
    for source, record in recorders.items():
        level = 10 ** (float(rng.normal(*LEVELS[source])) / 20)
        ride = automation(song, desk.rate, desk.length, rng)
        signals[source] = balanced(record(song), desk.rate) * (level * ride)
    return quantised(mastered(signals, desk.rate, rng))


def balanced(signal: Signal, rate: int) -> Signal:
    """The signal scaled to an active RMS of 1; silence stays silent."""
    level = active_rms(signal, rate)
    return signal / level if level > 0 else signal


def active_rms(signal: Signal, rate: int) -> float:
    """Root mean square over the blocks of 50 ms that are within 35 dB of the loudest."""
    power = effects.block_power(signal, round(0.05 * rate))
    active = power[power > power.max() * 10**-3.5]
    return float(np.sqrt(active.mean())) if len(active) else 0.0


def automation(
    song: Song, rate: int, length: int, rng: np.random.Generator
) -> Float[np.ndarray, " sample"]:
    """A gain for each section, with smooth steps; choruses are a little louder."""
    hop = round(0.05 * rate)
    decibels = np.zeros(-(-length // hop))
    for section in song.sections:
        first = int(section.bar * song.bar * rate / hop)
        decibels[first:] = rng.normal(0.6 if section.kind == "chorus" else 0.0, RIDE)
    return effects.spread(10 ** (gaussian_filter1d(decibels, 4) / 20), hop, length)


def mastered(signals: dict[str, Signal], rate: int, rng: np.random.Generator) -> dict[str, Signal]:
    """Apply one gain and one limiter to all, so that stems still add up to the mixture."""
    total = np.sum(list(signals.values()), axis=0)
    wanted = 10 ** (float(rng.normal(*LOUDNESS)) / 20)
    gain = wanted / active_rms(total, rate)
    peaks = gain * np.max([np.abs(total), *map(np.abs, signals.values())], axis=(0, 1))
    curve = gain * effects.limiting(peaks, CEILING, rate)
    count = round(FADE * rate)
    curve[-count:] *= np.linspace(1, 0, count)
    return {source: signal * curve for source, signal in signals.items()}


def quantised(signals: dict[str, Signal]) -> Stems:
    """Round each stem; no sum exceeds 16 bits, because the limiter kept it lower."""
    stems = {source: np.rint(signal * FULL).astype(np.int16) for source, signal in signals.items()}
    total = np.sum(list(stems.values()), axis=0, dtype=np.int32)
    return {"mixture": total.astype(np.int16)} | stems
